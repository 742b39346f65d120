#include "observe/sqlite_archive.h"

#include <algorithm>
#include <utility>

namespace qaio {
namespace {

constexpr TimeNs kBoundsIntervalNs = TimeNs{10} * 1'000'000'000;

TimeNs to_ns(std::chrono::milliseconds time) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(time).count();
}

}  // namespace

SqliteArchive::SqliteArchive(SqliteArchiveOptions options, RunInfo run, ArchiveMessage on_message,
                             const Clock& clock)
    : options_(std::move(options)),
      on_message_(std::move(on_message)),
      clock_(clock),
      run_(std::move(run)) {
  pending_.reserve(options_.batch_max);
}

Result<std::unique_ptr<SqliteArchive>> SqliteArchive::open(SqliteArchiveOptions options,
                                                           RunInfo run, ArchiveMessage on_message,
                                                           const Clock& clock) {
  std::unique_ptr<SqliteArchive> archive(
      new SqliteArchive(std::move(options), std::move(run), std::move(on_message), clock));
  Result<ArchiveWriter> writer = ArchiveWriter::open(archive->options_.path);
  if (writer) {
    archive->writer_.emplace(*std::move(writer));
  } else if (writer.error().code == ErrorCode::kResourceExhausted) {
    archive->pause(writer.error());
  } else {
    return tl::unexpected<Error>(writer.error());
  }
  return archive;
}

SqliteArchive::~SqliteArchive() {
  if (waiting()) flush();
}

void SqliteArchive::set_run(RunInfo run) {
  const std::lock_guard lock(mutex_);
  run_ = std::move(run);
  run_changed_ = true;
}

// A run is written with its first records, and again when it changed.
bool SqliteArchive::waiting() {
  const std::lock_guard lock(mutex_);
  return !pending_.empty() || (run_changed_ && run_id_ != 0);
}

void SqliteArchive::consume(std::span<const RecordPtr> records) {
  const TimeNs now_ns = clock_.now_ns();
  if (retry_at_ns_ && now_ns >= *retry_at_ns_) flush();
  for (const RecordPtr& record : records) {
    if (pending_.size() == options_.batch_max && !retry_at_ns_) flush();
    if (pending_.size() == options_.batch_max) {
      lost_.fetch_add(1, std::memory_order_relaxed);
      continue;
    }
    if (pending_.empty()) pending_since_ns_ = now_ns;
    pending_.push_back(record);
  }
  if (retry_at_ns_) return;
  const bool due = now_ns - pending_since_ns_ >= to_ns(options_.flush_interval);
  if (pending_.size() == options_.batch_max || (due && waiting())) flush();
  if (!retry_at_ns_) keep_bounds(now_ns);
}

void SqliteArchive::write_now() {
  if (!retry_at_ns_ && waiting()) flush();
}

// Writes what waits, and pauses or resumes as that turns out.
void SqliteArchive::flush() {
  const Result<void> done = write_pending();
  if (!done) return pause(done.error());
  written_.fetch_add(pending_.size(), std::memory_order_relaxed);
  pending_.clear();
  if (retry_at_ns_) resume();
}

Result<void> SqliteArchive::write_pending() {
  if (!writer_) {
    QAIO_ASSIGN(ArchiveWriter writer, ArchiveWriter::open(options_.path));
    writer_.emplace(std::move(writer));
  }
  RunInfo run;
  {
    const std::lock_guard lock(mutex_);
    run = run_;
    run_changed_ = false;
  }
  QAIO_ASSIGN(run_id_, writer_->write(pending_, run, run_id_));
  return {};
}

// The connection goes as well: a new one starts from what the file holds.
void SqliteArchive::pause(const Error& error) {
  writer_.reset();
  if (!retry_at_ns_) {
    lost_before_pause_ = lost();
    on_message_(ArchiveEvent::kPaused,
                "archiving pauses until it can write again: " + error.message);
  }
  retry_at_ns_ = clock_.now_ns() + to_ns(options_.retry_interval);
  if (error.code == ErrorCode::kInternal) {  // trying again cannot help this batch
    lost_.fetch_add(pending_.size(), std::memory_order_relaxed);
    pending_.clear();
  }
}

void SqliteArchive::resume() {
  retry_at_ns_.reset();
  on_message_(
      ArchiveEvent::kResumed,
      "archiving goes on; " + std::to_string(lost() - lost_before_pause_) + " records were lost");
}

// After each batch would cost more than it gives; as long as there is more to do, at every call.
void SqliteArchive::keep_bounds(TimeNs now_ns) {
  if (now_ns - bounds_checked_ns_ < kBoundsIntervalNs) return;
  const Result<bool> more = writer_->remove_excess(options_.retention, clock_.wall_unix_ms());
  if (!more) return pause(more.error());
  if (!*more) bounds_checked_ns_ = now_ns;
}

}  // namespace qaio
