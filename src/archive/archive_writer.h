// Writes batches of records to an open archive, and removes old ones.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "archive/sqlite_db.h"
#include "base/result.h"
#include "record/record.h"

namespace qaio {

// What of an archive's rows and pages there is.
struct ArchiveExtent {
  int64_t first_id = 0;  // of requests; 0: there is none
  int64_t last_id = 0;
  int64_t page_bytes = 0;
  int64_t pages = 0;
  int64_t free_pages = 0;

  int64_t count() const { return last_id == 0 ? 0 : last_id - first_id + 1; }  // about
  int64_t bytes() const { return (pages - free_pages) * page_bytes; }
};

// One thread at a time. Several processes may write the same archive.
class ArchiveWriter {
 public:
  // As Database::open() and migrate().
  static Result<ArchiveWriter> open(const std::string& path);

  struct Written {
    int64_t run_id = 0;  // 0: nothing was
    size_t records = 0;
  };
  // All of the batch or nothing, with what was amended of earlier ones: a request that is not there
  // (any more) stays away. `run_id` is that of an earlier batch of the same run, 0 before the
  // first; the run's id now. `run` replaces what the archive knew of it. A run without a record is
  // not written.
  Result<int64_t> write(std::span<const RecordPtr> records, const RunInfo& run, int64_t run_id,
                        std::span<const RecordPtr> amended = {});

  // The same for records that may be there already, as a crash can leave them: those that are
  // missing. A run that is not this process's own has the id 0 and is found by its start.
  Result<Written> write_missing(std::span<const RecordPtr> records, const RunInfo& run,
                                int64_t run_id);
  // Writes something that changes nothing; the error says why it cannot be written.
  Result<void> try_to_write();

  // For those who keep the archive within its bounds; each call takes some milliseconds.
  Result<ArchiveExtent> extent();
  // When the newest request arrived of those that did so until then; nothing: there is none.
  Result<std::optional<int64_t>> newest_unix_ms(int64_t until_unix_ms);
  // The last request, looking at the oldest 1,000, that is older than `before_unix_ms` with all
  // that came before it, but for those that no clock stamped that can be believed: before 2020, or
  // after `now_unix_ms`. What a stamp says is therefore never held against a request that came
  // after one that is younger. None of the run `but_run_id` or later; 0: none.
  Result<int64_t> last_older_than(int64_t before_unix_ms, int64_t now_unix_ms, int64_t but_run_id);
  // The oldest, at most `count_max` and 1,000, up to row `last_id`; how many they were.
  Result<int64_t> remove_oldest(int64_t count_max, int64_t last_id);
  // Gives pages that were left empty back to the file system. True: there are more.
  Result<bool> give_back(const ArchiveExtent& extent, int64_t bytes_max);

  // The file has lost its name: brings what its write-ahead log holds into it, as nobody else can,
  // and empties the log, which would be taken for that of a file with this name. As far as it
  // works.
  void leave();

 private:
  Result<int64_t> write_run(const RunInfo& run, int64_t run_id);
  Result<int64_t> find_run(const RunInfo& run);
  Result<void> write_requests(std::span<const RecordPtr> records, int64_t run_id);
  Result<void> write_request(const RequestRecord& record, int64_t id, int64_t run_id);
  Result<void> write_task(const TaskRecord& task, TimeNs request_begin_ns, int64_t id);
  Result<int64_t> find_request(const RequestRecord& record);
  Result<void> amend_request(const RequestRecord& amended);

  explicit ArchiveWriter(Database database) : database_(std::move(database)) {}
  Database database_;
  Statement insert_run_;
  Statement insert_request_;
  Statement insert_task_;
  Statement extend_run_;
  Statement find_run_;
  Statement find_request_;
  Statement amend_request_;
  std::vector<uint8_t> lane_;
};

}  // namespace qaio
