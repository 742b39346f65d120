// Keeps records as CSV files of a fixed number of records; docs/archive.md describes them.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "observe/archive_message.h"
#include "observe/csv_file.h"
#include "observe/csv_folder.h"
#include "observe/observer.h"
#include "observe/record.h"

namespace qaio {

struct CsvArchiveOptions {
  std::string folder = {};
  size_t records_per_file = 100;
  bool gzip = false;
  std::chrono::milliseconds retry_interval{5000};  // after a write that failed
  CsvFolderBounds bounds = {};
};

// Every call of consume() hands its lines to the kernel. A file gets its name when it is complete;
// until then it ends in .csv.part. When a write fails, records are counted as lost until a later
// try succeeds. A .part that somebody removed or moved is given up, and a new one begins.
class CsvArchive final : public RecordConsumer {
 public:
  // Creates the folder if it is missing and completes what a server that crashed left in it. kIo
  // with the path and the reason.
  static Result<std::unique_ptr<CsvArchive>> open(CsvArchiveOptions options, RunInfo run,
                                                  ArchiveMessage on_message, const Clock& clock);
  ~CsvArchive() override;  // completes the last file; after the observer's end

  void consume(std::span<const RecordPtr> records) override;

  // For the records that come; any thread.
  void set_run(RunInfo run);

  uint64_t written() const { return written_.load(std::memory_order_relaxed); }  // any thread
  uint64_t lost() const { return lost_.load(std::memory_order_relaxed); }        // any thread

 private:
  CsvArchive(CsvArchiveOptions options, RunInfo run, ArchiveMessage on_message, const Clock& clock);
  Result<void> write(std::span<const RecordPtr> records, size_t& taken);
  Result<void> begin_file();
  Result<void> complete();
  Result<void> leave_gone_file();
  void pause(const Error& error);

  const CsvArchiveOptions options_;
  const ArchiveMessage on_message_;
  const Clock& clock_;
  CsvFolder folder_;
  std::optional<CsvFile> file_;
  std::string lines_;
  std::optional<TimeNs> retry_at_ns_;  // set: paused
  uint64_t lost_before_pause_ = 0;

  std::mutex mutex_;
  RunInfo run_;  // guarded by mutex_
  std::atomic<uint64_t> written_ = 0;
  std::atomic<uint64_t> lost_ = 0;
};

}  // namespace qaio
