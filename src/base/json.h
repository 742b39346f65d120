// JSON input: one way to parse untrusted text.
#pragma once

#include <boost/json.hpp>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace qaio {

// Some editors and tools begin a text file with the three bytes of U+FEFF.
std::string_view without_byte_order_mark(std::string_view text);

inline constexpr size_t kJsonDepthMax = 32;  // levels of nesting, where nothing else is said

// A byte order mark is skipped. kInvalidArgument with `label`, the position and the reason; of a
// fault inside a string the field is its path.
Result<boost::json::value> parse_json(std::string_view text, std::string_view label,
                                      size_t depth_max = kJsonDepthMax);

// `beginning` is how a JSON text begins. The path of the string value that is open at its end, such
// as "messages[0].content"; of a member's name the path of its object. Empty: none is, or it has no
// path, or it is nested too deeply. At most 100 bytes.
std::string open_string_path(std::string_view beginning, size_t depth_max = kJsonDepthMax);

// The path of a member that an object of this JSON text, which parse_json() has read, has twice:
// of the values that parse_json() gives only the last is left. Names are compared as what they
// say, however they are escaped. At most 100 bytes; absent: every member is there once.
std::optional<std::string> repeated_member_path(std::string_view text);

}  // namespace qaio
