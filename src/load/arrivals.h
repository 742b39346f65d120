// When the requests of an open loop are meant to be sent.
#pragma once

#include "base/clock.h"
#include "base/random.h"

namespace qaio {

// A Poisson process: exponential gaps, fixed by the seed alone. However late the caller asks, the
// schedule stays what it was: latencies measured from these times contain every stall of the server
// (no "coordinated omission").
class Arrivals {
 public:
  // The first arrival comes one gap after `clock`'s now. `per_second` > 0.
  Arrivals(double per_second, uint64_t seed, const Clock& clock)
      : gap_mean_ns_(1e9 / per_second), random_(seed, kStream), start_ns_(clock.now_ns()) {}

  TimeNs next_ns() {
    offset_ns_ += gap_mean_ns_ * random_.exponential();
    return start_ns_ + static_cast<TimeNs>(offset_ns_);
  }

 private:
  static constexpr uint64_t kStream = 0xA221;

  double gap_mean_ns_;
  Random random_;
  TimeNs start_ns_;
  double offset_ns_ = 0;  // exact to 1 ns for a hundred days
};

}  // namespace qaio
