#include "server/process_stats.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <ctime>

namespace qaio {

int64_t process_cpu_ns() {
  timespec time{};
  if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time) != 0) return 0;
  return int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

int64_t process_resident_bytes() {
  // Opened once and read at offset 0: the kernel makes the text anew each time.
  static const int statm = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
  if (statm < 0) return 0;
  char text[128] = {};
  if (pread(statm, text, sizeof(text) - 1, 0) <= 0) return 0;
  const char* resident = std::strchr(text, ' ');  // "size resident shared ...", in pages
  return resident == nullptr ? 0 : std::strtoll(resident, nullptr, 10) * sysconf(_SC_PAGESIZE);
}

}  // namespace qaio
