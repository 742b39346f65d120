// Keeps records as CSV files of a fixed number of records; docs/archive.md describes them.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "archive/archive_message.h"
#include "archive/archive_pause.h"
#include "archive/csv_file.h"
#include "archive/csv_folder.h"
#include "archive/retention.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "base/result.h"
#include "record/observer.h"
#include "record/record.h"

namespace qaio {

struct CsvArchiveOptions {
  std::string folder = {};
  size_t records_per_file = 100;
  bool gzip = false;
  std::chrono::milliseconds retry_interval{5000};  // after a write that failed
  size_t held_max = 1000;                          // records that wait for a write to succeed
  CsvFolderBounds bounds = {};
  bool with_texts = false;  // what everybody could read until now is for its owner alone
};

// Every call of consume() hands its lines to the kernel. A full file is brought to the disk beside
// that, and gets its name when it is there; until then it ends in .csv.part. When a write fails,
// some records wait in memory for a later try to succeed, and more are counted as lost. A .part
// that somebody removed or moved is given up, and a new one begins.
class CsvArchive final : public RecordConsumer {
 public:
  // Creates the folder if it is missing and completes what a server that crashed left in it. kIo
  // with the path and the reason, also if no file can be made there.
  static Result<std::unique_ptr<CsvArchive>> open(CsvArchiveOptions options, RunInfo run,
                                                  ArchiveMessage on_message, const Clock& clock);
  ~CsvArchive() override;  // as close()

  // The end: completes the last file. kIo if records are lost that no message has told of: how many
  // since it last could write, and why. After the last consume().
  Result<void> close();

  void consume(std::span<const RecordPtr> records) override;
  // Waits until files that are full have their names, or could not get them.
  void settle();

  // For the records that come; any thread.
  void set_run(RunInfo run);

  uint64_t written() const { return written_.load(std::memory_order_relaxed); }  // any thread
  uint64_t lost() const { return pause_.lost(); }                                // any thread
  uint64_t held() const { return held_count_.load(std::memory_order_relaxed); }  // any thread
  bool paused() const { return pause_.paused(); }                                // any thread

 private:
  CsvArchive(CsvArchiveOptions options, RunInfo run, ArchiveMessage on_message, const Clock& clock);
  // A full file on its way to the disk; `done` is invalid after an error.
  struct Completing {
    CsvFile file;
    std::future<Result<std::filesystem::path>> done;
  };

  Result<void> write(std::span<const RecordPtr> records, size_t& taken);
  void hold(std::span<const RecordPtr> records);
  Result<void> write_held();
  Result<void> begin_file();
  Result<void> end_file();
  Result<void> begin_completing();
  Result<void> take_completed(bool wait);
  Result<void> leave_gone_file();
  bool left(const CsvFile& file);
  void keep_bounds();
  void tell_removed();
  void pause(const Error& error);

  const CsvArchiveOptions options_;
  const ArchiveMessage on_message_;
  const Clock& clock_;
  CsvFolder folder_;
  std::optional<RetentionClock> time_;
  std::optional<CsvFile> file_;
  std::optional<Completing> completing_;
  std::string lines_;
  std::vector<RecordPtr> held_;  // while paused, at most held_max
  ArchivePause pause_;
  std::optional<TimeNs> bounds_checked_ns_;
  std::optional<TimeNs> told_ns_;  // of removed files
  size_t removed_ = 0;             // files, since that was told
  bool closed_ = false;

  Mutex mutex_;
  RunInfo run_ QAIO_GUARDED_BY(mutex_);
  std::atomic<uint64_t> written_ = 0;
  std::atomic<uint64_t> held_count_ = 0;
};

}  // namespace qaio
