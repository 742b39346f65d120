// Writes batches of records to an open archive, and removes what is too old or too much.
#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"
#include "observe/record.h"
#include "observe/sqlite_db.h"

namespace qaio {

struct ArchiveRetention {
  std::chrono::hours age_max{30 * 24};
  int64_t bytes_max = int64_t{1} << 30;  // of the file, without its WAL (a few MiB)
};

// One thread at a time. Several processes may write the same archive.
class ArchiveWriter {
 public:
  // As Database::open() and migrate().
  static Result<ArchiveWriter> open(const std::string& path);

  // All of the batch or nothing. `run_id` is that of an earlier batch of the same run, 0 before the
  // first; the run's id now. `run` replaces what the archive knew of it. A run without a record is
  // not written.
  Result<int64_t> write(std::span<const RecordPtr> records, const RunInfo& run, int64_t run_id);

  // One short step towards the bounds: some milliseconds. True: there is more to do.
  Result<bool> remove_excess(const ArchiveRetention& retention, int64_t now_unix_ms);

  // The file has lost its name: brings what its write-ahead log holds into it, as nobody else can,
  // and empties the log, which would be taken for that of a file with this name. As far as it
  // works.
  void leave();

 private:
  Result<int64_t> write_run(const RunInfo& run, int64_t run_id);
  Result<void> write_request(const RequestRecord& record, int64_t id, int64_t run_id);
  Result<void> write_task(const TaskRecord& task, TimeNs request_begin_ns, int64_t id);
  Result<int64_t> remove_oldest(int64_t arrived_before_unix_ms);

  explicit ArchiveWriter(Database database) : database_(std::move(database)) {}
  Database database_;
  Statement insert_run_;
  Statement insert_request_;
  Statement insert_task_;
  Statement extend_run_;
  std::vector<uint8_t> lane_;
};

}  // namespace qaio
