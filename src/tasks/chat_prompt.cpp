#include "tasks/chat_prompt.h"

#include "tasks/encode_prompt.h"

namespace qaio {

Result<Prompt> build_chat_prompt(std::span<const Message> messages, const ChatTemplate& chat,
                                 TemplateOptions options, const Tokenizer& tokenizer,
                                 size_t tokens_max, StageLane& lane, const Clock& clock) {
  QAIO_RETURN_IF_ERROR(chat.check_vocabulary(tokenizer));
  QAIO_ASSIGN(const MarkedText rendered, chat.render(messages, options));
  lane.lap(Stage::kPromptBuild, clock.now_ns());
  EncodedPrompt encoded = encode_prompt(rendered, tokenizer, tokens_max);
  lane.lap(Stage::kTokenize, clock.now_ns());
  Prompt prompt;
  prompt.ids = std::move(encoded.ids);
  prompt.input_tokens = static_cast<int>(encoded.last_message_tokens);
  prompt.text_start = chat.text_start(ends_inside_thought(rendered), tokenizer);
  return prompt;
}

}  // namespace qaio
