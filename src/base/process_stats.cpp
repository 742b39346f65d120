#include "base/process_stats.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <system_error>

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

CpuTime process_cpu_time() {
  rusage counts{};
  if (getrusage(RUSAGE_SELF, &counts) != 0) return {};
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return {.user_s = seconds(counts.ru_utime), .system_s = seconds(counts.ru_stime)};
}

namespace {

// Opened when the program starts, as there may be no descriptor left when it is first read, and
// read at offset 0: the kernel makes the text anew each time.
const int kStatm = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);

struct Memory {
  int64_t virtual_bytes = 0;
  int64_t resident_bytes = 0;
};

Memory process_memory() {
  char text[128] = {};
  if (kStatm < 0 || pread(kStatm, text, sizeof(text) - 1, 0) <= 0) return {};
  char* resident = nullptr;  // "size resident shared ...", in pages
  const int64_t page = sysconf(_SC_PAGESIZE);
  const int64_t virtual_bytes = std::strtoll(text, &resident, 10) * page;
  return {virtual_bytes, std::strtoll(resident, nullptr, 10) * page};
}

}  // namespace

int64_t process_resident_bytes() { return process_memory().resident_bytes; }

ProcessState process_state() {
  const Memory memory = process_memory();
  ProcessState state{.resident_bytes = memory.resident_bytes,
                     .virtual_bytes = memory.virtual_bytes};
  std::error_code error;
  for (std::filesystem::directory_iterator file("/proc/self/fd", error), end; !error && file != end;
       file.increment(error)) {
    ++state.open_files;
  }
  if (state.open_files > 0) --state.open_files;  // the folder itself
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    state.open_files_max = static_cast<int64_t>(limit.rlim_cur);
  }
  return state;
}

}  // namespace qaio
