#include "server/api/openai_request.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <charconv>
#include <limits>
#include <span>

#include "server/api/common_fields.h"
#include "server/api/openai_fields.h"
#include "server/api/openai_messages.h"
#include "server/http/json_fields.h"

namespace qaio {
namespace {

namespace json = boost::json;

constexpr auto kShared = std::to_array<std::string_view>({"model",
                                                          "models",
                                                          "stream",
                                                          "stream_options",
                                                          "max_tokens",
                                                          "n_predict",
                                                          "temperature",
                                                          "top_p",
                                                          "top_k",
                                                          "min_p",
                                                          "repetition_penalty",
                                                          "repeat_penalty",
                                                          "repeat_last_n",
                                                          "repetition_penalty_range",
                                                          "presence_penalty",
                                                          "frequency_penalty",
                                                          "logit_bias",
                                                          "samplers",
                                                          "seed",
                                                          "stop",
                                                          "logprobs",
                                                          "guided_choice",
                                                          "structured_outputs",
                                                          "ignore_eos",
                                                          "timeout_ms"});
constexpr auto kChatOnly =
    std::to_array<std::string_view>({"messages", "max_completion_tokens", "top_logprobs"});
constexpr auto kCompletionOnly = std::to_array<std::string_view>({"prompt"});

constexpr size_t kModelsMax = 32;

constexpr auto kStreamFields = std::to_array<std::string_view>({"include_usage"});
constexpr auto kStructuredFields = std::to_array<std::string_view>({"choice"});

std::vector<std::string_view> known_fields(std::span<const std::string_view> own) {
  std::vector<std::string_view> known(own.begin(), own.end());
  known.insert(known.end(), kShared.begin(), kShared.end());
  known.insert(known.end(), kThinkingFields.begin(), kThinkingFields.end());
  return known;
}

// Tools that the client says are not to be called may be there.
bool calls_no_tools(const JsonFields& fields) {
  const json::value* choice = fields.find("tool_choice");
  return choice != nullptr && *choice == "none";
}

Result<JsonFields> read_fields(std::string_view body, std::span<const std::string_view> own,
                               OpenAiRequest& request) {
  QAIO_ASSIGN(JsonFields fields, JsonFields::parse(body));
  std::vector<std::string_view> known = known_fields(own);
  if (calls_no_tools(fields)) known.push_back("tools");
  QAIO_RETURN_IF_ERROR(check_fields(fields, known, fixed_request_fields(), request.ignored));
  return fields;
}

Result<void> read_prompt(const JsonFields& fields, OpenAiRequest& request) {
  const json::value* value = fields.find("prompt");
  // Some clients wrap the one prompt in an array.
  if (value != nullptr && value->is_array() && value->get_array().size() == 1 &&
      !value->get_array()[0].is_number()) {
    value = &value->get_array()[0];
  }
  if (value != nullptr && value->is_string() && !value->get_string().empty()) {
    request.prompt = std::string(value->get_string());
    return {};
  }
  const auto refused = [&] {
    return fields.must_be("prompt",
                          "a text or an array of token ids that is not empty; send "
                          "several requests for several prompts");
  };
  if (value == nullptr || !value->is_array() || value->get_array().empty()) return refused();
  std::vector<TokenId> ids;
  for (const json::value& id : value->get_array()) {
    if (!id.is_int64() || id.get_int64() < 0 ||
        id.get_int64() > std::numeric_limits<TokenId>::max()) {
      return refused();
    }
    ids.push_back(static_cast<TokenId>(id.get_int64()));
  }
  request.prompt = std::move(ids);
  return {};
}

Result<void> read_logit_bias(const JsonFields& fields, std::vector<LogitBias>& biases) {
  const json::value* value = fields.find("logit_bias");
  if (value == nullptr) return {};
  const auto refused = [&] {
    return fields.must_be(
        "logit_bias",
        fmt::format(R"(an object of up to {} entries "token id": number from -100 to 100)",
                    kLogitBiasMax));
  };
  if (!value->is_object() || value->get_object().size() > kLogitBiasMax) return refused();
  for (const auto& entry : value->get_object()) {
    const std::string_view key(entry.key().data(), entry.key().size());
    LogitBias bias;
    const auto [end, ec] = std::from_chars(key.data(), key.data() + key.size(), bias.token);
    boost::system::error_code not_a_number;
    const auto number = entry.value().to_number<double>(not_a_number);
    if (ec != std::errc() || end != key.data() + key.size() || not_a_number ||
        !(number >= -100 && number <= 100)) {
      return refused();
    }
    bias.bias = static_cast<float>(number);
    biases.push_back(bias);
  }
  return {};
}

void take(const std::optional<double>& given, float& value) {
  if (given) value = static_cast<float>(*given);
}

// The range is always the whole, and where nothing is penalized any range is as good.
Result<void> check_penalty_range(const JsonFields& fields, const SamplingParams& sampling) {
  if (sampling.repetition_penalty == 1 && sampling.presence_penalty == 0 &&
      sampling.frequency_penalty == 0) {
    return {};
  }
  for (const std::string_view name : {"repeat_last_n", "repetition_penalty_range"}) {
    const json::value* value = fields.find(name);
    if (value != nullptr && !same_json(*value, -1)) {
      return fields.must_be(name, "-1 or absent: penalties are on all tokens");
    }
  }
  return {};
}

// The samplers that are to be at work, by llama.cpp's names: what is not among them has no say.
// They work in this server's own order. Those it does not have need not be switched off here, since
// their own fields are refused where they ask for something.
Result<void> read_samplers(const JsonFields& fields, SamplingParams& sampling) {
  constexpr size_t kSamplersMax = 32;
  constexpr auto kKnown = std::to_array<std::string_view>(
      {"penalties", "temperature", "top_k", "top_p", "min_p", "dry", "typ_p", "typical_p",
       "typical", "tfs_z", "xtc", "top_n_sigma", "adaptive_p"});
  QAIO_ASSIGN(const std::vector<std::string> names, fields.strings("samplers", kSamplersMax));
  if (names.empty()) return {};
  const auto is_given = [&](std::string_view name) {
    return std::ranges::find(names, name) != names.end();
  };
  for (const std::string& name : names) {
    if (std::ranges::find(kKnown, name) == kKnown.end()) {
      return fields.must_be("samplers", fmt::format("an array of {}", fmt::join(kKnown, ", ")));
    }
  }
  const SamplingParams off;
  if (!is_given("penalties")) {
    sampling.repetition_penalty = off.repetition_penalty;
    sampling.presence_penalty = off.presence_penalty;
    sampling.frequency_penalty = off.frequency_penalty;
  }
  if (!is_given("temperature")) sampling.temperature = 1;
  if (!is_given("top_k")) sampling.top_k = 0;
  if (!is_given("top_p")) sampling.top_p = 1;
  if (!is_given("min_p")) sampling.min_p = 0;
  return {};
}

Result<void> read_sampling(const JsonFields& fields, OpenAiRequest& request) {
  SamplingParams& sampling = request.sampling;
  QAIO_ASSIGN(const auto temperature, fields.number("temperature", 0, 10));
  take(temperature, sampling.temperature);
  QAIO_ASSIGN(const auto top_p, fields.number("top_p", 0, 1));
  take(top_p, sampling.top_p);
  QAIO_ASSIGN(const auto top_k, fields.integer("top_k", -1, std::numeric_limits<int32_t>::max()));
  if (top_k) sampling.top_k = std::max(0, static_cast<int>(*top_k));  // -1 is vLLM's "off"
  QAIO_ASSIGN(const auto min_p, fields.number("min_p", 0, 1));
  take(min_p, sampling.min_p);
  QAIO_ASSIGN(const auto repetition_name, fields.either("repetition_penalty", "repeat_penalty"));
  QAIO_ASSIGN(const auto repetition, fields.number(repetition_name, 0.01, 100));
  take(repetition, sampling.repetition_penalty);
  QAIO_ASSIGN(const auto presence, fields.number("presence_penalty", -2, 2));
  take(presence, sampling.presence_penalty);
  QAIO_ASSIGN(const auto frequency, fields.number("frequency_penalty", -2, 2));
  take(frequency, sampling.frequency_penalty);
  QAIO_RETURN_IF_ERROR(read_samplers(fields, sampling));
  if (!(sampling.top_p > 0)) {  // the likeliest token alone
    sampling.top_p = 1;
    sampling.temperature = 0;
  }
  QAIO_RETURN_IF_ERROR(check_penalty_range(fields, sampling));
  QAIO_ASSIGN(request.seed, read_seed(fields));
  return read_logit_bias(fields, sampling.logit_bias);
}

Result<void> check_choices(const JsonFields& fields, const OpenAiRequest& request,
                           std::string_view name) {
  std::vector<std::string> sorted = request.choices;
  std::ranges::sort(sorted);
  if (sorted.size() < 2 || sorted.front().empty() ||
      std::ranges::adjacent_find(sorted) != sorted.end()) {
    return fields.must_be(
        name, fmt::format("an array of 2 to {} different strings, none empty", kClassifyLabelsMax));
  }
  if (request.logprobs) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("'logprobs' must be absent beside '{}', which reports probabilities",
                            request.choices_name),
                "logprobs");
  }
  return {};
}

// "guided_choice", or in vLLM's newer words "structured_outputs": {"choice"}.
Result<void> read_choices(const JsonFields& fields, OpenAiRequest& request) {
  QAIO_ASSIGN(const auto name, fields.either("guided_choice", "structured_outputs"));
  const json::value* given = fields.find(name);
  if (given == nullptr) return {};
  if (name == "guided_choice") {
    QAIO_ASSIGN(request.choices, fields.strings(name, kClassifyLabelsMax));
    return check_choices(fields, request, name);
  }
  QAIO_ASSIGN(const JsonFields nested,
              JsonFields::nested(*given, std::string(name), kStructuredFields));
  QAIO_ASSIGN(request.choices, nested.strings("choice", kClassifyLabelsMax));
  request.choices_name = "structured_outputs.choice";
  return check_choices(nested, request, "choice");
}

// At least 1, or -1 for as many as fit, which is llama-server's "no limit". More than there may be
// is cut to what fits later, or refused if lengths are strict.
Result<void> read_max_tokens(const JsonFields& fields, std::string_view name,
                             const ApiLimits& limits, OpenAiRequest& request) {
  QAIO_ASSIGN(name, fields.either(name, "n_predict"));
  const int64_t bound =
      limits.strict_lengths ? limits.new_tokens_bound() : std::numeric_limits<int64_t>::max();
  QAIO_ASSIGN(const auto given, fields.integer(name, kAsManyAsFit, bound));
  if (!given) return {};
  if (*given == 0) return fields.must_be(name, "at least 1, or -1 for as many as fit");
  request.max_new_tokens = static_cast<int>(std::min(*given, int64_t{limits.new_tokens_bound()}));
  request.max_tokens_name = name;
  return {};
}

Result<void> read_stream(const JsonFields& fields, OpenAiRequest& request) {
  QAIO_ASSIGN(const std::optional<bool> stream, fields.boolean("stream"));
  request.stream = stream.value_or(false);
  const json::value* options = fields.find("stream_options");
  if (options == nullptr) return {};
  QAIO_ASSIGN(const JsonFields nested,
              JsonFields::nested_any(*options, "stream_options", kStreamFields));
  QAIO_RETURN_IF_ERROR(check_fields(nested, kStreamFields, {}, request.ignored));
  QAIO_ASSIGN(const std::optional<bool> usage, nested.boolean("include_usage"));
  request.include_usage = request.stream && usage.value_or(false);
  return {};
}

Result<void> read_shared(const JsonFields& fields, const ApiLimits& limits,
                         OpenAiRequest& request) {
  QAIO_ASSIGN(request.time, read_timeout(fields, limits.request_time));
  if (fields.find("model") != nullptr) {
    QAIO_ASSIGN(request.model, fields.text("model"));
  }
  QAIO_ASSIGN(request.other_models, fields.strings("models", kModelsMax));
  QAIO_ASSIGN(request.thinking, read_thinking(fields));
  QAIO_RETURN_IF_ERROR(read_stream(fields, request));
  QAIO_RETURN_IF_ERROR(read_sampling(fields, request));
  QAIO_ASSIGN(request.stops, read_stops(fields));
  QAIO_ASSIGN(const std::optional<bool> ignore_eos, fields.boolean("ignore_eos"));
  request.ignore_eos = ignore_eos.value_or(false);
  return read_choices(fields, request);
}

// "logprobs": true and "top_logprobs": 0 to 20.
Result<std::optional<int>> read_chat_logprobs(const JsonFields& fields) {
  QAIO_ASSIGN(const std::optional<bool> wanted, fields.boolean("logprobs"));
  QAIO_ASSIGN(const auto top, fields.integer("top_logprobs", 0, kLogprobsMax));
  if (wanted.value_or(false)) return static_cast<int>(top.value_or(0));
  if (top.value_or(0) > 0) {
    return fields.must_be("top_logprobs", R"(absent without "logprobs": true)");
  }
  return std::optional<int>();
}

}  // namespace

Result<OpenAiRequest> read_chat_completion(std::string_view body, const SamplingParams& defaults,
                                           const ApiLimits& limits) {
  OpenAiRequest request;
  QAIO_ASSIGN(const JsonFields fields, read_fields(body, kChatOnly, request));
  request.sampling = defaults;
  QAIO_ASSIGN(request.messages, read_messages(fields, limits.messages_max, request.ignored));
  QAIO_ASSIGN(request.logprobs, read_chat_logprobs(fields));
  QAIO_ASSIGN(const auto max_tokens, fields.either("max_completion_tokens", "max_tokens"));
  QAIO_RETURN_IF_ERROR(read_max_tokens(fields, max_tokens, limits, request));
  QAIO_RETURN_IF_ERROR(read_shared(fields, limits, request));
  return request;
}

Result<OpenAiRequest> read_completion(std::string_view body, const SamplingParams& defaults,
                                      const ApiLimits& limits) {
  OpenAiRequest request;
  QAIO_ASSIGN(const JsonFields fields, read_fields(body, kCompletionOnly, request));
  request.chat = false;
  request.sampling = defaults;
  QAIO_RETURN_IF_ERROR(read_prompt(fields, request));
  QAIO_ASSIGN(const auto logprobs, fields.integer("logprobs", 0, kLogprobsMax));
  if (logprobs) request.logprobs = static_cast<int>(*logprobs);
  QAIO_RETURN_IF_ERROR(read_max_tokens(fields, "max_tokens", limits, request));
  QAIO_RETURN_IF_ERROR(read_shared(fields, limits, request));
  return request;
}

}  // namespace qaio
