// What the numbers of a record may be, wherever it is read from: files are written by anybody.
#pragma once

#include <cstdint>

namespace qaio {

inline constexpr int64_t kRecordIntMax = int64_t{1} << 62;        // differences of two still fit
inline constexpr int64_t kRecordUnixMsMax = 253'402'300'799'999;  // the year 9999
inline constexpr int64_t kRecordStatusMax = 999;
inline constexpr int64_t kRecordThreadsMax = 1 << 20;
inline constexpr int64_t kLaneDroppedMax = 1 << 20;  // far more than a lane can drop

// Of what a damaged row holds: a number that cannot be counts as 0, as what is no number does.
constexpr int64_t number_or_zero(int64_t value, int64_t max = kRecordIntMax) {
  return value >= 0 && value <= max ? value : 0;
}

}  // namespace qaio
