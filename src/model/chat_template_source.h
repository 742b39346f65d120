// Where a model's files keep its chat template.
#pragma once

#include <string>
#include <vector>

#include "base/file_set.h"
#include "base/result.h"
#include "weights/gguf.h"

namespace qaio {

// Of a Hugging Face folder: chat_template.jinja, else chat_template.json, else "chat_template" of
// tokenizer_config.json: a text or a list of named ones, of which "default" is taken. Empty if
// there is none. Errors are those of parse_json().
Result<std::string> chat_template_of(const FileSet& files);

// Of a GGUF file: tokenizer.chat_template. Empty if it is not there.
std::string chat_template_of(const GgufFile& file);
// What the others of a GGUF file are called, which are not used: "tool_use", "systemone".
std::vector<std::string> other_chat_templates(const GgufFile& file);

}  // namespace qaio
