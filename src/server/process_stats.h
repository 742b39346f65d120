// What the process has used, cheaply enough to ask for every request.
#pragma once

#include <cstdint>

namespace qaio {

int64_t process_cpu_ns();          // CPU time of all threads since the start
int64_t process_resident_bytes();  // 0 where the system does not say

}  // namespace qaio
