// Read-only memory mapping of a whole file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <utility>

#include "base/mapped_fault.h"
#include "base/result.h"

struct stat;

namespace qaio {

class MappedFile {
 public:
  // kNotFound or kIo with the path and the system's reason. An empty file maps to an empty span.
  static Result<MappedFile> open(const std::filesystem::path& path);

  MappedFile() = default;
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  ~MappedFile();

  // Valid while this object lives. A file truncated by someone else meanwhile ends the process with
  // a sentence that names it, once a page is read that is missing (base/mapped_fault.h).
  std::span<const std::byte> bytes() const { return bytes_; }

  // kIo: somebody has written into the file since it was opened, so that what was read of it may be
  // of both versions. Writing comes after the change of the file's time, so a look after reading
  // misses none. One that was renamed, or replaced by another of its name, has not changed.
  Result<void> check_unchanged() const;
  // Ends the process with that sentence, for who uses the bytes as long as it runs.
  void end_if_changed() const;

  // Tells the kernel that the pages are no longer needed in this process's memory.
  void release_pages() const;

 private:
  // Of the file's content, as the system tells it.
  struct Version {
    int64_t bytes = 0;
    int64_t modified_ns = 0;
    bool operator==(const Version&) const = default;
  };
  static Version version_of(const struct stat& info);
  bool changed() const;
  std::string change_text() const;

  std::filesystem::path path_;
  int fd_ = -1;  // to look at the file itself, whatever its name is by now
  Version version_;
  std::span<const std::byte> bytes_;
  MappedFaultGuard guard_;
};

}  // namespace qaio
