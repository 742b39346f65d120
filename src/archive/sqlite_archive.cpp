#include "archive/sqlite_archive.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <utility>

#include "archive/archive_reader.h"
#include "archive/archive_schema.h"
#include "archive/private_file.h"
#include "base/utc_text.h"

namespace qaio {
namespace {

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
      pause_(options_.retry_interval, clock_),
      bounds_(options_.retention, on_message_, clock_),
      spool_(options_.path, options_.spool_bytes_max, clock_),
      run_(std::move(run)) {
  pending_.reserve(options_.batch_max);
}

Result<std::unique_ptr<SqliteArchive>> SqliteArchive::open(SqliteArchiveOptions options,
                                                           RunInfo run, ArchiveMessage on_message,
                                                           const Clock& clock) {
  std::unique_ptr<SqliteArchive> archive(
      new SqliteArchive(std::move(options), std::move(run), std::move(on_message), clock));
  archive->protect_texts();
  Result<void> opened = archive->open_writer();
  if (!opened && archive->set_aside(opened.error())) opened = archive->open_writer();
  if (opened) opened = archive->writer_->try_to_write();
  if (opened) return archive;
  if (opened.error().code != ErrorCode::kResourceExhausted) {
    return tl::unexpected<Error>(opened.error());
  }
  archive->pause(opened.error());
  return archive;
}

SqliteArchive::~SqliteArchive() { static_cast<void>(close()); }

Result<void> SqliteArchive::close() {
  if (std::exchange(closed_, true)) return {};
  if (waiting() || to_be_left() || spool_.records() > 0) flush();
  lose(pending_.size());
  pending_.clear();
  lose_amendments();
  if (!pause_.paused()) return {};
  if (spool_.records() > 0) {
    on_message_(ArchiveEvent::kDoubtful, records_text(spool_.records()) +
                                             " that could not be written to the archive are in " +
                                             spool_.path() + "; the next start takes them up");
  }
  const uint64_t count = pause_.take_lost();
  if (count == 0) return {};
  return fail(ErrorCode::kIo, options_.path + ": " + records_text(count) +
                                  " could not be archived and are lost: " + pause_.reason());
}

// Of an archive and what lies beside it (-wal, -shm, damaged copies, spools) that earlier versions,
// or runs without texts, have made.
void SqliteArchive::protect_texts() {
  if (!options_.with_texts) return;
  const std::filesystem::path archive(options_.path);
  const auto folder = archive.has_parent_path() ? archive.parent_path() : ".";
  const std::string name = archive.filename().string();
  std::error_code ec;
  for (std::filesystem::directory_iterator it(folder, ec), end; !ec && it != end;
       it.increment(ec)) {
    const std::string other = it->path().filename().string();
    const bool ours = other == name || other == name + "-wal" || other == name + "-shm" ||
                      other.starts_with(name + ".damaged-") || other.starts_with(name + ".spool-");
    if (!ours || make_private(it->path().string())) continue;
    on_message_(ArchiveEvent::kDoubtful, it->path().string() +
                                             ": everybody on this machine may read it, which only "
                                             "its owner can change (chmod o= FILE)");
  }
}

RunInfo SqliteArchive::run() {
  const MutexLock lock(mutex_);
  return run_;
}

void SqliteArchive::set_run(RunInfo run) {
  const MutexLock lock(mutex_);
  run_ = std::move(run);
  run_changed_ = true;
}

// A run is written with its first records, and again when it changed.
bool SqliteArchive::waiting() {
  const MutexLock lock(mutex_);
  return !pending_.empty() || !amended_.empty() || (run_changed_ && run_id_ != 0);
}

void SqliteArchive::consume(std::span<const RecordPtr> records) {
  const TimeNs now_ns = clock_.now_ns();
  if (pause_.paused() ? pause_.retry_due() : spools_left_) flush();
  for (const RecordPtr& record : records) {
    if (pending_.size() == options_.batch_max) pause_.paused() ? spool_pending() : flush();
    if (pending_.size() == options_.batch_max) {
      lose(1);
      continue;
    }
    // What is amended waits for the end of a pause; records are spooled meanwhile, an interval's at
    // a time.
    if (pending_.empty() && (amended_.empty() || pause_.paused())) pending_since_ns_ = now_ns;
    pending_.push_back(record);
  }
  const bool due = pending_.size() == options_.batch_max ||
                   now_ns - pending_since_ns_ >= to_ns(options_.flush_interval);
  if (pause_.paused()) {
    if (due) spool_pending();
    return;
  }
  if (due && (waiting() || to_be_left())) flush();
  if (!pause_.paused()) keep_bounds();
}

void SqliteArchive::amend(const RecordPtr& amended) {
  const auto pending = std::ranges::find_if(
      pending_, [&](const RecordPtr& record) { return same_request(*record, *amended); });
  if (pending != pending_.end()) {
    *pending = amended;
    return;
  }
  if (amended_.size() == options_.batch_max && !pause_.paused()) flush();
  if (amended_.size() == options_.batch_max) {
    amendments_lost_.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  if (pending_.empty() && amended_.empty() && !pause_.paused()) pending_since_ns_ = clock_.now_ns();
  amended_.push_back(amended);
}

void SqliteArchive::lose_amendments() {
  amendments_lost_.fetch_add(amended_.size(), std::memory_order_relaxed);
  amended_.clear();
}

void SqliteArchive::write_now() {
  if (!pause_.paused() && (waiting() || to_be_left())) flush();
}

void SqliteArchive::report_unreadable(const Error& error) {
  if (error.code == ErrorCode::kCorrupt) suspect_ = true;
  say_once(error.message);
}

void SqliteArchive::report_damaged(size_t records) { say_once(damaged_text(records)); }

void SqliteArchive::say_once(const std::string& problem) {
  {
    const MutexLock lock(mutex_);
    if (problems_.size() == kProblemsMax || !problems_.insert(problem).second) return;
  }
  on_message_(ArchiveEvent::kUnreadable, "reading the archive: " + problem);
}

// Writes what waits, and pauses or resumes as that turns out.
void SqliteArchive::flush() {
  spool_full_ = false;
  Result<void> done = write_pending();
  if (!done && set_aside(done.error())) done = write_pending();
  if (!done) {
    pause(done.error());
    return spool_pending();
  }
  written_.fetch_add(pending_.size(), std::memory_order_relaxed);
  written_to_file_ += pending_.size();
  pending_.clear();
  amended_.clear();
  if (pause_.paused()) resume();
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
    pause_.lose_and_tell(count);
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
  const MutexLock lock(mutex_);
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
  QAIO_RETURN_IF_ERROR(take_up_spools());
  RunInfo run;
  {
    const MutexLock lock(mutex_);
    run = run_;
    run_changed_ = false;
  }
  QAIO_ASSIGN(run_id_, writer_->write(pending_, run, run_id_, amended_));
  return {};
}

// What is older comes before what waits.
Result<void> SqliteArchive::take_up_spools() {
  if (spools_left_) {
    for (const auto& path : archive_spools(options_.path)) {
      if (path == spool_.path()) continue;
      auto reader = SpoolReader::open(path.string());
      if (!reader) {
        on_message_(ArchiveEvent::kDoubtful, reader.error().message);
      } else if (*reader) {
        QAIO_RETURN_IF_ERROR(take_up(*std::move(*reader), path.string(), false));
      }
    }
    spools_left_ = false;
  }
  lose(spool_.take_lost());
  if (spool_.records() == 0) return {};
  QAIO_RETURN_IF_ERROR(take_up(SpoolReader::of_own(spool_.path()), spool_.path(), true));
  spool_.remove();
  spooled_ = 0;
  return {};
}

// A crash between two of these steps costs nothing and doubles nothing.
Result<void> SqliteArchive::take_up(SpoolReader reader, const std::string& path, bool own) {
  uint64_t count = 0;
  for (SpoolReader::Batch batch = reader.next(options_.batch_max); !batch.records.empty();
       batch = reader.next(options_.batch_max)) {
    const auto done =
        writer_->write_missing(batch.records, own ? run() : batch.run, own ? run_id_ : 0);
    if (!done && done.error().code == ErrorCode::kInternal) {  // trying again cannot help
      lose(batch.records.size());
      continue;
    }
    QAIO_ASSIGN(const ArchiveWriter::Written written, done);
    if (own && written.run_id != 0) run_id_ = written.run_id;
    if (own) written_to_file_ += written.records;
    written_.fetch_add(written.records, std::memory_order_relaxed);
    count += written.records;
  }
  lose(reader.damaged());
  if (own) return {};
  std::error_code ec;
  if (reader.damaged() > 0) {
    std::filesystem::rename(path, path + ".damaged", ec);
  } else {
    std::filesystem::remove(path, ec);
  }
  tell_taken_up(path, count, reader.damaged());
  return {};
}

void SqliteArchive::tell_taken_up(const std::string& path, uint64_t count, size_t damaged) {
  std::string text = "took up " + records_text(count) + " that an earlier run left in " + path;
  if (damaged > 0) {
    text += "; " + std::to_string(damaged) +
            (damaged == 1 ? " line of it is damaged" : " lines of it are damaged") +
            ", and it is now " + path + ".damaged";
  }
  on_message_(damaged > 0 ? ArchiveEvent::kDoubtful : ArchiveEvent::kTakenUp, text);
}

// What cannot be spooled either stays, as far as there is room.
void SqliteArchive::spool_pending() {
  if (spool_full_) return;
  const Result<void> spooled = spool_.append(pending_, run());
  lose(spool_.take_lost());
  spooled_ = spool_.records();
  if (spooled) {
    pending_.clear();
  } else {
    spool_full_ = true;
    pause_.set_reason(pause_error_ + "; " + spooled.error().message);
  }
}

// The connection goes as well: a new one starts from what the file holds.
void SqliteArchive::pause(const Error& error) {
  writer_.reset();
  pause_error_ = error.message;
  if (pause_.begin(error)) {
    on_message_(ArchiveEvent::kPaused,
                "archiving pauses until it can write again, and spools records as far as it can: " +
                    error.message);
  }
  if (error.code == ErrorCode::kInternal) {  // trying again cannot help this batch
    lose(pending_.size());
    pending_.clear();
    lose_amendments();
  }
}

void SqliteArchive::resume() {
  on_message_(ArchiveEvent::kResumed,
              "archiving goes on; " + records_text(pause_.end()) + " were lost");
}

void SqliteArchive::keep_bounds() {
  if (!writer_) return;
  const Result<void> kept = bounds_.keep(*writer_, run_id_);
  if (kept || set_aside(kept.error())) return;
  pause(kept.error());
}

}  // namespace qaio
