#include "base/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace qaio {
namespace {

tl::unexpected<Error> system_error(const std::filesystem::path& path, const char* what) {
  const int saved = errno;
  const ErrorCode code = saved == ENOENT ? ErrorCode::kNotFound : ErrorCode::kIo;
  return fail(code, path.string() + ": " + what + ": " + std::strerror(saved));
}

}  // namespace

Result<MappedFile> MappedFile::open(const std::filesystem::path& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return system_error(path, "cannot open");
  struct stat info {};
  if (::fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
    auto error = S_ISREG(info.st_mode)
                     ? system_error(path, "cannot read its size")
                     : fail(ErrorCode::kIo, path.string() + ": is not a regular file");
    ::close(fd);
    return error;
  }
  const auto size = static_cast<size_t>(info.st_size);
  if (size == 0) {
    ::close(fd);
    return MappedFile();
  }
  void* address = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, fd, 0);
  auto error = address == MAP_FAILED ? system_error(path, "cannot map") : fail(ErrorCode::kIo, "");
  ::close(fd);
  if (address == MAP_FAILED) return error;
  const std::span bytes(static_cast<const std::byte*>(address), size);
  return MappedFile(bytes,
                    MappedFaultGuard::ending(
                        bytes, path.string() + ": became shorter while it was in use, or its disk "
                                               "failed; put the whole file there and start again"));
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : bytes_(std::exchange(other.bytes_, std::span<const std::byte>{})),
      guard_(std::move(other.guard_)) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(bytes_, other.bytes_);
  std::swap(guard_, other.guard_);
  return *this;
}

MappedFile::~MappedFile() {
  guard_ = {};
  if (!bytes_.empty()) ::munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
}

void MappedFile::release_pages() const {
  if (!bytes_.empty())
    ::madvise(const_cast<std::byte*>(bytes_.data()), bytes_.size(), MADV_DONTNEED);
}

}  // namespace qaio
