#include "observe/csv_archive.h"

#include <algorithm>
#include <utility>

#include "observe/record_text.h"

namespace qaio {

CsvArchive::CsvArchive(CsvArchiveOptions options, RunInfo run, ArchiveMessage on_message,
                       const Clock& clock)
    : options_(std::move(options)),
      on_message_(std::move(on_message)),
      clock_(clock),
      run_(std::move(run)) {}

Result<std::unique_ptr<CsvArchive>> CsvArchive::open(CsvArchiveOptions options, RunInfo run,
                                                     ArchiveMessage on_message,
                                                     const Clock& clock) {
  std::unique_ptr<CsvArchive> archive(
      new CsvArchive(std::move(options), std::move(run), std::move(on_message), clock));
  QAIO_ASSIGN(archive->folder_, CsvFolder::open(archive->options_.folder));
  for (const auto& part : archive->folder_.parts()) {
    QAIO_ASSIGN(std::optional<CsvFile> left, CsvFile::recover(part));
    if (!left) continue;
    // On a full disk it keeps its .part for the next start.
    if (const auto path = left->complete(archive->options_.gzip)) archive->folder_.add(*path);
  }
  archive->folder_.keep(archive->options_.bounds, clock.wall_unix_ms());
  return archive;
}

CsvArchive::~CsvArchive() {
  Result<void> done = leave_gone_file();
  if (done && file_) done = complete();
  if (!done) pause(done.error());
}

void CsvArchive::set_run(RunInfo run) {
  const std::lock_guard lock(mutex_);
  run_ = std::move(run);
}

void CsvArchive::consume(std::span<const RecordPtr> records) {
  if (records.empty() && retry_at_ns_) return;  // a try that writes nothing says nothing
  size_t taken = 0;
  if (!retry_at_ns_ || clock_.now_ns() >= *retry_at_ns_) {
    const Result<void> done = write(records, taken);
    if (!done) {
      pause(done.error());
    } else if (retry_at_ns_) {
      retry_at_ns_.reset();
      on_message_(ArchiveEvent::kResumed, options_.folder + ": CSV files go on; " +
                                              std::to_string(lost() - lost_before_pause_) +
                                              " records were lost");
    }
  }
  written_.fetch_add(taken, std::memory_order_relaxed);
  lost_.fetch_add(records.size() - taken, std::memory_order_relaxed);
}

// `taken`: how many of the records are in files.
Result<void> CsvArchive::write(std::span<const RecordPtr> records, size_t& taken) {
  RunInfo run;
  {
    const std::lock_guard lock(mutex_);
    run = run_;
  }
  QAIO_RETURN_IF_ERROR(leave_gone_file());
  while (taken < records.size()) {
    if (file_ && file_->lines() >= options_.records_per_file) QAIO_RETURN_IF_ERROR(complete());
    if (!file_) QAIO_RETURN_IF_ERROR(begin_file());
    const size_t count =
        std::min(records.size() - taken, options_.records_per_file - file_->lines());
    lines_.clear();
    for (const RecordPtr& record : records.subspan(taken, count)) append_csv(*record, run, lines_);
    QAIO_RETURN_IF_ERROR(file_->append(lines_, count));
    taken += count;
  }
  if (file_ && file_->lines() >= options_.records_per_file) QAIO_RETURN_IF_ERROR(complete());
  return {};
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
  const FilePlace place = file_ ? file_->place() : FilePlace::kThere;
  if (place == FilePlace::kThere) return {};
  const bool removed = place == FilePlace::kRemoved;
  const size_t count = file_->lines();
  file_.reset();
  if (removed) {
    lost_.fetch_add(count, std::memory_order_relaxed);
    lost_before_pause_ += count;
  }
  on_message_(ArchiveEvent::kBegunAnew,
              options_.folder + ": the CSV file that was being written was " +
                  (removed ? "removed, " : "moved away, ") + std::to_string(count) +
                  " records with it; a new one begins");
  QAIO_ASSIGN(folder_, CsvFolder::open(options_.folder));
  return {};
}

Result<void> CsvArchive::complete() {
  QAIO_ASSIGN(const std::filesystem::path path, file_->complete(options_.gzip));
  file_.reset();
  folder_.add(path);
  folder_.keep(options_.bounds, clock_.wall_unix_ms());
  return {};
}

void CsvArchive::pause(const Error& error) {
  if (!retry_at_ns_) {
    lost_before_pause_ = lost();
    on_message_(ArchiveEvent::kPaused,
                "CSV files pause until they can be written again: " + error.message);
  }
  retry_at_ns_ =
      clock_.now_ns() +
      std::chrono::duration_cast<std::chrono::nanoseconds>(options_.retry_interval).count();
}

}  // namespace qaio
