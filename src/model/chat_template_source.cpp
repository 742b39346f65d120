#include "model/chat_template_source.h"

#include "base/json.h"

namespace qaio {
namespace {

std::string text_of(const boost::json::value* value) {
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

// [{"name": "default", "template": "..."}, ...], or the same as {"default": "..."}.
std::string default_of(const boost::json::value& templates) {
  if (const auto* object = templates.if_object()) return text_of(object->if_contains("default"));
  const auto* list = templates.if_array();
  if (list == nullptr) return text_of(&templates);
  std::string only;
  for (const boost::json::value& entry : *list) {
    const auto* named = entry.if_object();
    if (named == nullptr) continue;
    const std::string text = text_of(named->if_contains("template"));
    if (text_of(named->if_contains("name")) == "default") return text;
    if (list->size() == 1) only = text;
  }
  return only;
}

}  // namespace

Result<std::string> chat_template_of(const FileSet& files) {
  if (files.contains("chat_template.jinja")) {
    return std::string(without_byte_order_mark(files.text("chat_template.jinja")));
  }
  for (const char* name : {"chat_template.json", "tokenizer_config.json"}) {
    if (!files.contains(name)) continue;
    QAIO_ASSIGN(const boost::json::value json,
                parse_json(files.text(name), files.label() + "/" + name));
    const auto* value = json.is_object() ? json.get_object().if_contains("chat_template") : nullptr;
    if (value == nullptr || value->is_null()) continue;
    return default_of(*value);
  }
  return std::string();
}

std::string chat_template_of(const GgufFile& file) {
  return std::string(file.get_string("tokenizer.chat_template", "").value_or(""));
}

}  // namespace qaio
