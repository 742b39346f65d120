// Sliding windows over anything that can be merged, in memory that does not depend on the traffic.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

#include "base/clock.h"

namespace qaio {

struct WindowShape {
  std::string_view name;
  int64_t part_ns;  // 0: one part for ever
  int64_t parts;    // full ones that make up the window
};
inline constexpr int64_t kSecondNs = 1'000'000'000;
inline constexpr auto kWindows = std::to_array<WindowShape>({{"1m", 10 * kSecondNs, 6},
                                                             {"5m", 60 * kSecondNs, 5},
                                                             {"1h", 600 * kSecondNs, 6},
                                                             {"start", 0, 0}});

// A window is made of parts. It holds the current one and as many full ones before as make up its
// length: so it reaches back by its length and at most one part more. What is older goes part by
// part. `Part` has merge(const Part&). Times are since the start of the program or any other moment
// before all of them, and never run backwards.
template <typename Part>
class Windowed {
 public:
  explicit Windowed(const Part& empty = {}) : empty_(empty) { slots_.fill({-1, empty}); }

  // Calls change(part) for the current part of every window.
  template <typename Change>
  void update(TimeNs now_ns, Change change) {
    for (size_t window = 0; window < kWindows.size(); ++window) {
      const int64_t number = part_number(window, now_ns);
      Slot& slot = slots_[kFirstSlot[window] + slot_offset(window, number)];
      if (slot.number != number) slot = {number, empty_};
      change(slot.part);
    }
  }

  // All that the window holds at this time.
  Part sum(size_t window, TimeNs now_ns) const {
    const int64_t current = part_number(window, now_ns);
    Part sum = empty_;
    for (size_t i = kFirstSlot[window]; i < kFirstSlot[window + 1]; ++i) {
      const Slot& slot = slots_[i];
      if (slot.number >= 0 && current - slot.number <= kWindows[window].parts) sum.merge(slot.part);
    }
    return sum;
  }

  template <typename Visit>
  void each_part(Visit visit) const {
    for (const Slot& slot : slots_) visit(slot.part);
  }

 private:
  struct Slot {
    int64_t number;  // of the part since the start; -1: none yet
    Part part;
  };
  static constexpr auto kFirstSlot = [] {
    std::array<size_t, kWindows.size() + 1> first{};
    for (size_t i = 0; i < kWindows.size(); ++i) {
      first[i + 1] = first[i] + static_cast<size_t>(kWindows[i].parts) + 1;
    }
    return first;
  }();
  static int64_t part_number(size_t window, TimeNs now_ns) {
    return kWindows[window].part_ns == 0 ? 0 : now_ns / kWindows[window].part_ns;
  }
  static size_t slot_offset(size_t window, int64_t number) {
    return static_cast<size_t>(number % (kWindows[window].parts + 1));
  }

  Part empty_;
  std::array<Slot, kFirstSlot.back()> slots_;
};

}  // namespace qaio
