#include "base/cores.h"

#include <sched.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <fstream>
#include <limits>
#include <memory>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>

namespace qaio {
namespace {

namespace fs = std::filesystem;

enum class Version : uint8_t { kV1, kV2 };

// A hierarchy of groups, mounted somewhere: `group` of it, which the kernel may have moved to the
// mount point, lies in `folder`.
struct Mount {
  Version version = Version::kV2;
  fs::path folder;
  fs::path group = "/";
};

// "100000"; none for "max" and whatever else.
std::optional<int64_t> number(std::string_view text) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() ? std::optional(value)
                                                                  : std::nullopt;
}

bool has_word(const std::string& list, std::string_view word) {
  std::istringstream words(list);
  for (std::string one; std::getline(words, one, ',');) {
    if (one == word) return true;
  }
  return false;
}

// "cpu.max" of v2 holds "QUOTA PERIOD"; v1 has a file for each.
std::optional<int64_t> cores_of_group(const fs::path& folder, Version version) {
  std::string quota;
  std::string period;
  if (version == Version::kV2) {
    std::ifstream(folder / "cpu.max") >> quota >> period;
  } else {
    std::ifstream(folder / "cpu.cfs_quota_us") >> quota;
    std::ifstream(folder / "cpu.cfs_period_us") >> period;
  }
  const auto quota_us = number(quota);
  const auto period_us = number(period);
  if (!quota_us || !period_us || *quota_us <= 0 || *period_us <= 0) return std::nullopt;
  return std::max<int64_t>(*quota_us / *period_us, 1);
}

// The process's group in the hierarchy that rules CPU time, as /proc/self/cgroup names it: a line
// is "ID:CONTROLLERS:GROUP", without controllers for v2.
fs::path group_of_process(const fs::path& root, Version version) {
  std::ifstream file(root / "proc/self/cgroup");
  for (std::string line; std::getline(file, line);) {
    const size_t first = line.find(':');
    const size_t second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const bool wanted =
        version == Version::kV2 ? controllers.empty() : has_word(controllers, "cpu");
    if (wanted) return line.substr(second + 1);
  }
  return "/";
}

// mountinfo writes a blank in a path as "\040".
std::string unescaped(std::string_view text) {
  constexpr size_t kDigits = 3;
  std::string plain;
  for (size_t i = 0; i < text.size(); ++i) {
    int code = 0;
    const char* begin = text.data() + i + 1;
    if (text[i] == '\\' && i + kDigits < text.size() &&
        std::from_chars(begin, begin + kDigits, code, 8).ptr == begin + kDigits) {
      plain += static_cast<char>(code);
      i += kDigits;
    } else {
      plain += text[i];
    }
  }
  return plain;
}

// A line is "ID PARENT DEVICE GROUP FOLDER OPTIONS ... - TYPE SOURCE OPTIONS".
std::optional<Mount> mount_of(const std::string& line) {
  const size_t dash = line.find(" - ");
  if (dash == std::string::npos) return std::nullopt;
  std::istringstream before(line.substr(0, dash));
  std::istringstream after(line.substr(dash + 3));
  std::string skipped;
  std::string group;
  std::string folder;
  std::string type;
  std::string options;
  before >> skipped >> skipped >> skipped >> group >> folder;
  after >> type >> skipped >> options;
  const bool v1 = type == "cgroup" && has_word(options, "cpu");
  if (!v1 && type != "cgroup2") return std::nullopt;
  return Mount{v1 ? Version::kV1 : Version::kV2, unescaped(folder), unescaped(group)};
}

// Where they usually are, and where the kernel says that they are.
std::vector<Mount> cgroup_mounts(const fs::path& root) {
  std::vector<Mount> mounts = {{Version::kV2, "/sys/fs/cgroup"},
                               {Version::kV2, "/sys/fs/cgroup/unified"},
                               {Version::kV1, "/sys/fs/cgroup/cpu"},
                               {Version::kV1, "/sys/fs/cgroup/cpu,cpuacct"}};
  std::ifstream file(root / "proc/self/mountinfo");
  for (std::string line; std::getline(file, line);) {
    if (const auto mount = mount_of(line)) mounts.push_back(*mount);
  }
  return mounts;
}

// The group's folder below the mount. In a container the kernel may name a group that lies outside
// what is mounted; then the mount point is the nearest there is.
fs::path folder_below(const Mount& mount, const fs::path& group) {
  const fs::path below = group.lexically_relative(mount.group);
  return below.empty() || below == "." || *below.begin() == ".." ? fs::path() : below;
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

std::optional<int> cores_of_quota(const fs::path& root) {
  std::optional<int64_t> least;
  for (const Mount& mount : cgroup_mounts(root)) {
    const fs::path top = root / mount.folder.relative_path();
    fs::path below = folder_below(mount, group_of_process(root, mount.version));
    for (;; below = below.parent_path()) {
      const auto cores = cores_of_group(top / below, mount.version);
      if (cores && (!least || *cores < *least)) least = cores;
      if (below.empty()) break;
    }
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
