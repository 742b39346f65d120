// Lengths of time as Prometheus writes them: "500ms", "30s", "5m", "1h30m", "30d".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace qaio {

// In ns. Units are d, h, m, s and ms, each at most once and the largest first. Absent if `text` is
// none, or one above 10,000 days.
std::optional<int64_t> parse_duration(std::string_view text);

// Exact down to milliseconds, which are rounded to: "1h30m"; "0s".
std::string duration_text(int64_t ns);

}  // namespace qaio
