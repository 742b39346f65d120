// libFuzzer: any bytes as a chat template, compiled and rendered for a conversation whose last
// message is what stands behind the first zero byte.
#include <vector>

#include "base/fuzz_for_test.h"
#include "tasks/chat_template.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace qaio;
  FuzzInput input(data, size);
  const std::string_view source = input.part('\0');
  const std::string said(input.rest());
  static const FakeClock clock;
  const auto chat = ChatTemplate::compile(source, clock);
  const ChatTemplate of_model = ChatTemplate::of_model(source);
  require(chat.has_value() || !of_model.note().empty());
  require(!of_model.describe().empty());
  const std::vector<Message> messages = {{Role::kSystem, "Be brief."},
                                         {Role::kUser, "\xE3\x80\x80 hi \n"},
                                         {Role::kAssistant, "<think>why</think>\nho", "thoughts"},
                                         {Role::kUser, said}};
  // Plain ChatML takes every conversation.
  const auto plain = ChatTemplate::chatml().render(messages);
  require(plain.has_value() && plain->text.find(said) != std::string::npos);
  if (!chat) {
    require(!chat.error().message.empty());
    return 0;
  }
  const TemplateOptions options = {.think = size % 2 == 1, .close_thought = true};
  const auto rendered = chat->render(messages, options);
  if (!rendered) {
    require(!rendered.error().message.empty());
    return 0;
  }
  require(rendered->text.size() == rendered->origins.size());
  const auto again = chat->render(messages, options);
  require(again && again->text == rendered->text && again->origins == rendered->origins);
  return 0;
}
