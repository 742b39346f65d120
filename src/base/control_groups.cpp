#include "base/control_groups.h"

#include <charconv>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>

namespace qaio {
namespace {

namespace fs = std::filesystem;
using Version = ControlGroup::Version;

// A hierarchy of groups, mounted somewhere: `group` of it, which the kernel may have moved to the
// mount point, lies in `folder`.
struct Mount {
  Version version = Version::kV2;
  fs::path folder;
  fs::path group = "/";
};

bool has_word(const std::string& list, std::string_view word) {
  std::istringstream words(list);
  for (std::string one; std::getline(words, one, ',');) {
    if (one == word) return true;
  }
  return false;
}

// The process's group in the hierarchy that has the controller, as /proc/self/cgroup names it: a
// line is "ID:CONTROLLERS:GROUP", without controllers for v2.
fs::path group_of_process(const fs::path& root, Version version, std::string_view controller) {
  std::ifstream file(root / "proc/self/cgroup");
  for (std::string line; std::getline(file, line);) {
    const size_t first = line.find(':');
    const size_t second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const bool wanted =
        version == Version::kV2 ? controllers.empty() : has_word(controllers, controller);
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
std::optional<Mount> mount_of(const std::string& line, std::string_view controller) {
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
  const bool v1 = type == "cgroup" && has_word(options, controller);
  if (!v1 && type != "cgroup2") return std::nullopt;
  return Mount{v1 ? Version::kV1 : Version::kV2, unescaped(folder), unescaped(group)};
}

// Where they usually are, and where the kernel says that they are.
std::vector<Mount> cgroup_mounts(const fs::path& root, std::string_view controller) {
  std::vector<Mount> mounts = {{Version::kV2, "/sys/fs/cgroup"},
                               {Version::kV2, "/sys/fs/cgroup/unified"},
                               {Version::kV1, fs::path("/sys/fs/cgroup") / controller},
                               {Version::kV1, "/sys/fs/cgroup/cpu,cpuacct"}};
  std::ifstream file(root / "proc/self/mountinfo");
  for (std::string line; std::getline(file, line);) {
    if (const auto mount = mount_of(line, controller)) mounts.push_back(*mount);
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

std::vector<ControlGroup> control_groups(std::string_view controller, const fs::path& root) {
  std::vector<ControlGroup> groups;
  for (const Mount& mount : cgroup_mounts(root, controller)) {
    const fs::path top = root / mount.folder.relative_path();
    fs::path below = folder_below(mount, group_of_process(root, mount.version, controller));
    for (;; below = below.parent_path()) {
      groups.push_back({mount.version, top / below});
      if (below.empty()) break;
    }
  }
  return groups;
}

std::vector<std::optional<int64_t>> ControlGroup::numbers(std::string_view file) const {
  std::vector<std::optional<int64_t>> all;
  std::ifstream in(folder / file);
  for (std::string text; in >> text;) {
    int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool whole = error == std::errc() && end == text.data() + text.size();
    all.push_back(whole ? std::optional(value) : std::nullopt);
  }
  return all;
}

std::optional<int64_t> ControlGroup::number(std::string_view file) const {
  const auto all = numbers(file);
  return all.empty() ? std::nullopt : all.front();
}

}  // namespace qaio
