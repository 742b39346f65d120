// One file of lines on its way to being complete.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "archive/held_file.h"
#include "base/result.h"

namespace qaio {

inline constexpr std::string_view kCsvEnd = ".csv";
inline constexpr std::string_view kCsvGzipEnd = ".csv.gz";
inline constexpr std::string_view kCsvPartEnd = ".csv.part";

// NAME.csv.part under an exclusive lock, so that another process can tell a file that is being
// written from one that was left behind. Errors are kIo with the path and the system's reason.
class CsvFile {
 public:
  // A new file `stem`.csv.part, or with _2, _3, ... behind the stem if there is one of that name.
  static Result<CsvFile> create(const std::filesystem::path& stem, std::string_view header);
  // One that was left behind, cut after its last whole line. Nothing if it is in use, or if it held
  // no record and was therefore removed.
  static Result<std::optional<CsvFile>> recover(const std::filesystem::path& part);

  CsvFile(CsvFile&& other) noexcept;
  CsvFile& operator=(CsvFile&& other) noexcept;
  ~CsvFile();  // without complete() the .part stays

  // All of the lines or none.
  Result<void> append(std::string_view lines, size_t count);
  size_t lines() const { return lines_; }  // without the header
  // Whether the .part is still where it was made; what is appended to one that is not is not kept.
  FilePlace place() const { return file_place(fd_, with(kCsvPartEnd).string()); }

  // Brings the lines to the disk under the final name, which it returns. After an error it can be
  // called again. Afterwards the file is closed.
  Result<std::filesystem::path> complete(bool gzip);

 private:
  CsvFile(int fd, std::filesystem::path stem) : fd_(fd), stem_(std::move(stem)) {}
  std::filesystem::path with(std::string_view end) const;
  Result<void> compress(const std::filesystem::path& to) const;

  int fd_ = -1;
  std::filesystem::path stem_;  // the path without ".csv.part"
  int64_t bytes_ = 0;
  size_t lines_ = 0;
};

}  // namespace qaio
