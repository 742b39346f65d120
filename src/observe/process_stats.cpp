#include "observe/process_stats.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <ctime>

namespace qaio {

ProcessUsage process_usage() {
  ProcessUsage usage;
  timespec time{};  // getrusage() has the CPU time in steps of the scheduler's tick at worst
  if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time) == 0) {
    usage.cpu_ns = int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
  }
  rusage counts{};
  if (getrusage(RUSAGE_SELF, &counts) == 0) {
    usage.minor_faults = counts.ru_minflt;
    usage.major_faults = counts.ru_majflt;
    usage.context_switches = counts.ru_nvcsw + counts.ru_nivcsw;
  }
  return usage;
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
