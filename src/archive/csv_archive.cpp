#include "archive/csv_archive.h"

#include <algorithm>
#include <utility>

#include "base/time_units.h"
#include "record/record_text.h"

namespace qaio {
namespace {

constexpr TimeNs kBoundsNs = 600 * kSecondNs;
constexpr TimeNs kTellNs = 3600 * kSecondNs;

bool due(const std::optional<TimeNs>& last_ns, TimeNs interval_ns, TimeNs now_ns) {
  return !last_ns || now_ns - *last_ns >= interval_ns;
}

}  // namespace

CsvArchive::CsvArchive(CsvArchiveOptions options, RunInfo run, ArchiveMessage on_message,
                       const Clock& clock)
    : options_(std::move(options)),
      on_message_(std::move(on_message)),
      clock_(clock),
      pause_(options_.retry_interval, clock_),
      run_(std::move(run)) {}

Result<std::unique_ptr<CsvArchive>> CsvArchive::open(CsvArchiveOptions options, RunInfo run,
                                                     ArchiveMessage on_message,
                                                     const Clock& clock) {
  std::unique_ptr<CsvArchive> archive(
      new CsvArchive(std::move(options), std::move(run), std::move(on_message), clock));
  QAIO_ASSIGN(archive->folder_, CsvFolder::open(archive->options_.folder));
  if (archive->options_.with_texts && !archive->folder_.make_files_private()) {
    archive->on_message_(
        ArchiveEvent::kDoubtful,
        archive->options_.folder +
            ": everybody on this machine may read files of this folder, which only "
            "their owner can change (chmod o= FILE)");
  }
  archive->time_.emplace(clock, newest_believable(clock.wall_unix_ms(), [&](int64_t until_unix_ms) {
                           return archive->folder_.newest_unix_ms(until_unix_ms);
                         }));
  for (const auto& part : archive->folder_.parts()) {
    QAIO_ASSIGN(std::optional<CsvFile> left, CsvFile::recover(part));
    if (!left) continue;
    // On a full disk it keeps its .part for the next start.
    if (const auto path = left->complete(archive->options_.gzip)) archive->folder_.add(*path);
  }
  archive->keep_bounds();
  return archive;
}

CsvArchive::~CsvArchive() { static_cast<void>(close()); }

Result<void> CsvArchive::close() {
  if (std::exchange(closed_, true)) return {};
  Result<void> done = leave_gone_file();
  if (done && !held_.empty()) done = write_held();
  if (done) done = begin_completing();
  if (done && file_) done = end_file();
  if (done) done = take_completed(true);
  tell_removed();
  if (!done) pause(done.error());
  pause_.lose(held_.size());
  held_.clear();
  const uint64_t count = pause_.take_lost();
  if (count == 0) return {};
  return fail(ErrorCode::kIo,
              options_.folder + ": " + std::to_string(count) +
                  " records could not be archived and are lost: " + pause_.reason());
}

void CsvArchive::set_run(RunInfo run) {
  const MutexLock lock(mutex_);
  run_ = std::move(run);
}

void CsvArchive::consume(std::span<const RecordPtr> records) {
  if (due(bounds_checked_ns_, kBoundsNs, clock_.now_ns())) keep_bounds();
  if (pause_.paused()) {
    hold(records);
    // A try that writes nothing says nothing.
    if (held_.empty() || !pause_.retry_due()) return;
    const Result<void> done = write_held();
    if (!done) return pause(done.error());
    on_message_(ArchiveEvent::kResumed, options_.folder + ": CSV files go on; " +
                                            std::to_string(pause_.end()) + " records were lost");
    return;
  }
  size_t taken = 0;
  const Result<void> done = write(records, taken);
  written_.fetch_add(taken, std::memory_order_relaxed);
  if (done) return;
  pause(done.error());
  hold(records.subspan(taken));
}

// As far as there is room.
void CsvArchive::hold(std::span<const RecordPtr> records) {
  const size_t count = std::min(records.size(), options_.held_max - held_.size());
  held_.insert(held_.end(), records.begin(), records.begin() + static_cast<ptrdiff_t>(count));
  pause_.lose(records.size() - count);
  held_count_ = held_.size();
}

Result<void> CsvArchive::write_held() {
  size_t taken = 0;
  Result<void> done = write(held_, taken);
  held_.erase(held_.begin(), held_.begin() + static_cast<ptrdiff_t>(taken));
  held_count_ = held_.size();
  written_.fetch_add(taken, std::memory_order_relaxed);
  return done;
}

// `taken`: how many of the records are in files.
Result<void> CsvArchive::write(std::span<const RecordPtr> records, size_t& taken) {
  RunInfo run;
  {
    const MutexLock lock(mutex_);
    run = run_;
  }
  QAIO_RETURN_IF_ERROR(leave_gone_file());
  if (completing_ && !completing_->done.valid()) {  // it failed: what comes now would, too
    QAIO_RETURN_IF_ERROR(begin_completing());
    QAIO_RETURN_IF_ERROR(take_completed(true));
  }
  while (taken < records.size()) {
    if (file_ && file_->lines() >= options_.records_per_file) QAIO_RETURN_IF_ERROR(end_file());
    if (!file_) QAIO_RETURN_IF_ERROR(begin_file());
    const size_t count =
        std::min(records.size() - taken, options_.records_per_file - file_->lines());
    lines_.clear();
    for (const RecordPtr& record : records.subspan(taken, count)) append_csv(*record, run, lines_);
    QAIO_RETURN_IF_ERROR(file_->append(lines_, count));
    taken += count;
  }
  if (file_ && file_->lines() >= options_.records_per_file) QAIO_RETURN_IF_ERROR(end_file());
  return take_completed(false);
}

Result<void> CsvArchive::begin_file() {
  std::error_code ec;
  if (!std::filesystem::exists(options_.folder, ec)) {  // somebody removed it
    QAIO_ASSIGN(folder_, CsvFolder::open(options_.folder));
  }
  QAIO_ASSIGN(CsvFile file,
              CsvFile::create(folder_.next_stem(clock_.wall_unix_ms()), csv_header()));
  file_.emplace(std::move(file));
  return {};
}

// Often the whole folder went: it is made, if need be, and looked at anew.
Result<void> CsvArchive::leave_gone_file() {
  if (!file_ || !left(*file_)) return {};
  file_.reset();
  QAIO_ASSIGN(folder_, CsvFolder::open(options_.folder));
  return {};
}

// Whether somebody removed the file or moved it away.
bool CsvArchive::left(const CsvFile& file) {
  const FilePlace place = file.place();
  if (place == FilePlace::kThere) return false;
  const bool removed = place == FilePlace::kRemoved;
  const size_t count = file.lines();
  if (removed) {
    pause_.lose_and_tell(count);
  }
  on_message_(ArchiveEvent::kBegunAnew,
              options_.folder + ": the CSV file that was being written was " +
                  (removed ? "removed, " : "moved away, ") + std::to_string(count) +
                  " records with it; a new one begins");
  return true;
}

// One at a time: when files fill faster than the disk takes them, it is waited for.
Result<void> CsvArchive::end_file() {
  QAIO_RETURN_IF_ERROR(take_completed(true));
  completing_.emplace(Completing{.file = *std::exchange(file_, std::nullopt), .done = {}});
  return begin_completing();
}

// The file that is to be completed, for the first time or once more.
Result<void> CsvArchive::begin_completing() {
  if (!completing_ || completing_->done.valid()) return {};
  completing_->done = std::async(
      std::launch::async | std::launch::deferred,
      [file = &completing_->file, gzip = options_.gzip] { return file->complete(gzip); });
  return {};
}

Result<void> CsvArchive::take_completed(bool wait) {
  if (!completing_ || !completing_->done.valid()) return {};
  const auto none = std::chrono::seconds(0);
  if (!wait && completing_->done.wait_for(none) == std::future_status::timeout) return {};
  const Result<std::filesystem::path> path = completing_->done.get();
  if (!path && !left(completing_->file)) return tl::unexpected<Error>(path.error());
  completing_.reset();
  if (!path) return {};
  folder_.add(*path);
  keep_bounds();
  return {};
}

void CsvArchive::settle() {
  const Result<void> done = take_completed(true);
  if (!done) pause(done.error());
}

void CsvArchive::keep_bounds() {
  const TimeNs now_ns = clock_.now_ns();
  removed_ += folder_.keep(options_.bounds, time_->now_unix_ms(), now_ns);
  bounds_checked_ns_ = now_ns;
  if (due(told_ns_, kTellNs, now_ns)) tell_removed();
}

void CsvArchive::tell_removed() {
  if (removed_ == 0) return;
  on_message_(ArchiveEvent::kRemoved, options_.folder + ": removed the oldest " +
                                          std::to_string(removed_) +
                                          (removed_ == 1 ? " CSV file" : " CSV files"));
  removed_ = 0;
  told_ns_ = clock_.now_ns();
}

void CsvArchive::pause(const Error& error) {
  if (pause_.begin(error)) {
    on_message_(ArchiveEvent::kPaused,
                "CSV files pause until they can be written again: " + error.message);
  }
}

}  // namespace qaio
