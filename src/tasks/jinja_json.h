// The filter "tojson" as Hugging Face defines it: Python's json.dumps.
#pragma once

#include <optional>
#include <string>

#include "tasks/jinja_value.h"

namespace qaio::jinja {

struct JsonStyle {
  bool ascii = false;                 // other characters as \uXXXX
  std::optional<std::string> indent;  // of each level; none: all on one line
  std::string item_separator = ", ";  // without indent; with one it is ","
  std::string key_separator = ": ";
  bool sort_keys = false;
};

// All of it counts as a message's.
std::string to_json(const Value& value, const JsonStyle& style = {});

}  // namespace qaio::jinja
