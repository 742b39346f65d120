// The complete CSV files of a folder and the bounds they are kept within.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "archive/retention.h"
#include "base/clock.h"
#include "base/result.h"

namespace qaio {

// The oldest files go first, a share at a time.
struct CsvFolderBounds {
  size_t files_max = 10'000;
  int64_t bytes_max = int64_t{1} << 30;
  std::chrono::hours age_max{30 * 24};
};

class CsvFolder {
 public:
  // Creates the folder if it is missing. kIo with the path and the reason, also if no file can be
  // made in it.
  static Result<CsvFolder> open(const std::filesystem::path& folder);
  CsvFolder() = default;

  // A path for a file that begins now, without its end; another one than it gave before.
  std::filesystem::path next_stem(int64_t now_unix_ms);
  // Of servers that crashed or are running; looked for when the folder was opened.
  const std::vector<std::filesystem::path>& parts() const { return parts_; }
  // False: everybody may read one of its files, and that could not be changed.
  bool make_files_private() const;
  // When the newest file was written last of those that were until then; nothing: there is none.
  std::optional<int64_t> newest_unix_ms(int64_t until_unix_ms) const;

  void add(const std::filesystem::path& file);  // a complete one
  // Removes what is beyond the bounds, as far as it may go at once; how many files. `now_unix_ms`
  // is the time that retention believes.
  size_t keep(const CsvFolderBounds& bounds, int64_t now_unix_ms, TimeNs now_ns);

 private:
  struct File {
    std::filesystem::path path;
    int64_t bytes = 0;
    int64_t written_unix_ms = 0;  // begun or last written, whichever is later
  };
  static std::optional<File> look_at(const std::filesystem::path& path);
  Result<void> list();
  std::deque<File>::iterator remove(const std::deque<File>::iterator& file);
  size_t remove_old(int64_t before_unix_ms, int64_t now_unix_ms, TimeNs now_ns);

  std::filesystem::path folder_;
  int64_t last_stem_unix_ms_ = 0;
  std::vector<std::filesystem::path> parts_;
  std::deque<File> files_;  // oldest first
  int64_t bytes_ = 0;
  std::optional<TimeNs> listed_ns_;  // by keep(): other servers may share the folder
  RemovalBudget of_age_;
  RemovalBudget of_size_;
};

}  // namespace qaio
