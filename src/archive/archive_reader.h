// Reads an archive, also while a server writes it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "archive/sqlite_db.h"
#include "base/result.h"
#include "record/record.h"
#include "record/status_filter.h"

namespace qaio {

// Rows of `requests`, both ends included.
struct IdRange {
  int64_t first = std::numeric_limits<int64_t>::min();
  int64_t last = std::numeric_limits<int64_t>::max();
};

// Which records. What is absent or empty does not matter.
struct ArchiveFilter {
  std::optional<int64_t> from_unix_ms = {};   // arrived then or later
  std::optional<int64_t> until_unix_ms = {};  // arrived before
  std::string version = {};                   // of the program that served them
  std::string model = {};                     // by which they were served
  std::string path = {};                      // the route
  std::string task = {};                      // a request that ran it
  std::optional<int64_t> total_min_us = {};
  std::optional<int64_t> chars_min = {};  // of the input, as the next one
  std::optional<int64_t> chars_max = {};
  std::optional<StatusFilter> status = {};
  std::string request_id = {};
  std::string key = {};      // the name of the API key that it came with
  bool served_only = false;  // without those that only_observes(): probes, scrapes, lists
  IdRange ids = {};          // of the table's rows

  size_t limit = 0;  // at most so many of them: the slowest with kSlowestFirst, else the newest
  enum class Order : uint8_t { kOldestFirst, kNewestFirst, kSlowestFirst };
  Order order = Order::kOldestFirst;
};

struct ArchivedRun {
  int64_t id = 0;
  RunInfo info;
};

struct ArchivedRecord {
  RecordPtr record;
  std::shared_ptr<const ArchivedRun> run;
};

// The wanted columns of one row, by their place in the list given to scan().
class ArchiveRow {
 public:
  explicit ArchiveRow(const Statement& statement) : statement_(statement) {}
  // Of a request: ascending in the order in which they ended. Of a task: its request's.
  int64_t request() const;
  bool is_null(int column) const { return statement_.is_null(column + 1); }
  int64_t integer(int column) const { return statement_.integer(column + 1); }  // 0 for NULL
  double real(int column) const { return statement_.real(column + 1); }
  std::string_view text(int column) const { return statement_.text(column + 1); }
  std::span<const uint8_t> bytes(int column) const { return statement_.bytes(column + 1); }

 private:
  friend class ArchiveReader;
  const Statement& statement_;
  int64_t tasks_per_request_ = 1;
};

// One thread at a time. Every call sees the archive as it was at one moment. A long one keeps the
// server's WAL from being taken in meanwhile, nothing else.
class ArchiveReader {
 public:
  // kNotFound, kCorrupt, kUnsupported (another version) or kIo, with the path.
  static Result<ArchiveReader> open(const std::string& path);

  Result<std::vector<ArchivedRun>> runs();  // oldest first
  // The ids of those of which the filter takes every request at the start; those that only look do
  // not count. None that retention has begun to remove.
  Result<std::vector<int64_t>> runs_from_start(const ArchiveFilter& filter);

  // Whole records, in the filter's order.
  Result<std::vector<ArchivedRecord>> read(const ArchiveFilter& filter);
  // The same one by one, for more than memory should hold, until `take` returns false. `fraction`
  // of them, 0 to 1, came before.
  using TakeRecord = std::function<bool(const ArchivedRecord& record, double fraction)>;
  Result<void> for_each(const ArchiveFilter& filter, const TakeRecord& take);

  // How many match, counted up to the filter's limit.
  Result<int64_t> count(const ArchiveFilter& filter);

  // The record in one row of `requests`; null if it is gone or damaged.
  Result<RecordPtr> find(int64_t id);

  // The fast way over many records: only the columns that are named (docs/archive.md; `run` and
  // `lane`, too), always oldest first. `on_task` gets the tasks of a request after `on_request` got
  // the request. Without `task_columns` tasks are not looked at. kInvalidArgument for an unknown
  // column.
  using OnRow = std::function<void(const ArchiveRow&)>;
  Result<void> scan(const ArchiveFilter& filter, const std::vector<std::string>& request_columns,
                    const OnRow& on_request, const std::vector<std::string>& task_columns,
                    const OnRow& on_task);
  // Rows between which all the filter's requests lie, as few as an index tells; first > last: there
  // is none.
  Result<IdRange> range(const ArchiveFilter& filter);

  // Records that read(), for_each() and find() left out since the reader was opened, as what the
  // archive holds of them is damaged.
  size_t damaged() const { return damaged_; }

  // Asked every millisecond or so; once it says true, what runs ends with kCancelled.
  void stop_when(std::function<bool()> stop) { database_.stop_when(std::move(stop)); }

 private:
  using Runs = std::map<int64_t, std::shared_ptr<const ArchivedRun>>;

  explicit ArchiveReader(Database database) : database_(std::move(database)) {}
  Result<Runs> load_runs();

  Database database_;
  size_t damaged_ = 0;
};

// "3 damaged records were left out"
std::string damaged_text(size_t count);

}  // namespace qaio
