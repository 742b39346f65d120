// Points in time as text, in UTC.
#pragma once

#include <cstdint>
#include <string>

namespace qaio {

// RFC 3339: "2026-11-25T09:30:00.123Z".
std::string utc_text(int64_t unix_ms);
// The same for a file's name: "20261125T093000123Z".
std::string utc_file_text(int64_t unix_ms);
// For people: "2026-11-25 09:30:00 UTC".
std::string utc_second_text(int64_t unix_ms);
// "2026-11-25".
std::string utc_day_text(int64_t unix_ms);

}  // namespace qaio
