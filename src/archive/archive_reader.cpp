#include "archive/archive_reader.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "archive/archive_query.h"
#include "archive/archive_schema.h"
#include "record/lane_codec.h"
#include "record/record_bounds.h"
#include "record/record_columns.h"

namespace qaio {
namespace {

// A scan that has to skip the tasks of more requests than this looks the next ones up.
constexpr int64_t kSkippedRequestsMax = 32;

// Pages are read from the kernel's cache without a copy.
constexpr auto kPragmas = "PRAGMA query_only = 1; PRAGMA mmap_size = 8589934592";

// ", task, total_us, ..., lane"
template <typename Columns>
std::string column_list(const Columns& columns) {
  std::string list;
  for (const auto& column : columns) list += ", " + std::string(column.name);
  return list + ", lane";
}

template <typename Columns>
Result<void> check_columns(const std::vector<std::string>& names, const Columns& columns,
                           std::string_view table) {
  for (const std::string& name : names) {
    const bool known = std::ranges::any_of(columns, [&](const auto& c) { return c.name == name; });
    if (!known && name != "lane" && !(name == "run" && table == "requests")) {
      return fail(ErrorCode::kInvalidArgument,
                  "the archive's " + std::string(table) + " have no column '" + name + "'");
    }
  }
  return {};
}

// Reads the columns of a row from column `first` on into `record`.
template <typename Columns, typename Record>
void set_columns(const Statement& row, int first, const Columns& columns, TimeNs origin_ns,
                 Record& record) {
  for (size_t i = 0; i < columns.size(); ++i) {
    if (columns[i].set == nullptr) continue;
    columns[i].set(record, row.value(first + static_cast<int>(i)), origin_ns);
  }
}

int begin_column() {
  const auto columns = request_columns();
  const auto found = std::ranges::find(columns, std::string_view("begin_ns"), &RequestColumn::name);
  return static_cast<int>(found - columns.begin());
}

// The rows of one request, looked up by its id.
class RecordLookup {
 public:
  static Result<RecordLookup> create(Database& database) {
    RecordLookup lookup;
    QAIO_ASSIGN(lookup.request_, database.prepare("SELECT run" + column_list(request_columns()) +
                                                  " FROM requests WHERE id = ?"));
    QAIO_ASSIGN(lookup.tasks_,
                database.prepare("SELECT id" + column_list(task_columns()) +
                                 " FROM tasks WHERE id BETWEEN ? AND ? ORDER BY id"));
    return lookup;
  }

  // The record and its run's id.
  Result<std::pair<RecordPtr, int64_t>> find(int64_t id) {
    if (!is_request_id(id)) return fail(ErrorCode::kCorrupt, "a request's number is damaged");
    request_.bind(0, id);
    QAIO_ASSIGN(const bool row, request_.step());
    if (!row) return fail(ErrorCode::kCorrupt, "an index of the archive names a missing request");
    const auto record = std::make_shared<RequestRecord>();
    const int64_t run = request_.integer(0);
    const TimeNs begin_ns = request_.integer(1 + begin_column());
    set_columns(request_, 1, request_columns(), begin_ns, *record);
    const int lane = 1 + static_cast<int>(request_columns().size());
    auto decoded = decode_lane(request_.bytes(lane), begin_ns);
    request_.reset();
    QAIO_ASSIGN(record->lane, std::move(decoded));
    QAIO_RETURN_IF_ERROR(read_tasks(id, begin_ns, *record));
    return std::pair<RecordPtr, int64_t>(record, run);
  }

 private:
  Result<void> read_tasks(int64_t id, TimeNs begin_ns, RequestRecord& record) {
    tasks_.bind(0, id * kTasksPerRequest).bind(1, (id + 1) * kTasksPerRequest - 1);
    const int lane = 1 + static_cast<int>(task_columns().size());
    for (bool row = true; row;) {
      QAIO_ASSIGN(row, tasks_.step());
      if (!row) break;
      TaskRecord& task = record.tasks.emplace_back();
      set_columns(tasks_, 1, task_columns(), begin_ns, task);
      auto decoded = decode_lane(tasks_.bytes(lane), begin_ns);
      if (!decoded) tasks_.reset();
      QAIO_ASSIGN(task.lane, std::move(decoded));
    }
    return {};
  }

  Statement request_;
  Statement tasks_;
};

// Walks the tasks beside requests of ascending id.
class TaskCursor {
 public:
  static Result<TaskCursor> create(Database& database, const std::vector<std::string>& columns) {
    std::string select = "SELECT id";
    for (const std::string& column : columns) select += ", " + column;
    TaskCursor cursor;
    QAIO_ASSIGN(cursor.tasks_, database.prepare(select + " FROM tasks WHERE id >= ? ORDER BY id"));
    return cursor;
  }

  // Afterwards row() is a task of the request, unless there is none (any more).
  Result<bool> next_of(int64_t request) {
    if (!is_request_id(request)) return false;
    if (at_ != kEnd && (at_ == kNowhere || request - at_ > kSkippedRequestsMax)) {
      tasks_.reset();
      tasks_.bind(0, request * kTasksPerRequest);
      QAIO_RETURN_IF_ERROR(advance());
    } else if (given_) {
      QAIO_RETURN_IF_ERROR(advance());
    }
    while (at_ < request) QAIO_RETURN_IF_ERROR(advance());
    given_ = at_ == request;
    return given_;
  }
  const Statement& row() const { return tasks_; }

 private:
  static constexpr int64_t kNowhere = -1;
  static constexpr int64_t kEnd = std::numeric_limits<int64_t>::max();

  Result<void> advance() {
    QAIO_ASSIGN(const bool row, tasks_.step());
    at_ = row ? tasks_.integer(0) / kTasksPerRequest : kEnd;
    given_ = false;
    return {};
  }

  Statement tasks_;
  int64_t at_ = kNowhere;  // the request of the row the statement stands on
  bool given_ = false;     // that row was handed out
};

}  // namespace

int64_t ArchiveRow::request() const { return statement_.integer(0) / tasks_per_request_; }

Result<ArchiveReader> ArchiveReader::open(const std::string& path) {
  QAIO_ASSIGN(Database database, Database::open(path, Database::Mode::kReadOnly));
  QAIO_RETURN_IF_ERROR(check_version(database));
  QAIO_RETURN_IF_ERROR(database.execute(kPragmas));
  return ArchiveReader(std::move(database));
}

Result<std::vector<ArchivedRun>> ArchiveReader::runs() {
  QAIO_ASSIGN(const Runs loaded, load_runs());
  std::vector<ArchivedRun> runs;
  for (const auto& [id, run] : loaded) runs.push_back(*run);
  return runs;
}

Result<std::vector<int64_t>> ArchiveReader::runs_from_start(const ArchiveFilter& filter) {
  QAIO_ASSIGN(const Transaction snapshot, Transaction::begin_read(database_));
  return qaio::runs_from_start(database_, filter);
}

Result<ArchiveReader::Runs> ArchiveReader::load_runs() {
  QAIO_ASSIGN(Statement statement,
              database_.prepare("SELECT id, version, model, model_hash, isa, threads,"
                                " started_unix_ms FROM runs"));
  Runs runs;
  for (bool row = true; row;) {
    QAIO_ASSIGN(row, statement.step());
    if (!row) break;
    auto run = std::make_shared<ArchivedRun>();
    run->id = statement.integer(0);
    run->info = {
        .version = std::string(statement.text(1)),
        .model = std::string(statement.text(2)),
        .model_hash = std::string(statement.text(3)),
        .isa = std::string(statement.text(4)),
        .threads = static_cast<int>(number_or_zero(statement.integer(5), kRecordThreadsMax)),
        .started_unix_ms = number_or_zero(statement.integer(6), kRecordUnixMsMax)};
    runs[run->id] = std::move(run);
  }
  return runs;
}

Result<std::vector<ArchivedRecord>> ArchiveReader::read(const ArchiveFilter& filter) {
  std::vector<ArchivedRecord> records;
  QAIO_RETURN_IF_ERROR(for_each(filter, [&](const ArchivedRecord& record, double) {
    records.push_back(record);
    return true;
  }));
  return records;
}

Result<void> ArchiveReader::for_each(const ArchiveFilter& filter, const TakeRecord& take) {
  QAIO_ASSIGN(const Transaction snapshot, Transaction::begin_read(database_));
  QAIO_ASSIGN(Runs runs, load_runs());
  QAIO_ASSIGN(const std::vector<int64_t> ids, matching_ids(database_, filter));
  QAIO_ASSIGN(RecordLookup lookup, RecordLookup::create(database_));
  for (size_t i = 0; i < ids.size(); ++i) {
    auto found = lookup.find(ids[i]);
    if (!found && found.error().code == ErrorCode::kCorrupt) {
      ++damaged_;
      continue;
    }
    if (!found) return tl::unexpected<Error>(found.error());
    auto& run = runs[found->second];
    if (run == nullptr) run = std::make_shared<ArchivedRun>();
    const double fraction = static_cast<double>(i) / static_cast<double>(ids.size());
    if (!take({std::move(found->first), run}, fraction)) break;
  }
  return {};
}

Result<int64_t> ArchiveReader::count(const ArchiveFilter& filter) {
  return matching_count(database_, filter);
}

Result<RecordPtr> ArchiveReader::find(int64_t id) {
  QAIO_ASSIGN(const Transaction snapshot, Transaction::begin_read(database_));
  QAIO_ASSIGN(const int64_t there,
              database_.integer("SELECT count(*) FROM requests WHERE id = " + std::to_string(id)));
  if (there == 0) return RecordPtr();
  QAIO_ASSIGN(RecordLookup lookup, RecordLookup::create(database_));
  auto found = lookup.find(id);
  if (found) return std::move(found->first);
  if (found.error().code != ErrorCode::kCorrupt) return tl::unexpected<Error>(found.error());
  ++damaged_;
  return RecordPtr();
}

Result<IdRange> ArchiveReader::range(const ArchiveFilter& filter) {
  return matching_range(database_, filter);
}

Result<void> ArchiveReader::scan(const ArchiveFilter& filter,
                                 const std::vector<std::string>& request_names,
                                 const OnRow& on_request,
                                 const std::vector<std::string>& task_names, const OnRow& on_task) {
  QAIO_RETURN_IF_ERROR(check_columns(request_names, request_columns(), "requests"));
  QAIO_RETURN_IF_ERROR(check_columns(task_names, task_columns(), "tasks"));
  QAIO_ASSIGN(const Transaction snapshot, Transaction::begin_read(database_));
  QAIO_ASSIGN(Statement requests, matching_requests(database_, filter, request_names));
  QAIO_ASSIGN(TaskCursor tasks, TaskCursor::create(database_, task_names));
  const ArchiveRow request(requests);
  ArchiveRow task(tasks.row());
  task.tasks_per_request_ = kTasksPerRequest;
  for (bool row = true; row;) {
    QAIO_ASSIGN(row, requests.step());
    if (!row) break;
    on_request(request);
    const int64_t id = request.request();
    for (bool more = !task_names.empty(); more;) {
      QAIO_ASSIGN(more, tasks.next_of(id));
      if (more) on_task(task);
    }
  }
  return {};
}

std::string damaged_text(size_t count) {
  return count == 1 ? std::string("1 damaged record was left out")
                    : std::to_string(count) + " damaged records were left out";
}

}  // namespace qaio
