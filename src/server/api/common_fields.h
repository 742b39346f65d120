// The fields that /chat, the tasks and the OpenAI endpoints have in common.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "server/http/json_fields.h"

namespace qaio {

// "stop": a string or an array of strings, within the engine's limits; empty if absent.
Result<std::vector<std::string>> read_stops(const JsonFields& fields);

// "timeout_ms": what the request may take, at most `time_max`, which is also what it may if absent.
Result<std::chrono::milliseconds> read_timeout(const JsonFields& fields,
                                               std::chrono::milliseconds time_max);

// "seed": a whole number. Empty, for another one every time, if absent or negative: -1 is how
// clients of other servers write that.
Result<std::optional<uint64_t>> read_seed(const JsonFields& fields);

}  // namespace qaio
