// For tests: runs a fuzz target on the inputs that are kept for it.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <vector>

namespace qaio {

// What breaks a promise ends the process: the last file that was named is at fault.
inline void replay_corpus(const std::string& target, int (*run)(const uint8_t*, size_t)) {
  const std::filesystem::path folder =
      std::filesystem::path(QAIO_SOURCE_DIR) / "tests" / "fuzz" / target;
  ASSERT_TRUE(std::filesystem::is_directory(folder)) << folder << " is missing";
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    paths.push_back(entry.path());
  }
  std::ranges::sort(paths);
  EXPECT_FALSE(paths.empty()) << folder << " is empty";
  run(nullptr, 0);
  for (const std::filesystem::path& path : paths) {
    std::cout << "  " << path.filename().string() << std::endl;
    std::ifstream file(path, std::ios::binary);
    // Ends where the input does, so that a sanitizer sees a read behind it.
    std::vector<uint8_t> bytes{std::istreambuf_iterator<char>(file),
                               std::istreambuf_iterator<char>()};
    bytes.shrink_to_fit();
    run(bytes.data(), bytes.size());
  }
}

}  // namespace qaio
