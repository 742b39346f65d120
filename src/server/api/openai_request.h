// What OpenAI's clients send to /v1/chat/completions and /v1/completions, checked field by field.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "base/token.h"
#include "engine/request.h"
#include "server/api/api.h"
#include "server/api/thinking_fields.h"
#include "tasks/chat_template.h"

namespace qaio {

inline constexpr int kAsManyAsFit = -1;

struct OpenAiRequest {
  bool chat = true;                       // else /v1/completions
  std::string model;                      // empty: not named
  std::vector<std::string> other_models;  // that will do as well, OpenRouter's "models"
  std::vector<Message> messages;          // chat: at least one
  // completions: text in which special tokens count, or ids as they are.
  std::variant<std::string, std::vector<TokenId>> prompt;
  std::vector<std::string> choices;  // the answer is one of them; empty: free text

  SamplingParams sampling;
  std::optional<uint64_t> seed;       // absent: a different one for every request
  std::optional<int> max_new_tokens;  // absent: the endpoint's default; or kAsManyAsFit
  bool ignore_eos = false;
  std::vector<std::string> stops;
  std::optional<int> logprobs;  // as GenerateJob::logprobs

  ThinkingWish thinking;

  std::chrono::milliseconds time{};  // what the request may take

  // What the client calls max_new_tokens and choices.
  std::string_view max_tokens_name = "max_tokens";
  std::string_view choices_name = "guided_choice";

  std::vector<std::string> ignored;  // names of what was given and has no effect

  bool stream = false;
  bool include_usage = false;  // stream: a last chunk with the usage
};

// `defaults` are the sampling parameters the request may leave out. kInvalidArgument with the field
// for whatever is malformed, out of range, unknown, or asks for something this server does not do.
Result<OpenAiRequest> read_chat_completion(std::string_view body, const SamplingParams& defaults,
                                           const ApiLimits& limits);
Result<OpenAiRequest> read_completion(std::string_view body, const SamplingParams& defaults,
                                      const ApiLimits& limits);

}  // namespace qaio
