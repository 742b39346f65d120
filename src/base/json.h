// JSON input: one way to parse untrusted text.
#pragma once

#include <boost/json.hpp>
#include <string_view>

#include "base/result.h"

namespace qaio {

// Some editors and tools begin a text file with the three bytes of U+FEFF.
std::string_view without_byte_order_mark(std::string_view text);

// A byte order mark is skipped. kInvalidArgument with `label`, the position and the reason. Nesting
// is limited to 32 levels.
Result<boost::json::value> parse_json(std::string_view text, std::string_view label);

}  // namespace qaio
