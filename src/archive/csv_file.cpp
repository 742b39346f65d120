#include "archive/csv_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include "archive/private_file.h"

namespace qaio {
namespace {

constexpr size_t kChunkBytes = size_t{64} << 10;
constexpr int kSameNameMax = 1000;

tl::unexpected<Error> system_fault(const std::filesystem::path& path, std::string_view what) {
  const int error = errno;
  return fail(ErrorCode::kIo,
              path.string() + ": cannot " + std::string(what) + ": " + std::strerror(error));
}

void sync_folder(const std::filesystem::path& file) {
  const auto folder = file.has_parent_path() ? file.parent_path() : std::filesystem::path(".");
  const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return;
  ::fsync(fd);
  ::close(fd);
}

struct Whole {
  int64_t bytes = 0;  // up to the last line break outside quotes
  size_t lines = 0;
};

Result<Whole> whole_lines(int fd, const std::filesystem::path& path) {
  Whole whole;
  std::vector<char> chunk(kChunkBytes);
  bool quoted = false;
  for (int64_t at = 0;;) {
    const ssize_t got = ::pread(fd, chunk.data(), chunk.size(), at);
    if (got < 0) return system_fault(path, "read it");
    if (got == 0) return whole;
    for (ssize_t i = 0; i < got; ++i) {
      const char c = chunk[static_cast<size_t>(i)];
      if (c == '"') quoted = !quoted;
      if (c == '\n' && !quoted) {
        whole.bytes = at + i + 1;
        ++whole.lines;
      }
    }
    at += got;
  }
}

}  // namespace

CsvFile::CsvFile(CsvFile&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      stem_(std::move(other.stem_)),
      bytes_(other.bytes_),
      lines_(other.lines_) {}

CsvFile& CsvFile::operator=(CsvFile&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(stem_, other.stem_);
  std::swap(bytes_, other.bytes_);
  std::swap(lines_, other.lines_);
  return *this;
}

CsvFile::~CsvFile() {
  if (fd_ >= 0) ::close(fd_);
}

std::filesystem::path CsvFile::with(std::string_view end) const {
  return stem_.string() + std::string(end);
}

Result<CsvFile> CsvFile::create(const std::filesystem::path& stem, std::string_view header) {
  std::error_code ec;
  for (int n = 1; n <= kSameNameMax; ++n) {
    CsvFile file(-1, stem.string() + (n == 1 ? "" : "_" + std::to_string(n)));
    if (std::filesystem::exists(file.with(kCsvEnd), ec) ||
        std::filesystem::exists(file.with(kCsvGzipEnd), ec)) {
      continue;
    }
    const auto part = file.with(kCsvPartEnd);
    file.fd_ = ::open(part.c_str(), O_RDWR | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, kPrivateMode);
    if (file.fd_ < 0 && errno == EEXIST) continue;
    if (file.fd_ < 0) return system_fault(part, "create it");
    if (::flock(file.fd_, LOCK_EX | LOCK_NB) != 0) continue;  // somebody took it for a left one
    if (auto written = file.append(header, 0); !written) {
      ::unlink(part.c_str());
      return tl::unexpected<Error>(written.error());
    }
    return file;
  }
  return fail(ErrorCode::kIo, stem.string() + ": too many files of that name");
}

Result<std::optional<CsvFile>> CsvFile::recover(const std::filesystem::path& part) {
  std::string stem = part.string();
  stem.resize(stem.size() - kCsvPartEnd.size());
  CsvFile file(::open(part.c_str(), O_RDWR | O_APPEND | O_CLOEXEC), stem);
  if (file.fd_ < 0) return system_fault(part, "open it");
  if (::flock(file.fd_, LOCK_EX | LOCK_NB) != 0) return std::nullopt;
  QAIO_ASSIGN(const Whole whole, whole_lines(file.fd_, part));
  if (whole.lines <= 1) {
    ::unlink(part.c_str());
    return std::nullopt;
  }
  if (::ftruncate(file.fd_, whole.bytes) != 0) return system_fault(part, "cut it");
  file.bytes_ = whole.bytes;
  file.lines_ = whole.lines - 1;
  return std::optional<CsvFile>(std::move(file));
}

Result<void> CsvFile::append(std::string_view lines, size_t count) {
  if (!write_all(fd_, lines)) {
    auto error = system_fault(with(kCsvPartEnd), "write it");
    if (::ftruncate(fd_, bytes_) != 0) return system_fault(with(kCsvPartEnd), "cut it");
    return error;
  }
  bytes_ += std::ssize(lines);
  lines_ += count;
  return {};
}

Result<std::filesystem::path> CsvFile::complete(bool gzip) {
  const auto part = with(kCsvPartEnd);
  const auto to = with(gzip ? kCsvGzipEnd : kCsvEnd);
  auto ready = part;
  if (gzip) {
    ready = to.string() + ".part";
    if (auto done = compress(ready); !done) {
      ::unlink(ready.c_str());
      return tl::unexpected<Error>(done.error());
    }
  } else if (::fsync(fd_) != 0) {
    return system_fault(part, "write it");
  }
  if (::rename(ready.c_str(), to.c_str()) != 0) return system_fault(ready, "rename it");
  if (gzip) ::unlink(part.c_str());
  sync_folder(to);
  ::close(std::exchange(fd_, -1));
  return to;
}

Result<void> CsvFile::compress(const std::filesystem::path& to) const {
  const int fd = ::open(to.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, kPrivateMode);
  if (fd < 0) return system_fault(to, "create it");
  const int own = ::dup(fd);  // gzclose() closes its file, which is to be synced after that
  gzFile out = gzdopen(own, "wb");
  std::vector<char> chunk(kChunkBytes);
  bool good = out != nullptr;
  for (int64_t at = 0; good;) {
    const ssize_t got = ::pread(fd_, chunk.data(), chunk.size(), at);
    if (got <= 0) {
      good = got == 0;
      break;
    }
    good = gzwrite(out, chunk.data(), static_cast<unsigned>(got)) == got;
    at += got;
  }
  if (out != nullptr) {
    good = gzclose(out) == Z_OK && good;
  } else {
    ::close(own);
  }
  good = good && ::fsync(fd) == 0;
  auto error = system_fault(to, "write it");
  ::close(fd);
  if (!good) return error;
  return {};
}

}  // namespace qaio
