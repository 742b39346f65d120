#include "observe/csv_folder.h"

#include <algorithm>
#include <system_error>

#include "observe/csv_file.h"
#include "observe/record_text.h"

namespace qaio {
namespace {

constexpr std::string_view kPrefix = "qaio-";

}  // namespace

Result<CsvFolder> CsvFolder::open(const std::filesystem::path& folder) {
  std::error_code ec;
  std::filesystem::create_directories(folder, ec);
  if (ec) {
    return fail(ErrorCode::kIo, folder.string() + ": cannot create the folder: " + ec.message());
  }
  CsvFolder opened;
  opened.folder_ = folder;
  std::vector<std::filesystem::path> complete;
  for (std::filesystem::directory_iterator it(folder, ec), end; !ec && it != end;
       it.increment(ec)) {
    const std::string name = it->path().filename().string();
    if (!name.starts_with(kPrefix)) continue;
    if (name.ends_with(kCsvPartEnd)) opened.parts_.push_back(it->path());
    if (name.ends_with(kCsvEnd) || name.ends_with(kCsvGzipEnd)) complete.push_back(it->path());
  }
  if (ec) return fail(ErrorCode::kIo, folder.string() + ": cannot list it: " + ec.message());
  std::ranges::sort(complete);  // names begin with their time
  std::ranges::sort(opened.parts_);
  for (const auto& path : complete) opened.add(path);
  return opened;
}

std::filesystem::path CsvFolder::next_stem(int64_t now_unix_ms) {
  last_stem_unix_ms_ = std::max(now_unix_ms, last_stem_unix_ms_ + 1);
  return stem(last_stem_unix_ms_);
}

std::filesystem::path CsvFolder::stem(int64_t unix_ms) const {
  return folder_ / (std::string(kPrefix) + utc_file_text(unix_ms));
}

void CsvFolder::add(const std::filesystem::path& file) {
  std::error_code ec;
  const auto bytes = std::filesystem::file_size(file, ec);
  if (ec) return;
  files_.push_back({file, static_cast<int64_t>(bytes)});
  bytes_ += files_.back().bytes;
}

void CsvFolder::keep(const CsvFolderBounds& bounds, int64_t now_unix_ms) {
  const int64_t oldest_unix_ms =
      now_unix_ms - std::chrono::duration_cast<std::chrono::milliseconds>(bounds.age_max).count();
  const auto oldest = stem(oldest_unix_ms);
  while (!files_.empty() && (files_.size() > bounds.files_max || bytes_ > bounds.bytes_max ||
                             files_.front().path < oldest)) {
    std::error_code ec;  // one that is gone or cannot be removed is no longer ours to count
    std::filesystem::remove(files_.front().path, ec);
    bytes_ -= files_.front().bytes;
    files_.pop_front();
  }
}

}  // namespace qaio
