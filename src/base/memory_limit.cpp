#include "base/memory_limit.h"

#include <algorithm>
#include <exception>
#include <fstream>
#include <limits>
#include <new>
#include <optional>
#include <sstream>
#include <string_view>
#include <system_error>

#include "base/control_groups.h"

namespace qaio {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kUnlimited = std::numeric_limits<int64_t>::max();

// Of a file whose lines are "NAME: NUMBER kB", in bytes; 0: it does not say.
int64_t kib_line(const fs::path& path, std::string_view name) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with(name) || line.size() <= name.size() || line[name.size()] != ':') continue;
    std::istringstream rest(line.substr(name.size() + 1));
    int64_t kib = 0;
    rest >> kib;
    return std::max<int64_t>(kib, 0) << 10;
  }
  return 0;
}

int64_t sum(int64_t a, int64_t b) { return a > kUnlimited - b ? kUnlimited : a + b; }

// v1 writes a number near 2^63 where there is no limit, v2 "max".
int64_t limit_of(const ControlGroup& group, int64_t swap_bytes) {
  const bool v2 = group.version == ControlGroup::Version::kV2;
  const auto memory = group.number(v2 ? "memory.max" : "memory.limit_in_bytes");
  if (!memory || *memory < 0) return kUnlimited;
  const auto swap = group.number(v2 ? "memory.swap.max" : "memory.memsw.limit_in_bytes");
  if (v2) return sum(*memory, swap ? std::min(*swap, swap_bytes) : swap_bytes);
  const int64_t both = sum(*memory, swap_bytes);
  return swap && *swap >= 0 ? std::min(both, *swap) : both;
}

}  // namespace

MemoryLimit memory_limit(const fs::path& root) {
  const int64_t swap_bytes = kib_line(root / "proc/meminfo", "SwapTotal");
  const int64_t machine = kib_line(root / "proc/meminfo", "MemTotal");
  MemoryLimit least{.bytes = machine == 0 ? kUnlimited : sum(machine, swap_bytes),
                    .of = "this machine"};
  for (const ControlGroup& group : control_groups("memory", root)) {
    const int64_t bytes = limit_of(group, swap_bytes);
    if (bytes < least.bytes) {
      least = {.bytes = bytes, .of = "the control group " + group.folder.string()};
    }
  }
  if (least.bytes == kUnlimited) least.bytes = 0;
  return least;
}

int64_t anonymous_bytes() { return kib_line("/proc/self/status", "RssAnon"); }

std::string shortage_text(const std::exception& error) {
  const auto* system = dynamic_cast<const std::system_error*>(&error);
  if (system != nullptr && system->code() == std::errc::resource_unavailable_try_again) {
    return "the system refuses another thread: allow more memory (ulimit -v, -d; the control "
           "group's) or more threads (ulimit -u, the control group's pids.max)";
  }
  if (dynamic_cast<const std::bad_alloc*>(&error) != nullptr)
    return "the system refuses memory: allow more (ulimit -v, -d; the control group's)";
  return error.what();
}

}  // namespace qaio
