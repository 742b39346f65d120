#include "server/api/openai_messages.h"

#include <fmt/format.h>

#include <array>
#include <boost/json.hpp>

#include "server/api/openai_fields.h"

namespace qaio {
namespace {

namespace json = boost::json;

// Of an answer that the client sends back, the model's template decides whether its thoughts
// ("reasoning_content") are repeated.
constexpr auto kMessageFields =
    std::to_array<std::string_view>({"role", "content", "reasoning_content"});
constexpr std::string_view kTextOnly = "this model reads text only";
constexpr std::string_view kWhole = "an answer always begins anew";
constexpr auto kFixedFields = std::to_array<FixedField>({
    {"tool_calls", "[[]]", kTextOnly},
    {"function_call", "[]", kTextOnly},
    {"audio", "[]", kTextOnly},
    {"images", "[[]]", kTextOnly},
    {"prefix", "[false]", kWhole},
    {"partial", "[false]", kWhole},
});
constexpr auto kPartFields = std::to_array<std::string_view>({"type", "text"});
constexpr size_t kPartsMax = 64;

Result<std::string> read_content(const JsonFields& message, std::vector<std::string>& ignored) {
  const json::value* content = message.find("content");
  if (content == nullptr || content->is_string()) return message.text("content");
  if (!content->is_array() || content->get_array().empty() ||
      content->get_array().size() > kPartsMax) {
    return message.must_be("content", fmt::format("a string or an array of 1 to {} parts {}",
                                                  kPartsMax, R"({"type": "text", "text": "..."})"));
  }
  std::string text;
  for (size_t i = 0; i < content->get_array().size(); ++i) {
    const std::string path = message.full_name(fmt::format("content[{}]", i));
    const json::value& value = content->get_array()[i];
    const auto* object = value.if_object();
    const auto* type = object == nullptr ? nullptr : object->if_contains("type");
    if (type != nullptr && *type != "text") {
      return message.must_be(fmt::format("content[{}].type", i),
                             R"("text": this model reads text only)");
    }
    QAIO_ASSIGN(const JsonFields part, JsonFields::nested_any(value, path, kPartFields));
    QAIO_RETURN_IF_ERROR(check_fields(part, kPartFields, {}, ignored));
    QAIO_RETURN_IF_ERROR(part.text("type"));
    QAIO_ASSIGN(const std::string part_text, part.text("text"));
    if (i > 0) text += '\n';
    text += part_text;
  }
  return text;
}

Result<Message> read_message(const json::value& value, size_t index,
                             std::vector<std::string>& ignored) {
  QAIO_ASSIGN(const JsonFields fields,
              JsonFields::nested_any(value, fmt::format("messages[{}]", index), kMessageFields));
  QAIO_RETURN_IF_ERROR(check_fields(fields, kMessageFields, kFixedFields, ignored));
  QAIO_ASSIGN(const std::string role, fields.text("role"));
  Message message;
  if (role == "system" || role == "developer") {
    message.role = Role::kSystem;
  } else if (role == "assistant") {
    message.role = Role::kAssistant;
  } else if (role != "user") {
    return fields.must_be("role", "system, developer, user or assistant");
  }
  // an answer without text, as one that called tools is sent back
  const bool silent = message.role == Role::kAssistant && fields.find("content") == nullptr;
  if (!silent) {
    QAIO_ASSIGN(message.text, read_content(fields, ignored));
  }
  if (const json::value* thoughts = fields.find("reasoning_content");
      thoughts != nullptr && message.role == Role::kAssistant) {
    QAIO_ASSIGN(message.reasoning, fields.text("reasoning_content"));
  }
  return message;
}

}  // namespace

Result<std::vector<Message>> read_messages(const JsonFields& fields, size_t max,
                                           std::vector<std::string>& ignored) {
  QAIO_ASSIGN(const json::array* array, fields.array("messages", max));
  if (array == nullptr || array->empty()) {
    return fields.must_be("messages", R"(an array of {"role", "content"}, at least one)");
  }
  std::vector<Message> messages;
  for (size_t i = 0; i < array->size(); ++i) {
    QAIO_ASSIGN(Message message, read_message((*array)[i], i, ignored));
    messages.push_back(std::move(message));
  }
  return messages;
}

}  // namespace qaio
