// A window over the last minutes or hours of anything, in memory that does not depend on the
// traffic.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/clock.h"

namespace qaio {

// Made of parts, of which it holds the current one and as many full ones before as make up its
// length: so it reaches back by its length and at most one part more. Memory does not depend on
// what happens. Times never run backwards and are at least 0.
template <typename Part>
class SlidingWindow {
 public:
  // length_ns >= parts >= 1
  SlidingWindow(int64_t length_ns, int64_t parts, const Part& empty = {})
      : part_ns_(length_ns / parts + (length_ns % parts != 0)),
        parts_(parts),
        empty_(empty),
        slots_(static_cast<size_t>(parts) + 1, Slot{-1, empty}) {}

  // The part that `now_ns` falls into.
  Part& current(TimeNs now_ns) {
    const int64_t number = now_ns / part_ns_;
    Slot& slot = slots_[static_cast<size_t>(number % (parts_ + 1))];
    if (slot.number != number) slot = {number, empty_};
    return slot.part;
  }

  // Calls visit(part) for all that the window holds at this time.
  template <typename Visit>
  void each(TimeNs now_ns, Visit visit) const {
    const int64_t number = now_ns / part_ns_;
    for (const Slot& slot : slots_) {
      if (slot.number >= 0 && number - slot.number <= parts_) visit(slot.part);
    }
  }

  // For all that it has in memory.
  template <typename Visit>
  void each_kept(Visit visit) const {
    for (const Slot& slot : slots_) visit(slot.part);
  }

 private:
  struct Slot {
    int64_t number;  // of the part since time 0; -1: none yet
    Part part;
  };
  int64_t part_ns_;
  int64_t parts_;
  Part empty_;
  std::vector<Slot> slots_;
};

}  // namespace qaio
