// Any bytes as a chat template: compiled, and rendered for a conversation.
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "tasks/chat_template.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto chat =
      qaio::ChatTemplate::compile(std::string_view(reinterpret_cast<const char*>(data), size));
  if (!chat) return 0;
  const std::vector<qaio::Message> messages = {
      {qaio::Role::kSystem, "Be brief."},
      {qaio::Role::kUser, "\xE3\x80\x80 hi \n"},
      {qaio::Role::kAssistant, "<think>why</think>\nho", "thoughts"},
      {qaio::Role::kUser, ""}};
  const auto rendered = chat->render(messages, {.think = size % 2 == 1, .close_thought = true});
  if (rendered && rendered->text.size() != rendered->origins.size()) std::abort();
  return 0;
}
