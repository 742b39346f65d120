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

MappedFile::Version MappedFile::version_of(const struct stat& info) {
  return {info.st_size, info.st_mtim.tv_sec * int64_t{1'000'000'000} + info.st_mtim.tv_nsec};
}

Result<MappedFile> MappedFile::open(const std::filesystem::path& path) {
  MappedFile file;
  file.path_ = path;
  // Opening a pipe would wait for its writer otherwise; to a regular file the flag means nothing.
  file.fd_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file.fd_ < 0) return system_error(path, "cannot open");
  struct stat info {};
  if (::fstat(file.fd_, &info) != 0) return system_error(path, "cannot read its size");
  if (!S_ISREG(info.st_mode))
    return fail(ErrorCode::kIo, path.string() + ": is not a regular file");
  file.version_ = version_of(info);
  const auto size = static_cast<size_t>(info.st_size);
  if (size == 0) return file;
  void* address = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, file.fd_, 0);
  if (address == MAP_FAILED) return system_error(path, "cannot map");
  file.bytes_ = {static_cast<const std::byte*>(address), size};
  file.guard_ = MappedFaultGuard::ending(
      file.bytes_, path.string() +
                       ": became shorter while it was in use, or its disk failed; put "
                       "the whole file there and start again");
  return file;
}

bool MappedFile::changed() const {
  struct stat now {};
  return fd_ >= 0 && (::fstat(fd_, &now) != 0 || version_of(now) != version_);
}

std::string MappedFile::change_text() const {
  return path_.string() +
         ": was written into while it was in use; to replace it, rename a new file onto it, as "
         "qaio convert does, then start again";
}

Result<void> MappedFile::check_unchanged() const {
  if (changed()) return fail(ErrorCode::kIo, change_text());
  return {};
}

void MappedFile::end_if_changed() const {
  if (changed()) end_without_file(change_text());
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : path_(std::move(other.path_)),
      fd_(std::exchange(other.fd_, -1)),
      version_(other.version_),
      bytes_(std::exchange(other.bytes_, std::span<const std::byte>{})),
      guard_(std::move(other.guard_)) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(fd_, other.fd_);
  std::swap(version_, other.version_);
  std::swap(bytes_, other.bytes_);
  std::swap(guard_, other.guard_);
  return *this;
}

MappedFile::~MappedFile() {
  guard_ = {};
  if (!bytes_.empty()) ::munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
  if (fd_ >= 0) ::close(fd_);
}

void MappedFile::release_pages() const {
  if (!bytes_.empty())
    ::madvise(const_cast<std::byte*>(bytes_.data()), bytes_.size(), MADV_DONTNEED);
}

}  // namespace qaio
