#include "tasks/chat_prompt.h"

#include <algorithm>
#include <vector>

#include "tasks/chat_template.h"

namespace qaio {

std::string_view role_name(Role role) {
  switch (role) {
    case Role::kSystem:
      return "system";
    case Role::kUser:
      return "user";
    case Role::kAssistant:
      return "assistant";
  }
  return "unknown";
}

Result<Prompt> build_chat_prompt(std::span<const Message> messages, const Tokenizer& tokenizer,
                                 size_t tokens_max, Lane& lane, const Clock& clock) {
  std::vector<std::string> texts;
  texts.reserve(messages.size() + 1);
  for (const Message& message : messages) {
    std::string& text = texts.emplace_back(role_name(message.role));
    text += '\n';
    text += message.role == Role::kAssistant ? repeated_answer(message.text, tokenizer)
                                             : std::string_view(message.text);
  }
  texts.push_back(answer_head(tokenizer));
  lane.lap(Stage::kPromptBuild, clock.now_ns());
  const auto im_start = tokenizer.special("<|im_start|>");
  const auto im_end = tokenizer.special("<|im_end|>");
  if (!im_start || !im_end) {
    return fail(ErrorCode::kUnsupported,
                "the vocabulary has no <|im_start|> and <|im_end|>: not a Qwen chat model");
  }
  const std::vector<TokenId> newline = tokenizer.encode("\n");
  Prompt prompt;
  std::vector<TokenId>& ids = prompt.ids;
  for (size_t i = 0; i < texts.size() && ids.size() <= tokens_max; ++i) {
    const std::vector<TokenId> text = tokenizer.encode(texts[i], tokens_max - ids.size());
    ids.push_back(*im_start);
    ids.insert(ids.end(), text.begin(), text.end());
    if (i == messages.size()) break;  // the answer stays open
    if (i + 1 == messages.size()) {
      const size_t head = tokenizer.encode(std::string(role_name(messages[i].role)) + "\n").size();
      prompt.input_tokens = static_cast<int>(text.size() - std::min(head, text.size()));
    }
    ids.push_back(*im_end);
    ids.insert(ids.end(), newline.begin(), newline.end());
  }
  lane.lap(Stage::kTokenize, clock.now_ns());
  return prompt;
}

}  // namespace qaio
