// Whether a client wants the model to think first: the many ways in which clients say so.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "server/http/json_fields.h"

namespace qaio {

inline constexpr auto kThinkingFields = std::to_array<std::string_view>(
    {"enable_thinking", "chat_template_kwargs", "extra_body", "think", "thinking", "reasoning",
     "reasoning_effort", "reasoning_budget", "thinking_budget", "thinking_budget_tokens"});

struct ThinkingWish {
  std::optional<bool> think;  // absent: the client does not say
  std::string field;          // that said so: "chat_template_kwargs.enable_thinking"
  // An effort said so, which clients send to models of every kind: a switch outweighs it.
  bool by_effort = false;

  // Whether thoughts are wanted in so many words.
  bool insists() const { return think.value_or(false) && !by_effort; }
};

// kInvalidArgument with the field for a value that is none of those clients send.
Result<ThinkingWish> read_thinking(const JsonFields& fields);

// kInvalidArgument for who insists on thoughts where there is no place for them; `why` ends the
// sentence.
Result<void> refuse_thinking(const ThinkingWish& wish, std::string_view why);

}  // namespace qaio
