#include "archive/retention.h"

namespace qaio {

std::optional<int64_t> newest_believable(
    int64_t now_unix_ms,
    const std::function<std::optional<int64_t>(int64_t unix_ms)>& newest_until) {
  constexpr int64_t kDayMs = int64_t{24} * 3600 * 1000;
  constexpr int kJumpsMax = 20;
  std::optional<int64_t> newest = newest_until(now_unix_ms);
  for (int jumps = 0; newest && jumps < kJumpsMax; ++jumps) {
    const std::optional<int64_t> before = newest_until(*newest - kDayMs);
    if (!before || *newest - *before <= 2 * kDayMs) break;
    newest = before;
  }
  return newest;
}

RetentionClock::RetentionClock(const Clock& clock, std::optional<int64_t> newest_unix_ms)
    : clock_(clock),
      window_begin_ns_(clock.now_ns()),
      least_offset_ms_(offset_ms()),
      least_offset_before_ms_(newest_unix_ms ? std::min(offset_ms(), *newest_unix_ms - steady_ms())
                                             : offset_ms()) {}

int64_t RetentionClock::now_unix_ms() {
  const int64_t offset = offset_ms();
  const TimeNs now_ns = clock_.now_ns();
  if (now_ns - window_begin_ns_ >= kWindowNs) {
    window_begin_ns_ = now_ns;
    least_offset_before_ms_ = least_offset_ms_;
    least_offset_ms_ = offset;
  }
  least_offset_ms_ = std::min(least_offset_ms_, offset);
  return steady_ms() + std::min(least_offset_ms_, least_offset_before_ms_);
}

}  // namespace qaio
