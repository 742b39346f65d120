#include "server/api/decision_state.h"

#include <fmt/format.h>

#include <array>
#include <boost/json.hpp>
#include <charconv>
#include <cmath>
#include <iterator>
#include <map>
#include <utility>

#include "base/json_writer.h"
#include "server/api/openai_fields.h"
#include "tasks/labels.h"

namespace qaio {
namespace {

namespace json = boost::json;

constexpr size_t kItemsMax = 1024;
constexpr size_t kPartsMax = 1024;

constexpr auto kMessageFields =
    std::to_array<std::string_view>({"type", "role", "content", "phase"});
constexpr auto kCallFields = std::to_array<std::string_view>(
    {"type", "call_id", "name", "arguments", "input", "output", "namespace", "status"});
constexpr auto kPartFields =
    std::to_array<std::string_view>({"type", "text", "data", "refusal", "prompt_cache_breakpoint"});

// As Python and JavaScript write it but for the largest and smallest ones.
std::string number_text(double number) {
  const double size = std::abs(number);
  const bool plain = number == 0 || (size >= 1e-5 && size < 1e16);
  char text[64];
  const auto end = std::to_chars(std::begin(text), std::end(text), number,
                                 plain ? std::chars_format::fixed : std::chars_format::scientific)
                       .ptr;
  std::string out(text, end);
  if (out.find_first_of(".e") == out.npos) out += ".0";
  return out;
}

// Recursion ends: the parser limits how deeply values are nested.
void write_json(const json::value& value, JsonWriter& out) {
  if (const auto* object = value.if_object()) {
    out.begin_object();
    for (const auto& member : *object) {
      out.key({member.key().data(), member.key().size()});
      write_json(member.value(), out);
    }
    out.end_object();
  } else if (const auto* array = value.if_array()) {
    out.begin_array();
    for (const json::value& element : *array) write_json(element, out);
    out.end_array();
  } else if (value.is_string()) {
    out.string({value.get_string().data(), value.get_string().size()});
  } else if (value.is_double()) {
    out.raw(number_text(value.get_double()));
  } else {
    out.raw(json::serialize(value));  // null, true, false or a whole number
  }
}

bool is_json(const json::value& value) { return value.is_object() || value.is_array(); }

bool is_empty_json(const json::value& value) {
  return (value.is_object() && value.get_object().empty()) ||
         (value.is_array() && value.get_array().empty());
}

// What a part of a message says.
Result<std::string> read_part(const json::value& value, std::string path,
                              std::vector<std::string>& ignored) {
  QAIO_ASSIGN(const JsonFields part, JsonFields::nested_any(value, std::move(path), kPartFields));
  QAIO_ASSIGN(const std::string type, part.text("type"));
  if (type == "input_image" || type == "input_file" || type == "input_audio") {
    return part.must_be("type", "input_text or input_json: this model reads text only");
  }
  if (type != "input_text" && type != "input_json" && type != "output_text" && type != "refusal") {
    return part.must_be("type", "input_text, input_json, output_text or refusal");
  }
  QAIO_RETURN_IF_ERROR(check_fields(part, kPartFields, {}, ignored));
  if (type == "refusal") return part.text("refusal");
  if (type != "input_json") return part.text("text");
  const json::value* data = part.find("data");
  if (data == nullptr || !is_json(*data)) {
    return part.must_be("data", "an object or an array of objects");
  }
  return is_empty_json(*data) ? "" : compact_json(*data);
}

// A text, or parts joined by line breaks.
Result<std::string> read_parts(const JsonFields& fields, std::string_view name,
                               std::vector<std::string>& ignored) {
  const json::value* content = fields.find(name);
  if (content == nullptr || content->is_string()) return fields.text(name);
  if (!content->is_array() || content->get_array().size() > kPartsMax) {
    return fields.must_be(name, fmt::format("a string or an array of up to {} parts {}", kPartsMax,
                                            R"({"type": "input_text", "text": "..."})"));
  }
  std::string text;
  const json::array& parts = content->get_array();
  for (size_t i = 0; i < parts.size(); ++i) {
    const std::string path = fields.full_name(fmt::format("{}[{}]", name, i));
    QAIO_ASSIGN(const std::string part, read_part(parts[i], path, ignored));
    if (i > 0) text += '\n';
    text += part;
  }
  return text;
}

// Of a conversation: messages one behind the other, and what was called.
class Transcript {
 public:
  explicit Transcript(std::vector<std::string>& ignored) : ignored_(ignored) {}

  Result<void> add(const json::value& value, const std::string& path) {
    constexpr auto kSome = std::to_array<std::string_view>({"role", "content"});
    QAIO_ASSIGN(const JsonFields item, JsonFields::nested_any(value, path, kSome));
    if (item.find("type") == nullptr) return add_message(item);
    QAIO_ASSIGN(const std::string type, item.text("type"));
    if (type == "message") return add_message(item);
    if (type == "function_call") return add_call(item, "arguments");
    if (type == "custom_tool_call") return add_call(item, "input");
    if (type == "function_call_output" || type == "custom_tool_call_output") {
      return add_output(item);
    }
    return item.must_be("type",
                        "message, function_call, function_call_output, custom_tool_call or "
                        "custom_tool_call_output");
  }

  DecisionInput take() {
    DecisionInput input{.system = std::move(system_), .state = {}};
    if (blank_) return input;
    if (blocks_.size() == 1 && blocks_.front().head == "user") {
      input.state = std::move(blocks_.front().text);
      return input;
    }
    for (const Block& block : blocks_) {
      if (!input.state.empty()) input.state += "\n\n";
      input.state += fmt::format("[{}]\n{}", block.head, block.text);
    }
    return input;
  }

 private:
  struct Block {
    std::string head;
    std::string text;
  };

  Result<void> add_message(const JsonFields& item) {
    QAIO_RETURN_IF_ERROR(check_fields(item, kMessageFields, {}, ignored_));
    QAIO_ASSIGN(std::string role, item.text("role"));
    if (role != "user" && role != "assistant" && role != "system" && role != "developer") {
      return item.must_be("role", "user, assistant, system or developer");
    }
    QAIO_ASSIGN(std::string text, read_parts(item, "content", ignored_));
    if (blocks_.empty() && (role == "system" || role == "developer")) {
      if (!system_.empty()) system_ += "\n\n";
      system_ += text;
    } else {
      add_block(std::move(role), std::move(text));
    }
    return {};
  }

  Result<void> add_call(const JsonFields& item, std::string_view arguments) {
    QAIO_RETURN_IF_ERROR(check_fields(item, kCallFields, {}, ignored_));
    QAIO_ASSIGN(const std::string id, item.text("call_id"));
    QAIO_ASSIGN(const std::string name, item.text("name"));
    QAIO_ASSIGN(std::string text, item.text(arguments));
    calls_[id] = name;
    add_block("call of " + name, std::move(text));
    return {};
  }

  Result<void> add_output(const JsonFields& item) {
    QAIO_RETURN_IF_ERROR(check_fields(item, kCallFields, {}, ignored_));
    QAIO_ASSIGN(const std::string id, item.text("call_id"));
    const auto call = calls_.find(id);
    if (call == calls_.end()) return item.must_be("call_id", "that of a call before it");
    QAIO_ASSIGN(std::string text, read_parts(item, "output", ignored_));
    add_block("output of " + call->second, std::move(text));
    return {};
  }

  void add_block(std::string head, std::string text) {
    blank_ = blank_ && trim(text).empty();
    blocks_.push_back({std::move(head), std::move(text)});
  }

  std::vector<std::string>& ignored_;
  std::string system_;
  std::vector<Block> blocks_;
  bool blank_ = true;
  std::map<std::string, std::string> calls_;  // what was called, by call_id
};

}  // namespace

std::string compact_json(const json::value& value) {
  std::string text;
  JsonWriter out(text);
  write_json(value, out);
  return text;
}

Result<std::string> text_or_json(const JsonFields& fields, std::string_view name) {
  const json::value* value = fields.find(name);
  if (value == nullptr || is_empty_json(*value)) return std::string();
  if (value->is_string()) return std::string(value->get_string());
  if (is_json(*value)) return compact_json(*value);
  return fields.must_be(name, "a string, an object or an array");
}

Result<DecisionInput> read_decision_input(const JsonFields& fields,
                                          std::vector<std::string>& ignored) {
  const json::value* value = fields.find("input");
  DecisionInput input;
  if (value == nullptr || value->is_string()) {
    QAIO_ASSIGN(input.state, fields.text("input"));
  } else if (value->is_array() && value->get_array().size() <= kItemsMax) {
    Transcript transcript(ignored);
    const json::array& items = value->get_array();
    for (size_t i = 0; i < items.size(); ++i) {
      QAIO_RETURN_IF_ERROR(transcript.add(items[i], fmt::format("input[{}]", i)));
    }
    input = transcript.take();
  } else {
    return fields.must_be("input", fmt::format("a string or an array of up to {} messages; JSON is "
                                               "sent as a part {}",
                                               kItemsMax, R"({"type": "input_json", "data": {}})"));
  }
  if (trim(input.state).empty()) {
    return fields.must_be("input", "something to judge: it says nothing, or a system message only");
  }
  return input;
}

Result<std::string> read_decision_instructions(const JsonFields& question,
                                               std::vector<std::string>& ignored) {
  if (question.find("instructions") == nullptr) return std::string();
  return read_parts(question, "instructions", ignored);
}

}  // namespace qaio
