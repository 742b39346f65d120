#include "server/api/openai_fields.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <cctype>

namespace qaio {
namespace {

namespace json = boost::json;

// Bookkeeping, caching, and what only other kinds of models heed: nobody needs to hear that these
// have no effect.
constexpr auto kUnheeded = std::to_array<std::string_view>({"user",
                                                            "metadata",
                                                            "store",
                                                            "service_tier",
                                                            "safety_identifier",
                                                            "prompt_cache_key",
                                                            "prompt_cache_retention",
                                                            "cache_prompt",
                                                            "parallel_tool_calls",
                                                            "verbosity",
                                                            "prediction",
                                                            "keep_alive",
                                                            "id",
                                                            "name",
                                                            "timestamp",
                                                            "mode",
                                                            "cache_control",
                                                            "refusal",
                                                            "annotations",
                                                            "reasoning",
                                                            "include_usage",
                                                            "include_obfuscation",
                                                            "continuous_usage_stats"});

// Of the names that are reported to the client.
constexpr size_t kIgnoredMax = 32;
constexpr size_t kNameBytesMax = 100;

constexpr std::string_view kNoTools = "tools are not called; 'guided_choice' picks one of several";
constexpr std::string_view kNoGrammar = "answers are free text, or one of 'guided_choice'";
constexpr std::string_view kNoSampler = "this server does not sample so";
constexpr std::string_view kNoMedia = "this model reads and writes text only";
constexpr std::string_view kMaxTokens = "the name here is 'max_tokens'";
constexpr std::string_view kTheStop = "answers end before the strings of 'stop'";
constexpr std::string_view kSystem = "send a message with the role \"system\"";
constexpr std::string_view kFlat = "its members belong beside 'model'";

constexpr auto kFixed = std::to_array<FixedField>({
    {"n", "[1]", "send several requests for several answers, they run side by side"},
    {"best_of", "[1]", "one answer is generated per request"},
    {"messages", "[]", "a completion continues a 'prompt'"},
    {"prompt", "[]", "a chat completion answers 'messages'"},
    {"echo", "[false]", "the prompt is not repeated in the answer"},
    {"suffix", R"([""])", "text can only be continued at its end"},
    {"tools", "[[]]", kNoTools},
    {"tool_choice", R"(["none","auto"])", kNoTools},
    {"functions", "[[]]", kNoTools},
    {"function_call", R"(["none","auto"])", kNoTools},
    {"web_search_options", "[]", kNoTools},
    {"plugins", "[[]]", kNoTools},
    {"response_format", R"([{"type":"text"}])", kNoGrammar},
    {"format", R"([""])", kNoGrammar},
    {"json_schema", "[{}]", kNoGrammar},
    {"grammar", R"([""])", kNoGrammar},
    {"guided_json", "[]", kNoGrammar},
    {"guided_regex", R"([""])", kNoGrammar},
    {"guided_grammar", R"([""])", kNoGrammar},
    {"modalities", R"([["text"],[]])", kNoMedia},
    {"audio", "[]", kNoMedia},
    {"images", "[[]]", kNoMedia},
    {"min_tokens", "[0]", "an answer ends where the model ends it, or never with 'ignore_eos'"},
    {"max_completion_tokens", "[]", kMaxTokens},
    {"max_new_tokens", "[]", kMaxTokens},
    {"max_output_tokens", "[]", kMaxTokens},
    {"max_length", "[]", kMaxTokens},
    {"num_predict", "[]", kMaxTokens},
    {"stop_token_ids", "[[]]", kTheStop},
    {"stop_sequence", "[[]]", kTheStop},
    {"stop_sequences", "[[]]", kTheStop},
    {"include_stop_str_in_output", "[false]", kTheStop},
    {"system", R"([""])", kSystem},
    {"instructions", R"([""])", kSystem},
    {"options", "[{}]", kFlat},
    {"continue_final_message", "[false]", "an answer always begins anew"},
    {"add_generation_prompt", "[true]", "the prompt always asks for an answer"},
    {"documents", "[[]]", "texts belong into 'messages'"},
    {"chat_template", R"([""])", "the model's own template writes the prompt"},
    {"truncate_prompt_tokens", "[]", "a prompt is never cut; send one that fits"},
    {"top_logprobs", "[0]", "'logprobs' is the number here"},
    {"prompt_logprobs", "[false]", "log probabilities are of the answer: 'logprobs'"},
    {"n_probs", "[0]", "the name here is 'logprobs'"},
    {"skip_special_tokens", "[true]", "special tokens are no part of an answer's text"},
    {"lora", "[[]]", "the model is as it was loaded"},
    {"typical_p", "[1]", kNoSampler},
    {"typ_p", "[1]", kNoSampler},
    {"typical", "[1]", kNoSampler},
    {"tfs", "[1]", kNoSampler},
    {"tfs_z", "[1]", kNoSampler},
    {"top_a", "[0]", kNoSampler},
    {"top_n_sigma", "[-1,0]", kNoSampler},
    {"mirostat", "[0]", kNoSampler},
    {"mirostat_mode", "[0]", kNoSampler},
    {"dynatemp_range", "[0]", kNoSampler},
    {"dynamic_temperature", "[false]", kNoSampler},
    {"smoothing_factor", "[0]", kNoSampler},
    {"xtc_probability", "[0]", kNoSampler},
    {"adaptive_target", "[-1]", kNoSampler},
    {"dry_multiplier", "[0]", kNoSampler},
    {"epsilon_cutoff", "[0]", kNoSampler},
    {"eta_cutoff", "[0]", kNoSampler},
    {"no_repeat_ngram_size", "[0]", kNoSampler},
    {"encoder_repetition_penalty", "[1]", kNoSampler},
    {"length_penalty", "[1]", kNoSampler},
    {"penalty_alpha", "[0]", kNoSampler},
    {"guidance_scale", "[1]", kNoSampler},
    {"negative_prompt", R"([""])", kNoSampler},
    {"num_beams", "[1]", kNoSampler},
    {"use_beam_search", "[false]", kNoSampler},
    {"do_sample", "[true]", "\"temperature\": 0 takes the likeliest token"},
    {"bad_words", "[[]]", "'logit_bias' bars tokens"},
    {"banned_tokens", R"([[],""])", "'logit_bias' bars tokens"},
    {"custom_token_bans", R"([""])", "'logit_bias' bars tokens"},
    {"allowed_token_ids", "[[]]", "'logit_bias' bars tokens"},
    {"logits_processors", "[[]]", kNoSampler},
});

// Letter case and what separates words do not tell names apart.
std::string bare(std::string_view name) {
  std::string out;
  for (const char c : name) {
    if (c != '_' && c != '-') out += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return out;
}

// Whether one letter was added, left out, replaced, or swapped with the next.
bool one_slip(std::string_view a, std::string_view b) {
  if (a.size() > b.size()) std::swap(a, b);
  if (b.size() - a.size() > 1) return false;
  const size_t at = static_cast<size_t>(std::ranges::mismatch(a, b).in1 - a.begin());
  const std::string_view rest_a = a.substr(at);
  const std::string_view rest_b = b.substr(at);
  if (a.size() < b.size()) return rest_a == rest_b.substr(1);
  if (rest_a.empty() || rest_a.substr(1) == rest_b.substr(1)) return true;
  return rest_a.size() >= 2 && rest_a[0] == rest_b[1] && rest_a[1] == rest_b[0] &&
         rest_a.substr(2) == rest_b.substr(2);
}

// The one among `known` that was meant; empty: none. Short names resemble each other anyway.
std::string_view meant(std::string_view name, std::span<const std::string_view> known) {
  constexpr size_t kTellingBytes = 4;
  const std::string given = bare(name.substr(0, kNameBytesMax));
  for (const std::string_view candidate : known) {
    const std::string other = bare(candidate);
    if (given == other) return candidate;
    if (std::min(given.size(), other.size()) >= kTellingBytes && one_slip(given, other)) {
      return candidate;
    }
  }
  return {};
}

// The values, as "1 or 2"; without any only absence is left.
std::string allowed_text(const json::array& values) {
  std::string text;
  for (const json::value& value : values) {
    if (!text.empty()) text += " or ";
    text += json::serialize(value);
  }
  return text.empty() ? "absent" : text;
}

// As it may stand in a header.
std::string printable(std::string_view name) {
  std::string out(name.substr(0, kNameBytesMax));
  std::ranges::replace_if(
      out, [](char c) { return c <= ' ' || c > '~' || c == ','; }, '?');
  return out;
}

}  // namespace

std::span<const FixedField> fixed_request_fields() { return kFixed; }

Result<void> check_fields(const JsonFields& fields, std::span<const std::string_view> known,
                          std::span<const FixedField> fixed, std::vector<std::string>& ignored) {
  for (const std::string_view name : fields.names()) {
    const json::value* value = fields.find(name);
    const auto is_among = [&](std::span<const std::string_view> names) {
      return std::ranges::find(names, name) != names.end();
    };
    if (value == nullptr || is_among(known) || is_among(kUnheeded)) continue;
    if (const auto it = std::ranges::find(fixed, name, &FixedField::name); it != fixed.end()) {
      const json::array harmless = json::parse(it->harmless).as_array();
      if (std::ranges::any_of(harmless, [&](const auto& one) { return same_json(one, *value); })) {
        continue;
      }
      return fields.must_be(name, fmt::format("{}: {}", allowed_text(harmless), it->why));
    }
    if (const std::string_view other = meant(name, known); !other.empty()) {
      const std::string shown = printable(fields.full_name(name));
      return fail(ErrorCode::kInvalidArgument,
                  fmt::format("unknown field '{}'; did you mean '{}'?", shown, other), shown);
    }
    if (ignored.size() < kIgnoredMax) ignored.push_back(printable(fields.full_name(name)));
  }
  return {};
}

}  // namespace qaio
