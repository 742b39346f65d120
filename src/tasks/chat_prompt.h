// A conversation of any roles as a prompt, as chat-completion clients send it.
#pragma once

#include <span>

#include "base/clock.h"
#include "base/result.h"
#include "tasks/chat_template.h"
#include "tasks/prompt.h"
#include "text/tokenizer.h"
#include "trace/trace.h"

namespace qaio {

// The messages and the beginning of the assistant's next one, as the model's template has them.
// PromptTemplate renders the same way: a conversation that /chat and this have in common has the
// same ids, so that the prefix cache knows it from either. Stamps prompt_build and tokenize on
// `lane`, without a gap. The input is the last message. Ends soon after `tokens_max` tokens: a
// prompt with more of them is a beginning only. Errors are those of ChatTemplate::render() and
// check_vocabulary().
Result<Prompt> build_chat_prompt(std::span<const Message> messages, const ChatTemplate& chat,
                                 TemplateOptions options, const Tokenizer& tokenizer,
                                 size_t tokens_max, StageLane& lane, const Clock& clock);

}  // namespace qaio
