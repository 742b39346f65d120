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

Result<std::string> source_of(const FileSet& files) {
  if (files.contains("chat_template.jinja"))
    return std::string(without_byte_order_mark(files.text("chat_template.jinja")));
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

// What the file calls a token that its template writes by a name of Hugging Face's. The definition
// becomes a part of the source, on its first line.
void define(const std::string& name, const std::string& token, std::string& source) {
  if (token.empty() || token.find_first_of("'\\\n") != std::string::npos) return;
  source.insert(0, "{% set " + name + " = '" + token + "' +%}");
}

}  // namespace

Result<std::string> chat_template_of(const FileSet& files) {
  QAIO_ASSIGN(std::string source, source_of(files));
  if (!files.contains("tokenizer_config.json")) return source;
  for (const char* name : {"eos_token", "bos_token"}) {
    if (source.find(name) == std::string::npos) continue;
    QAIO_ASSIGN(
        const boost::json::value json,
        parse_json(files.text("tokenizer_config.json"), files.label() + "/tokenizer_config.json"));
    const auto* value = json.is_object() ? json.get_object().if_contains(name) : nullptr;
    if (value != nullptr && value->is_object()) value = value->get_object().if_contains("content");
    define(name, text_of(value), source);
  }
  return source;
}

std::string chat_template_of(const GgufFile& file) {
  std::string source(file.get_string("tokenizer.chat_template", "").value_or(""));
  const auto token = [&](const char* key) {
    const auto id = file.get_int(key, 0, INT32_MAX);
    const auto tokens = file.get_string_array("tokenizer.ggml.tokens");
    const bool there = id && tokens && static_cast<size_t>(*id) < tokens->size();
    return there ? std::string((*tokens)[static_cast<size_t>(*id)]) : std::string();
  };
  for (const char* name : {"eos", "bos"}) {
    const std::string variable = std::string(name) + "_token";
    if (source.find(variable) == std::string::npos) continue;
    define(variable, token(("tokenizer.ggml." + variable + "_id").c_str()), source);
  }
  return source;
}

std::vector<std::string> other_chat_templates(const GgufFile& file) {
  constexpr std::string_view kPrefix = "tokenizer.chat_template.";
  std::vector<std::string> names;
  for (const GgufEntry& entry : file.metadata()) {
    if (entry.key.starts_with(kPrefix)) names.emplace_back(entry.key.substr(kPrefix.size()));
  }
  return names;
}

}  // namespace qaio
