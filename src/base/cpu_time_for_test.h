// CPU time as systems show it: some count it in ticks, so a process that ran for less than one has
// used none, and getrusage() may give a process that made only system calls no user time.
#pragma once

#include <cstdint>

#include "base/process_stats.h"

namespace qaio {

// Computes until `shown()`; false if it is not even after much more CPU time than any tick.
template <typename Shown>
bool shows_after_cpu_time(Shown shown) {
  constexpr int kTries = 1000;
  volatile uint64_t sum = 0;
  for (int i = 0; i < kTries; ++i) {
    if (shown()) return true;
    for (uint64_t n = 0; n < 5'000'000; ++n) sum = sum + n;  // some milliseconds
  }
  return false;
}

// So that what is made from the process's CPU time afterwards is more than 0.
inline bool uses_cpu_time() {
  return shows_after_cpu_time(
      [] { return process_cpu_time().user_s > 0 && process_usage().cpu_ns > 0; });
}

}  // namespace qaio
