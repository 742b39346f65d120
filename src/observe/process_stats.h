// What the process has used, cheaply enough to ask for every request.
#pragma once

#include <cstdint>

namespace qaio {

// Of all threads since the start.
struct ProcessUsage {
  int64_t cpu_ns = 0;
  int64_t minor_faults = 0;
  int64_t major_faults = 0;
  int64_t context_switches = 0;
};
ProcessUsage process_usage();

int64_t process_resident_bytes();  // 0 where the system does not say

}  // namespace qaio
