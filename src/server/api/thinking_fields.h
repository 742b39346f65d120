// Whether a client wants the model to think first: the many ways in which clients say so.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "server/http/json_fields.h"
#include "tasks/chat_template.h"

namespace qaio {

inline constexpr auto kThinkingFields = std::to_array<std::string_view>(
    {"enable_thinking", "chat_template_kwargs", "extra_body", "think", "thinking", "reasoning",
     "reasoning_effort", "reasoning_budget", "thinking_budget", "thinking_budget_tokens"});

struct ThinkingWish {
  std::optional<bool> think;  // absent: the client does not say
  std::string field;          // that said so: "chat_template_kwargs.enable_thinking"
};

// kInvalidArgument with the field for a value that is none of those clients send.
Result<ThinkingWish> read_thinking(const JsonFields& fields);

// kInvalidArgument for a wish that would change what the model does but is not supported: thoughts
// of a model that answers at once by default could not be told from its answer. Everything else is
// as the template does it anyway.
Result<void> check_thinking(const ThinkingWish& wish, const ChatTemplate& chat);

}  // namespace qaio
