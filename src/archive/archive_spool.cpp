#include "archive/archive_spool.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "archive/held_file.h"
#include "archive/private_file.h"
#include "base/utc_text.h"
#include "record/record_json.h"

namespace qaio {
namespace {

constexpr std::string_view kInfix = ".spool-";
constexpr std::string_view kEnd = ".jsonl";
constexpr int kSameNameMax = 100;
constexpr uintmax_t kBytesMax = uintmax_t{1} << 30;  // far more than any holds
constexpr std::string_view kRunBegin = "{\"run\":";

}  // namespace

std::vector<std::filesystem::path> archive_spools(const std::string& archive_path) {
  const std::filesystem::path archive(archive_path);
  const auto folder = archive.has_parent_path() ? archive.parent_path() : ".";
  const std::string begin = archive.filename().string() + std::string(kInfix);
  std::vector<std::filesystem::path> found;
  std::error_code ec;
  for (std::filesystem::directory_iterator it(folder, ec), end; !ec && it != end;
       it.increment(ec)) {
    const std::string name = it->path().filename().string();
    if (name.starts_with(begin) && name.ends_with(kEnd)) found.push_back(it->path());
  }
  std::ranges::sort(found);
  return found;
}

ArchiveSpool::~ArchiveSpool() {
  if (fd_ >= 0) ::close(fd_);
}

tl::unexpected<Error> ArchiveSpool::fault(const std::string& what) const {
  const int error = errno;
  return fail(ErrorCode::kIo, path_ + ": cannot " + what + ": " + std::strerror(error));
}

Result<void> ArchiveSpool::create() {
  bytes_of_others_ = 0;
  for (const auto& other : archive_spools(archive_path_)) {
    std::error_code ec;
    const auto bytes = std::filesystem::file_size(other, ec);
    if (!ec) bytes_of_others_ += static_cast<int64_t>(bytes);
  }
  const std::string stem =
      archive_path_ + std::string(kInfix) + utc_file_text(clock_.wall_unix_ms());
  for (int n = 1; n <= kSameNameMax; ++n) {
    path_ = stem + (n == 1 ? "" : "_" + std::to_string(n)) + std::string(kEnd);
    fd_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, kPrivateMode);
    if (fd_ < 0 && errno == EEXIST) continue;
    if (fd_ < 0) break;
    if (::flock(fd_, LOCK_EX | LOCK_NB) == 0) return {};
    ::close(std::exchange(fd_, -1));  // somebody took it for a left one
  }
  auto error = fault("create it");
  path_.clear();
  return error;
}

Result<void> ArchiveSpool::append(std::span<const RecordPtr> records, const RunInfo& run) {
  if (records.empty()) return {};
  if (fd_ >= 0 && file_place(fd_, path_) != FilePlace::kThere) {
    lost_ += records_;
    remove();
  }
  if (fd_ < 0) QAIO_RETURN_IF_ERROR(create());
  const std::string line = run_line(run, false);
  std::string lines = line == run_line_ ? "" : line;
  for (const RecordPtr& record : records) lines += record_line(*record);
  if (bytes_of_others_ + bytes_ + std::ssize(lines) > bytes_max_) {
    const std::string path = path_;
    if (bytes_ == 0) remove();
    return fail(ErrorCode::kResourceExhausted,
                path + ": holds as much as it may, " + std::to_string(bytes_max_ >> 20) + " MiB");
  }
  if (!write_all(fd_, lines)) {
    auto error = fault("write it");
    // What cannot be cut off is half a line, which the reader leaves out.
    if (::ftruncate(fd_, bytes_) != 0) static_cast<void>(write_all(fd_, "\n"));
    if (bytes_ == 0) remove();
    return error;
  }
  bytes_ += std::ssize(lines);
  records_ += records.size();
  run_line_ = line;
  return {};
}

void ArchiveSpool::remove() {
  if (fd_ < 0) return;
  // Another one of this name is not ours. What cannot be removed is emptied, so that nobody reads
  // it once more; if it can be neither, the next server finds that it has those records.
  [[maybe_unused]] const bool done = file_place(fd_, path_) != FilePlace::kThere ||
                                     ::unlink(path_.c_str()) == 0 || ::ftruncate(fd_, 0) == 0;
  ::close(std::exchange(fd_, -1));
  path_.clear();
  run_line_.clear();
  bytes_ = 0;
  records_ = 0;
}

Result<std::optional<SpoolReader>> SpoolReader::open(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
  if (fd < 0 && errno == ENOENT) return std::nullopt;
  if (fd < 0) {
    return fail(ErrorCode::kIo, path + ": cannot open it: " + std::strerror(errno));
  }
  // Whoever had the lock may have removed it.
  if (::flock(fd, LOCK_EX | LOCK_NB) != 0 || file_place(fd, path) != FilePlace::kThere) {
    ::close(fd);
    return std::nullopt;
  }
  SpoolReader reader(path, fd);
  std::error_code ec;
  if (std::filesystem::file_size(path, ec) > kBytesMax) {
    return fail(ErrorCode::kCorrupt, path + ": too large to be a spool of an archive");
  }
  return std::optional<SpoolReader>(std::move(reader));
}

SpoolReader::SpoolReader(SpoolReader&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      file_(std::move(other.file_)),
      run_(std::move(other.run_)),
      next_run_(std::move(other.next_run_)),
      damaged_(other.damaged_) {}

SpoolReader::~SpoolReader() {
  if (fd_ >= 0) ::close(fd_);
}

SpoolReader::Batch SpoolReader::next(size_t count_max) {
  if (next_run_) run_ = *std::exchange(next_run_, std::nullopt);
  Batch batch;
  std::string line;
  while (batch.records.size() < count_max && std::getline(file_, line)) {
    if (line.starts_with(kRunBegin)) {
      auto run = parse_run(line);
      if (!run) {
        ++damaged_;
      } else if (batch.records.empty()) {
        run_ = *std::move(run);
      } else {
        next_run_ = *std::move(run);
        break;
      }
      continue;
    }
    auto record = parse_record(line);
    if (record) {
      batch.records.push_back(std::make_shared<const RequestRecord>(*std::move(record)));
    } else {
      ++damaged_;
    }
  }
  batch.run = run_;
  return batch;
}

}  // namespace qaio
