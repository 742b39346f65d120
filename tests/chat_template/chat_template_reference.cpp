// Compares ChatTemplate with the conversations that reference.mjs wrote: text and token ids.
// Usage: chat_template_reference TOKENIZER.JSON TEMPLATE LINES
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/mapped_file.h"
#include "tasks/chat_template.h"
#include "tasks/encode_prompt.h"

namespace qaio {
namespace {

constexpr int kDifferencesShown = 10;
constexpr size_t kConversationsMin = 300;

std::string_view text_of(const MappedFile& file) {
  return {reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size()};
}

std::vector<Message> messages_of(const boost::json::value& list) {
  std::vector<Message> messages;
  for (const auto& entry : list.as_array()) {
    Message& message = messages.emplace_back();
    const std::string_view role = entry.at("role").as_string();
    message.role = role == "system" ? Role::kSystem
                   : role == "user" ? Role::kUser
                                    : Role::kAssistant;
    message.text = std::string(entry.at("content").as_string());
    if (const auto* thoughts = entry.as_object().if_contains("reasoning_content"))
      message.reasoning = std::string(thoughts->as_string());
  }
  return messages;
}

// Control tokens come from the template alone: nothing that a message brought became one, and
// everything the template wrote as one did.
bool tokens_are_right(const MarkedText& rendered, const Tokenizer& tokenizer) {
  const std::vector<TokenId> ids = encode_prompt(rendered, tokenizer, SIZE_MAX).ids;
  if (tokenizer.decode(ids, false) != tokenizer.decode(tokenizer.encode(rendered.text), false))
    return false;
  size_t written = 0;
  for (size_t at = rendered.text.find("<|im_"); at != std::string::npos;
       at = rendered.text.find("<|im_", at + 1)) {
    const size_t end = rendered.text.find("|>", at);
    if (end != std::string::npos && rendered.is_template(at, end + 2)) ++written;
  }
  size_t tokens = 0;
  for (const TokenId id : ids) tokens += tokenizer.is_special(id);
  return tokens == written;
}

int compare(const char* tokenizer_path, const char* template_path, const char* lines_path) {
  const auto tokenizer_file = MappedFile::open(tokenizer_path);
  const auto template_file = MappedFile::open(template_path);
  const auto lines_file = MappedFile::open(lines_path);
  if (!tokenizer_file || !template_file || !lines_file) return std::puts("a file is missing"), 3;
  const auto tokenizer = Tokenizer::from_json(text_of(*tokenizer_file));
  const auto chat = ChatTemplate::compile(text_of(*template_file));
  if (!tokenizer || !chat) return std::puts(chat ? "tokenizer" : chat.error().message.c_str()), 1;
  size_t conversations = 0, refused = 0, different = 0;
  std::string_view lines = text_of(*lines_file);
  for (size_t end = 0; (end = lines.find('\n')) != std::string_view::npos;
       lines.remove_prefix(end + 1)) {
    const auto record = parse_json(lines.substr(0, end), lines_path);
    if (!record) return std::puts(record.error().message.c_str()), 1;
    const bool* think = record->at("think").if_bool();
    const auto rendered =
        chat->render(messages_of(record->at("messages")),
                     {.think = think == nullptr ? std::nullopt : std::optional(*think)});
    ++conversations;
    refused += !rendered;
    const boost::json::value& expected = record->at("expected");
    const bool same = rendered ? expected.is_string() && rendered->text == expected.as_string() &&
                                     tokens_are_right(*rendered, **tokenizer)
                               : expected.is_null();
    if (!same && ++different <= kDifferencesShown) {
      std::printf("%.*s\n  is rendered: %s\n", static_cast<int>(end), lines.data(),
                  rendered ? rendered->text.c_str() : rendered.error().message.c_str());
    }
  }
  std::printf("%s: %zu conversations, %zu of them refused, %zu differences\n", template_path,
              conversations, refused, different);
  return different == 0 && conversations >= kConversationsMin ? 0 : 1;
}

}  // namespace
}  // namespace qaio

int main(int argc, char** argv) {
  if (argc != 4) return std::fputs("usage: TOKENIZER.JSON TEMPLATE LINES\n", stderr), 2;
  return qaio::compare(argv[1], argv[2], argv[3]);
}
