// What became of what was to be exported over OTLP, since the start, and what has yet to end.
#pragma once

#include <cstdint>

namespace qaio {

struct OtlpCounts {
  uint64_t spans_exported = 0;    // taken by the receiver
  uint64_t spans_rejected = 0;    // refused by it one by one: its partial success
  uint64_t spans_failed = 0;      // of posts that were given up
  uint64_t spans_dropped = 0;     // never sent: the queue was full, or the end came
  uint64_t spans_waiting = 0;     // at this moment: to be sent, or to be tried again
  uint64_t metrics_exported = 0;  // posts
  uint64_t metrics_failed = 0;    // refused, given up or dropped, wholly or in part
  uint64_t metrics_waiting = 0;   // at this moment
};

}  // namespace qaio
