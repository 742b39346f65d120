// A conversation of any roles as a ChatML prompt, as chat-completion clients send it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "tasks/prompt.h"
#include "text/tokenizer.h"
#include "trace/trace.h"

namespace qaio {

enum class Role : uint8_t { kSystem, kUser, kAssistant };
std::string_view role_name(Role role);  // "system", "user", "assistant"

struct Message {
  Role role = Role::kUser;
  std::string text;
};

// The messages and the beginning of the assistant's next one. Special tokens come from the template
// alone, and texts are cut as PromptTemplate cuts them: a conversation that /chat and this have in
// common has the same ids, so that the prefix cache knows it from either. Stamps prompt_build and
// tokenize on `lane`, without a gap. The input is the last message. Ends soon after `tokens_max`
// tokens: a prompt with more of them is a beginning only. kUnsupported when the vocabulary lacks
// the ChatML tokens.
Result<Prompt> build_chat_prompt(std::span<const Message> messages, const Tokenizer& tokenizer,
                                 size_t tokens_max, Lane& lane, const Clock& clock);

}  // namespace qaio
