#include "archive/held_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace qaio {

FilePlace file_place(int fd, const std::string& path) {
  struct stat held {};
  struct stat named {};
  if (::fstat(fd, &held) != 0 || held.st_nlink == 0) return FilePlace::kRemoved;
  const bool there = ::stat(path.c_str(), &named) == 0 && named.st_dev == held.st_dev &&
                     named.st_ino == held.st_ino;
  return there ? FilePlace::kThere : FilePlace::kMoved;
}

std::optional<HeldFile> HeldFile::hold(const std::string& path) {
  const int fd = ::open(path.c_str(), O_PATH | O_CLOEXEC);
  if (fd < 0) return std::nullopt;
  return HeldFile(fd, path);
}

HeldFile::HeldFile(HeldFile&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), path_(std::move(other.path_)) {}

HeldFile& HeldFile::operator=(HeldFile&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(path_, other.path_);
  return *this;
}

HeldFile::~HeldFile() {
  if (fd_ >= 0) ::close(fd_);
}

}  // namespace qaio
