// JSON input: one way to parse untrusted text.
#pragma once

#include <boost/json.hpp>
#include <string>
#include <string_view>

#include "base/result.h"

namespace qaio {

// Some editors and tools begin a text file with the three bytes of U+FEFF.
std::string_view without_byte_order_mark(std::string_view text);

// A byte order mark is skipped. kInvalidArgument with `label`, the position and the reason; of a
// fault inside a string the field is its path. Nesting is limited to 32 levels.
Result<boost::json::value> parse_json(std::string_view text, std::string_view label);

// `beginning` is how a JSON text begins. The path of the string value that is open at its end, such
// as "messages[0].content"; of a member's name the path of its object. Empty: none is, or it has no
// path, or it is nested too deeply for parse_json(). At most 100 bytes.
std::string open_string_path(std::string_view beginning);

}  // namespace qaio
