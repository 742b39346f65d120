// Times are nanoseconds in here and microseconds where they are shown.
#pragma once

#include <cstdint>

namespace qaio {

inline constexpr int64_t kMsNs = 1'000'000;
inline constexpr int64_t kSecondNs = 1'000'000'000;

// Rounded; for a time that is not negative.
constexpr int64_t to_us(int64_t ns) { return (ns + 500) / 1000; }

}  // namespace qaio
