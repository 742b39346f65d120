#include "observe/sqlite_archive.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <utility>

#include "observe/archive_reader.h"
#include "observe/archive_schema.h"
#include "observe/record_text.h"

namespace qaio {
namespace {

constexpr TimeNs kBoundsIntervalNs = TimeNs{10} * 1'000'000'000;
constexpr size_t kProblemsMax = 16;  // said of one file

TimeNs to_ns(std::chrono::milliseconds time) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(time).count();
}

// Whether the file's header, as SQLite's file format has it, says that qaio wrote it; all else in
// it may be damaged.
bool has_archive_header(const std::string& path) {
  constexpr std::string_view kMagic("SQLite format 3\0", 16);
  constexpr size_t kIdOffset = 68;
  std::array<char, kIdOffset + 4> header{};
  std::ifstream file(path, std::ios::binary);
  if (!file.read(header.data(), header.size())) return false;
  int64_t id = 0;
  for (size_t i = 0; i < 4; ++i) id = id << 8 | static_cast<uint8_t>(header[kIdOffset + i]);
  return std::string_view(header.data(), kMagic.size()) == kMagic && id == kArchiveId;
}

std::string records_text(uint64_t count) {
  return std::to_string(count) + (count == 1 ? " record" : " records");
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
  Result<void> opened = archive->open_writer();
  if (!opened && archive->set_aside(opened.error())) opened = archive->open_writer();
  if (opened) return archive;
  if (opened.error().code != ErrorCode::kResourceExhausted) {
    return tl::unexpected<Error>(opened.error());
  }
  archive->pause(opened.error());
  return archive;
}

SqliteArchive::~SqliteArchive() {
  if (waiting() || to_be_left()) flush();
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
  if (pending_.size() == options_.batch_max || (due && (waiting() || to_be_left()))) flush();
  if (!retry_at_ns_) keep_bounds(now_ns);
}

void SqliteArchive::write_now() {
  if (!retry_at_ns_ && (waiting() || to_be_left())) flush();
}

void SqliteArchive::report_unreadable(const Error& error) {
  if (error.code == ErrorCode::kCorrupt) suspect_ = true;
  say_once(error.message);
}

void SqliteArchive::report_damaged(size_t records) { say_once(damaged_text(records)); }

void SqliteArchive::say_once(const std::string& problem) {
  {
    const std::lock_guard lock(mutex_);
    if (problems_.size() == kProblemsMax || !problems_.insert(problem).second) return;
  }
  on_message_(ArchiveEvent::kUnreadable, "reading the archive: " + problem);
}

// Writes what waits, and pauses or resumes as that turns out.
void SqliteArchive::flush() {
  Result<void> done = write_pending();
  if (!done && set_aside(done.error())) done = write_pending();
  if (!done) return pause(done.error());
  written_.fetch_add(pending_.size(), std::memory_order_relaxed);
  written_to_file_ += pending_.size();
  pending_.clear();
  if (retry_at_ns_) resume();
}

Result<void> SqliteArchive::open_writer() {
  QAIO_ASSIGN(ArchiveWriter writer, ArchiveWriter::open(options_.path));
  writer_.emplace(std::move(writer));
  file_ = HeldFile::hold(options_.path);
  return {};
}

bool SqliteArchive::to_be_left() const { return suspect_ || gone(); }

// What SQLite writes into a file without a name goes with it, and it says nothing.
bool SqliteArchive::gone() const { return file_ && file_->place() != FilePlace::kThere; }

// Another file has this path, or none: what belongs to the old one is left there.
void SqliteArchive::leave_file() {
  const bool removed = file_->place() == FilePlace::kRemoved;
  if (writer_) writer_->leave();
  const uint64_t count = written_to_file_;
  forget_file();
  const std::string were = records_text(count) + " of this run";
  if (removed) {
    lost_.fetch_add(count, std::memory_order_relaxed);
    lost_before_pause_ += count;
  }
  on_message_(ArchiveEvent::kBegunAnew,
              options_.path + ": the archive was " +
                  (removed ? "removed or replaced while it was written; " + were + " went with it"
                           : "moved away while it was written; " + were + " went along") +
                  ", and a new one begins");
}

// Whatever has the path next begins without this run.
void SqliteArchive::forget_file() {
  writer_.reset();
  file_.reset();
  run_id_ = 0;
  written_to_file_ = 0;
  const std::lock_guard lock(mutex_);
  problems_.clear();
}

// A damaged archive gets another name, for whoever wants to save what is in it. False: it is not
// damaged, or not ours to rename.
bool SqliteArchive::set_aside(const Error& error) {
  if (error.code != ErrorCode::kCorrupt || (!file_ && !has_archive_header(options_.path)))
    return false;
  if (gone()) {  // another server has done it
    leave_file();
    return true;
  }
  writer_.reset();
  const std::string aside = options_.path + ".damaged-" + utc_file_text(clock_.wall_unix_ms());
  std::error_code ec;
  std::filesystem::rename(options_.path, aside, ec);
  if (ec) return false;
  for (const char* part : {"-wal", "-shm"}) {  // most often there is none
    std::filesystem::rename(options_.path + part, aside + part, ec);
  }
  forget_file();
  on_message_(ArchiveEvent::kBegunAnew, "the archive is damaged (" + error.message +
                                            "): it is now " + aside +
                                            ", where `sqlite3 FILE .recover` finds what is left, "
                                            "and a new one begins");
  return true;
}

Result<void> SqliteArchive::write_pending() {
  if (gone()) leave_file();
  if (suspect_.exchange(false)) writer_.reset();
  if (!writer_) QAIO_RETURN_IF_ERROR(open_writer());
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
  if (!writer_ || now_ns - bounds_checked_ns_ < kBoundsIntervalNs) return;
  const Result<bool> more = writer_->remove_excess(options_.retention, clock_.wall_unix_ms());
  if (!more && set_aside(more.error())) return;
  if (!more) return pause(more.error());
  if (!*more) bounds_checked_ns_ = now_ns;
}

}  // namespace qaio
