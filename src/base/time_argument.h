// A point in time as people write it, on a command line or in a query.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"

namespace qaio {

// "2026-11-25", "2026-11-25T09:30", "2026-11-25T09:30:00.123Z" (all UTC), "90s", "15m", "2h", "7d"
// (so long before now; " ago" may follow), or milliseconds since 1970 (at least 10 digits).
// kInvalidArgument names these forms.
Result<int64_t> parse_time(std::string_view text, int64_t now_unix_ms);

}  // namespace qaio
