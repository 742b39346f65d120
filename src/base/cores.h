// How many cores this process may use.
#pragma once

#include <filesystem>
#include <optional>
#include <vector>

namespace qaio {

// The cores of the affinity mask, which the kernel keeps within the process's cpuset. Empty: it
// cannot be read.
std::vector<int> cores_of_process();

// Whole cores within the CPU quota of the process's control groups (v1 and v2) and all groups above
// them, at least 1; none: no group has a quota. `root` is the file system's, but in tests.
std::optional<int> cores_of_quota(const std::filesystem::path& root = "/");

// The lesser of both, at least 1. A thread more than the quota has cores would be stopped for the
// rest of each period, and all others would wait for it.
int cores_allowed();

}  // namespace qaio
