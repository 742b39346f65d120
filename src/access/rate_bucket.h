// So many a minute: a bucket that holds a minute's worth and fills steadily.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "base/clock.h"

namespace qaio {

// What is taken may be more than there is; the bucket must then fill up to one again before anybody
// gets more. So over any length of time no more than that and one minute's worth is taken, and what
// went beyond it.
class RateBucket {
 public:
  // 0: no limit. What was taken stays taken.
  void set_rate(uint64_t per_minute) {
    one_ns_ =
        per_minute == 0 ? 0 : static_cast<double>(kMinuteNs) / static_cast<double>(per_minute);
  }

  // How long until there is one; 0: now.
  int64_t wait_ns(TimeNs now_ns) const {
    if (one_ns_ == 0) return 0;
    const auto room_ns = kMinuteNs - static_cast<int64_t>(std::ceil(one_ns_));
    return std::max<int64_t>(0, full_at_ns_ - now_ns - room_ns);
  }

  void take(uint64_t count, TimeNs now_ns) {
    if (one_ns_ == 0) return;
    const double ns = std::min(one_ns_ * static_cast<double>(count), kDebtMaxNs);
    full_at_ns_ = std::max(full_at_ns_, now_ns) + static_cast<int64_t>(std::llround(ns));
    full_at_ns_ = std::min(full_at_ns_, now_ns + static_cast<int64_t>(kDebtMaxNs));
  }

 private:
  static constexpr int64_t kMinuteNs = 60'000'000'000;
  static constexpr double kDebtMaxNs = 86'400e9;  // a day: who waits longer asks somebody

  double one_ns_ = 0;  // what it takes for one to come; 0: no limit
  TimeNs full_at_ns_ = 0;
};

}  // namespace qaio
