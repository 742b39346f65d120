#include "base/new_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace qaio {
namespace {

// Owner, group and mode of the file whose place it takes, as far as the system allows.
void take_over(int fd, const struct stat& old) {
  if (::fchown(fd, old.st_uid, old.st_gid) != 0) {
    static_cast<void>(::fchown(fd, static_cast<uid_t>(-1), old.st_gid) == 0);
  }
  static_cast<void>(::fchmod(fd, old.st_mode & 07777));
}

}  // namespace

Result<NewFile> NewFile::create(const std::filesystem::path& path) {
  NewFile out;
  out.label_ = path.string();
  std::error_code ec;
  out.path_ =
      std::filesystem::is_symlink(path, ec) ? std::filesystem::weakly_canonical(path, ec) : path;
  struct stat old {};
  const bool exists = ::stat(out.path_.c_str(), &old) == 0;
  const bool direct = exists && !S_ISREG(old.st_mode);
  if (exists && !direct && ::access(out.path_.c_str(), W_OK) != 0) return out.fault();
  if (!direct) (out.part_ = out.path_) += ".part" + std::to_string(::getpid());
  out.file_ = std::fopen((direct ? out.path_ : out.part_).c_str(), "wbe");
  if (out.file_ == nullptr) return out.fault();
  if (exists && !direct) take_over(::fileno(out.file_), old);
  return out;
}

NewFile::NewFile(NewFile&& other) noexcept
    : label_(std::move(other.label_)),
      path_(std::move(other.path_)),
      part_(std::move(other.part_)),
      file_(std::exchange(other.file_, nullptr)) {}

NewFile& NewFile::operator=(NewFile&& other) noexcept {
  std::swap(label_, other.label_);
  std::swap(path_, other.path_);
  std::swap(part_, other.part_);
  std::swap(file_, other.file_);
  return *this;
}

NewFile::~NewFile() {
  if (file_ == nullptr) return;
  std::fclose(file_);
  if (!part_.empty()) ::unlink(part_.c_str());
}

Result<void> NewFile::write(std::string_view bytes) {
  if (std::fwrite(bytes.data(), 1, bytes.size(), file_) != bytes.size()) return fault();
  return {};
}

Result<void> NewFile::finish() {
  const bool flushed = std::fflush(file_) == 0;
  const bool kept = flushed && (part_.empty() || ::fsync(::fileno(file_)) == 0);
  int error = kept ? 0 : errno;
  if (std::fclose(std::exchange(file_, nullptr)) != 0 && error == 0) error = errno;
  if (part_.empty() && error == 0) return {};
  if (error == 0 && ::rename(part_.c_str(), path_.c_str()) == 0) return {};
  if (error == 0) error = errno;
  if (!part_.empty()) ::unlink(part_.c_str());
  errno = error;
  return fault();
}

tl::unexpected<Error> NewFile::fault() const {
  return fail(ErrorCode::kIo, label_ + ": cannot write: " + std::generic_category().message(errno));
}

Result<void> write_new_file(const std::filesystem::path& path, std::string_view bytes) {
  QAIO_ASSIGN(NewFile file, NewFile::create(path));
  QAIO_RETURN_IF_ERROR(file.write(bytes));
  return file.finish();
}

}  // namespace qaio
