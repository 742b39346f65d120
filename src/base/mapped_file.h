// Read-only memory mapping of a whole file.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <utility>

#include "base/mapped_fault.h"
#include "base/result.h"

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

  // Tells the kernel that the pages are no longer needed in this process's memory.
  void release_pages() const;

 private:
  MappedFile(std::span<const std::byte> bytes, MappedFaultGuard guard)
      : bytes_(bytes), guard_(std::move(guard)) {}
  std::span<const std::byte> bytes_;
  MappedFaultGuard guard_;
};

}  // namespace qaio
