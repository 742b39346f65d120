// Whether a file that is being written is still the one that its path names.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace qaio {

enum class FilePlace : uint8_t {
  kThere,    // its path names it
  kMoved,    // it has another name now
  kRemoved,  // it has no name: it goes when it is closed
};

// Of the file open as `fd`.
FilePlace file_place(int fd, const std::string& path);

// Remembers a file without opening it: closing a second descriptor of an SQLite file would let go
// of the first one's locks. As long as it is held no other file can be taken for it.
class HeldFile {
 public:
  static std::optional<HeldFile> hold(const std::string& path);  // nothing: there is none
  HeldFile(HeldFile&& other) noexcept;
  HeldFile& operator=(HeldFile&& other) noexcept;
  ~HeldFile();

  FilePlace place() const { return file_place(fd_, path_); }

 private:
  HeldFile(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}

  int fd_;
  std::string path_;
};

}  // namespace qaio
