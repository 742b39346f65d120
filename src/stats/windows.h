// The sliding windows of `/stats`, over anything that can be merged.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/time_units.h"
#include "stats/sliding_window.h"

namespace qaio {

struct WindowShape {
  std::string_view name;
  int64_t part_ns;  // 0: one part for ever
  int64_t parts;    // full ones that make up the window
};
inline constexpr auto kWindows = std::to_array<WindowShape>({{"1m", 10 * kSecondNs, 6},
                                                             {"5m", 60 * kSecondNs, 5},
                                                             {"1h", 600 * kSecondNs, 6},
                                                             {"start", 0, 0}});

// One sliding window of each shape. `Part` has merge(const Part&). Times are since the start of the
// program or any other moment before all of them, and never run backwards.
template <typename Part>
class Windowed {
 public:
  explicit Windowed(const Part& empty = {}) : empty_(empty) {
    windows_.reserve(kWindows.size());
    for (const WindowShape& shape : kWindows) {
      const bool for_ever = shape.part_ns == 0;
      windows_.emplace_back(for_ever ? kForEverNs : shape.part_ns * shape.parts,
                            for_ever ? 1 : shape.parts, empty);
    }
  }

  // Calls change(part) for the current part of every window.
  template <typename Change>
  void update(TimeNs now_ns, Change change) {
    for (SlidingWindow<Part>& window : windows_) change(window.current(now_ns));
  }

  // All that the window holds at this time.
  Part sum(size_t window, TimeNs now_ns) const {
    Part sum = empty_;
    windows_[window].each(now_ns, [&](const Part& part) { sum.merge(part); });
    return sum;
  }

  // Also what is older than its window and still in memory.
  template <typename Visit>
  void each_part(Visit visit) const {
    for (const SlidingWindow<Part>& window : windows_) window.each_kept(visit);
  }

 private:
  static constexpr int64_t kForEverNs = std::numeric_limits<int64_t>::max();

  Part empty_;
  std::vector<SlidingWindow<Part>> windows_;  // as kWindows
};

}  // namespace qaio
