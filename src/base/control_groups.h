// The control groups of the kernel (v1 and v2) that this process is in.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string_view>
#include <vector>

namespace qaio {

struct ControlGroup {
  enum class Version : uint8_t { kV1, kV2 };
  Version version = Version::kV2;
  std::filesystem::path folder;  // with a file for each setting, where it has any

  // The numbers in one of its files, and none for what is no number, as "max". Empty: there is no
  // such file.
  std::vector<std::optional<int64_t>> numbers(std::string_view file) const;
  std::optional<int64_t> number(std::string_view file) const;  // the first
};

// The groups that may limit the process in what `controller` ("cpu", "memory") rules: its own and
// all above them. Some may not be there, and one may come twice. `root` is the file system's, but
// in tests.
std::vector<ControlGroup> control_groups(std::string_view controller,
                                         const std::filesystem::path& root = "/");

}  // namespace qaio
