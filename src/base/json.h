// JSON input: one way to parse untrusted text.
#pragma once

#include <boost/json.hpp>
#include <string_view>

#include "base/result.h"

namespace qaio {

// kInvalidArgument with `label`, the position and the reason. Nesting is limited to 32 levels.
Result<boost::json::value> parse_json(std::string_view text, std::string_view label);

}  // namespace qaio
