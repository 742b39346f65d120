// The complete CSV files of a folder and the bounds they are kept within.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"

namespace qaio {

// The oldest files go first; their age is in their names.
struct CsvFolderBounds {
  size_t files_max = 10'000;
  int64_t bytes_max = int64_t{1} << 30;
  std::chrono::hours age_max{30 * 24};
};

class CsvFolder {
 public:
  // Creates the folder if it is missing. kIo with the path and the reason.
  static Result<CsvFolder> open(const std::filesystem::path& folder);
  CsvFolder() = default;

  // A path for a file that begins now, without its end; greater than all it gave before.
  std::filesystem::path next_stem(int64_t now_unix_ms);
  // Of servers that crashed or are running; looked for when the folder was opened.
  const std::vector<std::filesystem::path>& parts() const { return parts_; }

  void add(const std::filesystem::path& file);  // a complete one
  // Removes what is beyond the bounds.
  void keep(const CsvFolderBounds& bounds, int64_t now_unix_ms);

 private:
  struct File {
    std::filesystem::path path;
    int64_t bytes = 0;
  };
  std::filesystem::path stem(int64_t unix_ms) const;

  std::filesystem::path folder_;
  int64_t last_stem_unix_ms_ = 0;
  std::vector<std::filesystem::path> parts_;
  std::deque<File> files_;  // oldest first
  int64_t bytes_ = 0;
};

}  // namespace qaio
