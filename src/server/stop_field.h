// The field "stop", which /chat, the tasks and the OpenAI endpoints have in common.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "server/json_fields.h"

namespace qaio {

// A string or an array of strings, within the engine's limits; empty if absent.
Result<std::vector<std::string>> read_stops(const JsonFields& fields);

}  // namespace qaio
