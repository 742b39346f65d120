// Keeps every record in an SQLite file; docs/archive.md describes it and what can be lost.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "archive/archive_bounds.h"
#include "archive/archive_message.h"
#include "archive/archive_pause.h"
#include "archive/archive_spool.h"
#include "archive/archive_writer.h"
#include "archive/held_file.h"
#include "archive/retention.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "base/result.h"
#include "record/observer.h"
#include "record/record.h"

namespace qaio {

struct SqliteArchiveOptions {
  std::string path = {};
  size_t batch_max = 1000;  // records that wait for one transaction
  std::chrono::milliseconds flush_interval{250};
  std::chrono::milliseconds retry_interval{5000};  // after a write that failed
  ArchiveRetention retention = {};
  int64_t spool_bytes_max = int64_t{64} << 20;
  bool with_texts = false;  // what everybody could read until now is for its owner alone
};

// Records wait until a batch is full or the interval has passed and are then written in one
// transaction. When that fails the archive pauses and tries again at intervals; meanwhile records
// go to a spool beside it, from which they come into the archive when it can be written again, by
// this process or the next. When that fails as well, it keeps a batch and counts further records as
// lost. A file that was removed, replaced or moved away is not written any more, and one that is
// damaged is renamed: in both cases a new one begins.
class SqliteArchive final : public RecordConsumer {
 public:
  // Creates the file if it is missing and brings an older one up to date. A full disk or a lock is
  // no error: the archive begins paused. Nor is a damaged archive; a file that is none of ours is,
  // and one that cannot be written. Errors are those of Database and migrate().
  static Result<std::unique_ptr<SqliteArchive>> open(SqliteArchiveOptions options, RunInfo run,
                                                     ArchiveMessage on_message, const Clock& clock);
  ~SqliteArchive() override;  // as close()

  // The end: writes what waits, or spools it. kIo if records are lost that no message has told of:
  // how many since it last could write, and why. After the last consume().
  Result<void> close();

  void consume(std::span<const RecordPtr> records) override;
  // While the archive is paused, a batch of them waits; what is more, or waits at the end, is
  // counted.
  void amend(const RecordPtr& amended) override;
  // Does not wait for a full batch or the interval: whoever reads the archive next finds
  // everything consumed so far, unless it is paused. On the thread of consume().
  void write_now();
  // For those who read the archive and could not, or found so many damaged records: says so, but
  // nothing twice of the same file. One that is damaged as a whole is looked at anew before the
  // next record: the writer's own connection may not notice. Any thread.
  void report_unreadable(const Error& error);
  void report_damaged(size_t records);
  const std::string& path() const { return options_.path; }

  // What became known after the start, such as the model; for all records of this run, also those
  // already written. Any thread.
  void set_run(RunInfo run);

  uint64_t written() const { return written_.load(std::memory_order_relaxed); }  // any thread
  // Records that wait in its spool for the archive to be writable again. Any thread.
  uint64_t spooled() const { return spooled_.load(std::memory_order_relaxed); }
  bool paused() const { return pause_.paused(); }  // any thread
  uint64_t lost() const { return pause_.lost(); }  // any thread
  uint64_t amendments_lost() const { return amendments_lost_.load(std::memory_order_relaxed); }

 private:
  SqliteArchive(SqliteArchiveOptions options, RunInfo run, ArchiveMessage on_message,
                const Clock& clock);
  void protect_texts();
  RunInfo run();
  bool waiting();
  Result<void> open_writer();
  Result<void> write_pending();
  Result<void> take_up_spools();
  Result<void> take_up(SpoolReader reader, const std::string& path, bool own);
  void tell_taken_up(const std::string& path, uint64_t count, size_t damaged);
  void spool_pending();
  void lose(uint64_t count) { pause_.lose(count); }
  void lose_amendments();
  void flush();
  bool to_be_left() const;
  bool gone() const;
  void leave_file();
  void forget_file();
  void say_once(const std::string& problem);
  bool set_aside(const Error& error);
  void pause(const Error& error);
  void resume();
  void keep_bounds();

  const SqliteArchiveOptions options_;
  const ArchiveMessage on_message_;
  const Clock& clock_;
  std::optional<ArchiveWriter> writer_;  // none while paused
  std::optional<HeldFile> file_;         // the one last written to; none before the first
  uint64_t written_to_file_ = 0;         // records, by this archive
  std::vector<RecordPtr> pending_;       // at most batch_max
  std::vector<RecordPtr> amended_;       // of records that are no longer pending; likewise
  TimeNs pending_since_ns_ = 0;
  ArchivePause pause_;
  std::string pause_error_;  // why it cannot be written; pause_.reason(): and why not spooled
  int64_t run_id_ = 0;       // 0: not written yet
  ArchiveBounds bounds_;
  ArchiveSpool spool_;
  bool spool_full_ = false;  // it took no more; tried anew with the archive
  bool spools_left_ = true;  // there may be some of earlier runs
  bool closed_ = false;

  Mutex mutex_;
  RunInfo run_ QAIO_GUARDED_BY(mutex_);
  bool run_changed_ QAIO_GUARDED_BY(mutex_) = false;        // since it was written
  std::set<std::string> problems_ QAIO_GUARDED_BY(mutex_);  // what say_once() has said
  std::atomic<bool> suspect_ = false;                       // a reader found the file damaged
  std::atomic<uint64_t> written_ = 0;
  std::atomic<uint64_t> spooled_ = 0;
  std::atomic<uint64_t> amendments_lost_ = 0;
};

}  // namespace qaio
