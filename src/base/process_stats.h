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

struct CpuTime {
  double user_s = 0;
  double system_s = 0;
};
CpuTime process_cpu_time();  // the same time in its two parts, as exact as the system has them

int64_t process_resident_bytes();  // 0 where the system does not say

// What it holds now; takes some microseconds per open file. 0 where the system does not say.
struct ProcessState {
  int64_t resident_bytes = 0;
  int64_t virtual_bytes = 0;
  int open_files = 0;
  int64_t open_files_max = 0;
};
ProcessState process_state();

}  // namespace qaio
