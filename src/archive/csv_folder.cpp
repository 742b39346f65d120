#include "archive/csv_folder.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <system_error>

#include "archive/csv_file.h"
#include "archive/private_file.h"
#include "base/utc_text.h"

namespace qaio {
namespace {

constexpr std::string_view kPrefix = "qaio-";
constexpr TimeNs kListNs = TimeNs{3600} * 1'000'000'000;
// A clock that is set back by less is being corrected: names go on in their order.
constexpr int64_t kCorrectionMs = 60'000;

// The time in a file's name, qaio-20260921T141320123Z...; 0: there is none.
int64_t begun_unix_ms(const std::string& name) {
  using namespace std::chrono;
  const auto number = [&name](size_t at, size_t digits) {
    int value = 0;
    const char* begin = name.data() + kPrefix.size() + at;
    const auto [end, error] = std::from_chars(begin, begin + digits, value);
    return error == std::errc() && end == begin + digits ? value : -1;
  };
  constexpr size_t kDigits = std::string_view("20260921T141320123Z").size();
  if (name.size() < kPrefix.size() + kDigits) return 0;
  const year_month_day date(year(number(0, 4)), month(static_cast<unsigned>(number(4, 2))),
                            day(static_cast<unsigned>(number(6, 2))));
  const int hour = number(9, 2);
  const int minute = number(11, 2);
  const int second = number(13, 2);
  const int ms = number(15, 3);
  if (!date.ok() || hour < 0 || minute < 0 || second < 0 || ms < 0) return 0;
  const auto time = sys_days(date) + hours(hour) + minutes(minute) + seconds(second);
  return duration_cast<milliseconds>(time.time_since_epoch()).count() + ms;
}

bool complete(const std::string& name) {
  return name.starts_with(kPrefix) && (name.ends_with(kCsvEnd) || name.ends_with(kCsvGzipEnd));
}

}  // namespace

Result<CsvFolder> CsvFolder::open(const std::filesystem::path& folder) {
  std::error_code ec;
  std::filesystem::create_directories(folder, ec);
  if (ec) {
    return fail(ErrorCode::kIo, folder.string() + ": cannot create the folder: " + ec.message());
  }
  if (::faccessat(AT_FDCWD, folder.c_str(), W_OK | X_OK, AT_EACCESS) != 0) {
    return fail(ErrorCode::kIo,
                folder.string() + ": cannot make files in this folder: " + std::strerror(errno));
  }
  CsvFolder opened;
  opened.folder_ = folder;
  QAIO_RETURN_IF_ERROR(opened.list());
  return opened;
}

Result<void> CsvFolder::list() {
  parts_.clear();
  files_.clear();
  bytes_ = 0;
  std::error_code ec;
  for (std::filesystem::directory_iterator it(folder_, ec), end; !ec && it != end;
       it.increment(ec)) {
    const std::string name = it->path().filename().string();
    if (name.starts_with(kPrefix) && name.ends_with(kCsvPartEnd)) parts_.push_back(it->path());
    if (!complete(name)) continue;
    if (auto file = look_at(it->path())) files_.push_back(*std::move(file));
  }
  if (ec) return fail(ErrorCode::kIo, folder_.string() + ": cannot list it: " + ec.message());
  std::ranges::sort(parts_);
  std::ranges::sort(files_, {}, [](const File& file) {
    return std::pair(file.written_unix_ms, file.path.native());
  });
  for (const File& file : files_) bytes_ += file.bytes;
  return {};
}

std::optional<CsvFolder::File> CsvFolder::look_at(const std::filesystem::path& path) {
  struct stat file {};
  if (::stat(path.c_str(), &file) != 0) return std::nullopt;
  const int64_t changed_ms = int64_t{file.st_mtim.tv_sec} * 1000 + file.st_mtim.tv_nsec / 1'000'000;
  return File{path, file.st_size, std::max(begun_unix_ms(path.filename().string()), changed_ms)};
}

std::filesystem::path CsvFolder::next_stem(int64_t now_unix_ms) {
  const bool same_clock = now_unix_ms > last_stem_unix_ms_ - kCorrectionMs;
  last_stem_unix_ms_ = same_clock ? std::max(now_unix_ms, last_stem_unix_ms_ + 1) : now_unix_ms;
  return folder_ / (std::string(kPrefix) + utc_file_text(last_stem_unix_ms_));
}

bool CsvFolder::make_files_private() const {
  bool all = true;
  for (const File& file : files_) all = make_private(file.path.string()) && all;
  for (const auto& part : parts_) all = make_private(part.string()) && all;
  return all;
}

std::optional<int64_t> CsvFolder::newest_unix_ms(int64_t until_unix_ms) const {
  std::optional<int64_t> newest;
  for (const File& file : files_) {
    if (file.written_unix_ms > until_unix_ms) continue;
    newest = std::max(newest.value_or(file.written_unix_ms), file.written_unix_ms);
  }
  return newest;
}

void CsvFolder::add(const std::filesystem::path& path) {
  auto file = look_at(path);
  if (!file) return;
  bytes_ += file->bytes;
  files_.push_back(*std::move(file));
  of_size_.make_room_for(1);
}

size_t CsvFolder::keep(const CsvFolderBounds& bounds, int64_t now_unix_ms, TimeNs now_ns) {
  if (!listed_ns_) listed_ns_ = now_ns;
  if (now_ns - *listed_ns_ >= kListNs && list()) listed_ns_ = now_ns;
  size_t removed = remove_old(
      now_unix_ms - std::chrono::duration_cast<std::chrono::milliseconds>(bounds.age_max).count(),
      now_unix_ms, now_ns);
  while (!files_.empty() && (files_.size() > bounds.files_max || bytes_ > bounds.bytes_max) &&
         of_size_.left(now_ns, std::ssize(files_)) > 0) {
    remove(files_.begin());
    of_size_.take(1);
    ++removed;
  }
  return removed;
}

// One whose time cannot be right is not held to be old.
size_t CsvFolder::remove_old(int64_t before_unix_ms, int64_t now_unix_ms, TimeNs now_ns) {
  size_t removed = 0;
  for (auto file = files_.begin(); file != files_.end();) {
    const int64_t written_unix_ms = file->written_unix_ms;
    if (written_unix_ms >= before_unix_ms && written_unix_ms <= now_unix_ms) break;
    if (written_unix_ms < kClockSetUnixMs || written_unix_ms > now_unix_ms) {
      ++file;
      continue;
    }
    if (of_age_.left(now_ns, std::ssize(files_)) == 0) break;
    file = remove(file);
    of_age_.take(1);
    ++removed;
  }
  return removed;
}

std::deque<CsvFolder::File>::iterator CsvFolder::remove(const std::deque<File>::iterator& file) {
  std::error_code ec;  // one that is gone or cannot be removed is no longer ours to count
  std::filesystem::remove(file->path, ec);
  bytes_ -= file->bytes;
  return files_.erase(file);
}

}  // namespace qaio
