#include "base/cores.h"

#include <sched.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <memory>
#include <thread>
#include <tuple>

#include "base/control_groups.h"

namespace qaio {
namespace {

// "cpu.max" of v2 holds "QUOTA PERIOD"; v1 has a file for each.
std::optional<int64_t> cores_of_group(const ControlGroup& group) {
  std::optional<int64_t> quota_us;
  std::optional<int64_t> period_us;
  if (group.version == ControlGroup::Version::kV2) {
    const auto both = group.numbers("cpu.max");
    if (both.size() == 2) std::tie(quota_us, period_us) = std::tie(both[0], both[1]);
  } else {
    quota_us = group.number("cpu.cfs_quota_us");
    period_us = group.number("cpu.cfs_period_us");
  }
  if (!quota_us || !period_us || *quota_us <= 0 || *period_us <= 0) return std::nullopt;
  return std::max<int64_t>(*quota_us / *period_us, 1);
}

}  // namespace

std::vector<int> cores_of_process() {
  constexpr int kCoresMax = 1 << 16;
  std::vector<int> cores;
  // The kernel wants a mask at least as long as its own.
  for (int size = CPU_SETSIZE; size <= kCoresMax; size *= 2) {
    const size_t bytes = CPU_ALLOC_SIZE(size);
    const auto release = [](cpu_set_t* set) { CPU_FREE(set); };
    const std::unique_ptr<cpu_set_t, decltype(release)> set(CPU_ALLOC(size), release);
    if (set == nullptr) break;
    CPU_ZERO_S(bytes, set.get());
    if (sched_getaffinity(0, bytes, set.get()) != 0) continue;
    for (int core = 0; core < size; ++core) {
      if (CPU_ISSET_S(static_cast<size_t>(core), bytes, set.get())) cores.push_back(core);
    }
    break;
  }
  return cores;
}

std::optional<int> cores_of_quota(const std::filesystem::path& root) {
  std::optional<int64_t> least;
  for (const ControlGroup& group : control_groups("cpu", root)) {
    const auto cores = cores_of_group(group);
    if (cores && (!least || *cores < *least)) least = cores;
  }
  if (!least) return std::nullopt;
  return static_cast<int>(std::min<int64_t>(*least, std::numeric_limits<int>::max()));
}

int cores_allowed() {
  const auto mask = static_cast<int>(cores_of_process().size());
  const int cores = mask > 0 ? mask : static_cast<int>(std::thread::hardware_concurrency());
  return std::max(std::min(cores, cores_of_quota().value_or(cores)), 1);
}

}  // namespace qaio
