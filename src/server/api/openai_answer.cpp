#include "server/api/openai_answer.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include "base/utf8.h"

namespace qaio {
namespace {

void write_usage(const TaskCounters& counters, JsonWriter& json) {
  json.key("usage").begin_object();
  json.key("prompt_tokens").integer(counters.prompt_tokens);
  json.key("completion_tokens").integer(counters.completion_tokens);
  json.key("total_tokens").integer(int64_t{counters.prompt_tokens} + counters.completion_tokens);
  json.key("prompt_tokens_details").begin_object();
  json.key("cached_tokens").integer(counters.cached_tokens);
  json.end_object().end_object();
}

struct Speed {
  int64_t tokens = 0;
  int64_t ns = 0;
  int64_t timed_tokens = 0;  // those of them that took this time
};

void write_speed(std::string_view name, const Speed& speed, JsonWriter& json) {
  const std::string prefix(name);
  const double ms = static_cast<double>(speed.ns) / 1e6;
  const auto timed = static_cast<double>(speed.timed_tokens);
  const bool told = speed.timed_tokens > 0 && speed.ns > 0;
  json.key(prefix + "_n").integer(speed.tokens);
  json.key(prefix + "_ms").number(ms);
  json.key(prefix + "_per_token_ms").number(told ? ms / timed : 0);
  json.key(prefix + "_per_second").number(told ? timed / ms * 1e3 : 0);
}

// With llama-server's names: `cache_n` tokens of the prompt were known, `prompt_n` were computed.
// The pass over the prompt made the first token, so the time of those behind it tells the speed.
void write_timings(const EngineTrace& trace, JsonWriter& json) {
  const TaskCounters& counters = trace.counters;
  const int64_t computed = int64_t{counters.prompt_tokens} - counters.cached_tokens;
  const int64_t predicted = counters.completion_tokens;
  json.key("timings").begin_object();
  json.key("cache_n").integer(counters.cached_tokens);
  write_speed("prompt", {computed, trace.lane.stage_ns(Stage::kPrefill), computed}, json);
  const int64_t predicted_ns =
      counters.last_token_ns - counters.first_token_ns + trace.lane.stage_ns(Stage::kScore);
  write_speed("predicted", {predicted, predicted_ns, predicted - 1}, json);
  json.end_object();
}

// A token as a name, so that every token has one of its own: its text, or, as OpenAI's completions
// tell bytes that are no whole character, "bytes:\xe4\xbd".
std::string token_name(std::string_view bytes) {
  if (valid_utf8_prefix(bytes) == bytes.size()) return std::string(bytes);
  std::string name = "bytes:";
  for (const char c : bytes) {
    fmt::format_to(std::back_inserter(name), "\\x{:02x}", static_cast<unsigned char>(c));
  }
  return name;
}

}  // namespace

std::string_view openai_finish_reason(FinishReason reason) {
  return reason == FinishReason::kLength ? "length" : "stop";
}

std::vector<float> choice_probabilities(const EngineResult& result) {
  const std::vector<double> probabilities = label_probabilities(result.label_scores.front());
  return {probabilities.begin(), probabilities.end()};
}

OpenAiAnswer::OpenAiAnswer(const OpenAiRequest& request, const Tokenizer& tokenizer,
                           std::string_view id, std::string model, std::string fingerprint,
                           int64_t created_unix_s)
    : request_(request),
      tokenizer_(tokenizer),
      id_((request.chat ? "chatcmpl-" : "cmpl-") + std::string(id)),
      model_(std::move(model)),
      fingerprint_(std::move(fingerprint)),
      created_unix_s_(created_unix_s) {}

void OpenAiAnswer::open(std::string_view kind, JsonWriter& json) const {
  json.begin_object().key("id").string(id_).key("object").string(kind);
  json.key("created").integer(created_unix_s_).key("model").string(model_);
  json.key("system_fingerprint").string(fingerprint_);
}

void OpenAiAnswer::begin(TextStart start) {
  start_ = start;
  thoughts_ = ThoughtSplitter(start);
}

SplitText OpenAiAnswer::whole(const EngineResult& result) const {
  if (request_.choices.empty()) return split_thoughts(result.text, start_);
  const std::vector<float> probabilities = choice_probabilities(result);
  const auto best = std::ranges::max_element(probabilities);
  return {.thought = {},
          .answer = request_.choices[static_cast<size_t>(best - probabilities.begin())]};
}

void OpenAiAnswer::write_token(const TokenLogprob& token, JsonWriter& json) const {
  const std::string_view bytes = tokenizer_.token_bytes(token.token);
  json.key("token").string(bytes).key("logprob").number(token.logprob);
  json.key("bytes").begin_array();
  for (const char byte : bytes) json.integer(static_cast<unsigned char>(byte));
  json.end_array();
}

void OpenAiAnswer::write_logprobs(std::span<const GeneratedToken> tokens, JsonWriter& json) {
  json.key("logprobs");
  if (!request_.logprobs) {
    json.null();
    return;
  }
  if (!request_.chat) return write_completion_logprobs(tokens, json);
  json.begin_object().key("content").begin_array();
  for (const GeneratedToken& token : tokens) {
    json.begin_object();
    write_token(token.chosen, json);
    json.key("top_logprobs").begin_array();
    for (const TokenLogprob& other : token.top) {
      json.begin_object();
      write_token(other, json);
      json.end_object();
    }
    json.end_array().end_object();
  }
  json.end_array().key("refusal").null().end_object();
}

// Parallel arrays, as /v1/completions has them: the likeliest tokens, and beside them the chosen
// one.
void OpenAiAnswer::write_completion_logprobs(std::span<const GeneratedToken> tokens,
                                             JsonWriter& json) {
  json.begin_object().key("tokens").begin_array();
  for (const GeneratedToken& token : tokens)
    json.string(token_name(tokenizer_.token_bytes(token.chosen.token)));
  json.end_array().key("token_logprobs").begin_array();
  for (const GeneratedToken& token : tokens) json.number(token.chosen.logprob);
  json.end_array().key("top_logprobs");
  write_top_logprobs(tokens, json);
  json.key("text_offset").begin_array();
  for (const GeneratedToken& token : tokens) {
    json.integer(text_characters_);
    text_characters_ += static_cast<int64_t>(count_code_points(text_.push(token.chosen.token)));
  }
  json.end_array().end_object();
}

void OpenAiAnswer::write_top_logprobs(std::span<const GeneratedToken> tokens,
                                      JsonWriter& json) const {
  if (*request_.logprobs == 0) {
    json.null();
    return;
  }
  json.begin_array();
  for (const GeneratedToken& token : tokens) {
    json.begin_object();
    std::set<std::string> seen;  // a name may stand only once; the likeliest comes first
    const auto write = [&](const TokenLogprob& one) {
      const auto [name, is_new] = seen.insert(token_name(tokenizer_.token_bytes(one.token)));
      if (is_new) json.key(*name).number(one.logprob);
    };
    std::ranges::for_each(token.top, write);
    write(token.chosen);
    json.end_object();
  }
  json.end_array();
}

// guided_choice: every choice with its probability.
void OpenAiAnswer::write_scores(const EngineResult& result, JsonWriter& json) const {
  if (request_.choices.empty()) return;
  const std::vector<float> probabilities = choice_probabilities(result);
  json.key("scores").begin_object();
  for (size_t i = 0; i < request_.choices.size(); ++i) {
    json.key(request_.choices[i]).number(probabilities[i]);
  }
  json.end_object();
}

void OpenAiAnswer::write_whole(const EngineResult& result, const EngineTrace& trace,
                               JsonWriter& json) {
  const SplitText text = whole(result);
  open(request_.chat ? "chat.completion" : "text_completion", json);
  json.key("choices").begin_array().begin_object().key("index").integer(0);
  if (request_.chat) {
    json.key("message").begin_object().key("role").string("assistant");
    json.key("content").string(text.answer);
    if (!text.thought.empty()) json.key("reasoning_content").string(text.thought);
    json.key("refusal").null().end_object();
  } else {
    json.key("text").string(text.answer);
  }
  write_logprobs(result.tokens, json);
  json.key("finish_reason").string(openai_finish_reason(result.finish_reason));
  write_scores(result, json);
  json.end_object().end_array();
  write_usage(trace.counters, json);
  write_timings(trace, json);
  json.end_object();
}

void OpenAiAnswer::write_delta(const SplitText& text, bool last, JsonWriter& json) {
  const bool first = std::exchange(first_, false);
  if (!request_.chat) {
    json.key("text").string(text.answer);
    return;
  }
  json.key("delta").begin_object();
  if (first) json.key("role").string("assistant");
  if (!text.thought.empty()) json.key("reasoning_content").string(text.thought);
  if (!last && (text.thought.empty() || !text.answer.empty()))
    json.key("content").string(text.answer);
  json.end_object();
}

std::string OpenAiAnswer::piece(std::string_view text, std::span<const GeneratedToken> tokens) {
  const SplitText parts = thoughts_.push(text);
  return parts.empty() && tokens.empty() ? std::string() : chunk(parts, tokens);
}

std::string OpenAiAnswer::rest(std::span<const GeneratedToken> tokens) {
  const SplitText parts = thoughts_.finish();
  return parts.empty() && tokens.empty() && !first_ ? std::string() : chunk(parts, tokens);
}

std::string OpenAiAnswer::chunk(const SplitText& text, std::span<const GeneratedToken> tokens) {
  std::string out;
  JsonWriter json(out);
  open(request_.chat ? "chat.completion.chunk" : "text_completion", json);
  json.key("choices").begin_array().begin_object().key("index").integer(0);
  write_delta(text, /*last=*/false, json);
  write_logprobs(tokens, json);
  json.key("finish_reason").null().end_object().end_array();
  if (request_.include_usage) json.key("usage").null();
  json.end_object();
  return out;
}

std::string OpenAiAnswer::end(const EngineResult& result, const EngineTrace& trace) {
  std::string out;
  JsonWriter json(out);
  open(request_.chat ? "chat.completion.chunk" : "text_completion", json);
  json.key("choices").begin_array().begin_object().key("index").integer(0);
  write_delta({}, /*last=*/true, json);
  json.key("logprobs").null();
  json.key("finish_reason").string(openai_finish_reason(result.finish_reason));
  write_scores(result, json);
  json.end_object().end_array();
  if (request_.include_usage) {
    json.key("usage").null();
  } else {
    write_timings(trace, json);
  }
  json.end_object();
  return out;
}

std::string OpenAiAnswer::usage(const EngineTrace& trace) {
  std::string out;
  JsonWriter json(out);
  open(request_.chat ? "chat.completion.chunk" : "text_completion", json);
  json.key("choices").begin_array().end_array();
  write_usage(trace.counters, json);
  write_timings(trace, json);
  json.end_object();
  return out;
}

}  // namespace qaio
