#include "archive/archive_writer.h"

#include <algorithm>
#include <list>
#include <string>

#include "archive/archive_schema.h"
#include "archive/retention.h"
#include "base/utf8.h"
#include "record/lane_codec.h"
#include "record/record_columns.h"

namespace qaio {
namespace {

constexpr int64_t kRemovedAtOnce = 1000;  // requests
constexpr int64_t kPagesGivenBackAtOnce = 256;

// Durable enough: a commit reaches the kernel, so that it survives the process; a checkpoint
// reaches the disk. The cache holds what the index by total touches all over.
constexpr auto kPragmas =
    "PRAGMA synchronous = NORMAL; PRAGMA journal_size_limit = 8388608; PRAGMA cache_size = -8192";

// "INSERT INTO tasks (id, task, ..., lane) VALUES (?, ?, ..., ?)"
template <typename Columns>
std::string insert_sql(const std::string& table, const std::string& first, const Columns& columns) {
  std::string names = first;
  std::string places;
  for (const char c : first) places += c == ',' ? "?, " : "";
  places += "?";
  for (const auto& column : columns) {
    names += ", " + std::string(column.name);
    places += ", ?";
  }
  return "INSERT INTO " + table + " (" + names + ", lane) VALUES (" + places + ", ?)";
}

// "UPDATE requests SET client_first_byte_us = ?, ... WHERE id = ?"
std::string amend_sql() {
  std::string sets;
  for (const RequestColumn& column : client_columns()) {
    (sets += sets.empty() ? "" : ", ").append(column.name) += " = ?";
  }
  return "UPDATE requests SET " + sets + " WHERE id = ?";
}

// What a client sent as its path may be no UTF-8; programs that read the archive insist on it.
// Repaired texts live in `repaired`.
ColumnValue valid_text(const ColumnValue& value, std::list<std::string>& repaired) {
  const auto* text = std::get_if<std::string_view>(&value);
  if (text == nullptr || valid_utf8_prefix(*text) == text->size()) return value;
  return std::string_view(repaired.emplace_back(replace_invalid_utf8(*text)));
}

// Binds a row's columns from parameter `first` on, then the lane.
template <typename Columns, typename Row>
Result<void> run_insert(Statement& insert, int first, const Columns& columns, const Row& row,
                        std::span<const uint8_t> lane) {
  std::list<std::string> repaired;
  int parameter = first;
  for (const auto& column : columns)
    insert.bind(parameter++, valid_text(column.get(row), repaired));
  insert.bind_bytes(parameter, lane);
  return insert.run();
}

}  // namespace

Result<ArchiveWriter> ArchiveWriter::open(const std::string& path) {
  QAIO_ASSIGN(Database database, Database::open(path, Database::Mode::kReadWrite));
  QAIO_RETURN_IF_ERROR(migrate(database, archive_migrations()));
  QAIO_RETURN_IF_ERROR(database.execute(kPragmas));
  ArchiveWriter writer(std::move(database));
  QAIO_ASSIGN(writer.insert_run_,
              writer.database_.prepare(
                  "INSERT INTO runs (id, version, model, model_hash, isa, threads, started_unix_ms)"
                  " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET"
                  " version = excluded.version, model = excluded.model,"
                  " model_hash = excluded.model_hash, isa = excluded.isa,"
                  " threads = excluded.threads, started_unix_ms = excluded.started_unix_ms"
                  " RETURNING id"));
  QAIO_ASSIGN(writer.extend_run_,
              writer.database_.prepare("UPDATE runs SET first_request = coalesce(first_request, ?),"
                                       " last_request = ? WHERE id = ?"));
  QAIO_ASSIGN(writer.find_run_,
              writer.database_.prepare("SELECT max(id) FROM runs WHERE started_unix_ms = ?"
                                       " AND version = ? AND isa = ? AND threads = ?"));
  QAIO_ASSIGN(writer.find_request_,
              writer.database_.prepare("SELECT id FROM requests INDEXED BY requests_by_time"
                                       " WHERE arrived_unix_ms = ? AND begin_ns = ?"
                                       " AND request_id IS ?"));
  QAIO_ASSIGN(writer.amend_request_, writer.database_.prepare(amend_sql()));
  QAIO_ASSIGN(writer.insert_request_,
              writer.database_.prepare(insert_sql("requests", "id, run", request_columns())));
  QAIO_ASSIGN(writer.insert_task_,
              writer.database_.prepare(insert_sql("tasks", "id", task_columns())));
  return writer;
}

Result<int64_t> ArchiveWriter::write(std::span<const RecordPtr> records, const RunInfo& run,
                                     int64_t run_id, std::span<const RecordPtr> amended) {
  if (records.empty() && amended.empty() && run_id == 0) return run_id;
  QAIO_ASSIGN(Transaction transaction, Transaction::begin_write(database_));
  if (!records.empty() || run_id != 0) {
    QAIO_ASSIGN(run_id, write_run(run, run_id));
  }
  QAIO_RETURN_IF_ERROR(write_requests(records, run_id));
  for (const RecordPtr& one : amended) QAIO_RETURN_IF_ERROR(amend_request(*one));
  QAIO_RETURN_IF_ERROR(transaction.commit());
  return run_id;
}

Result<ArchiveWriter::Written> ArchiveWriter::write_missing(std::span<const RecordPtr> records,
                                                            const RunInfo& run, int64_t run_id) {
  QAIO_ASSIGN(Transaction transaction, Transaction::begin_write(database_));
  std::vector<RecordPtr> missing;
  for (const RecordPtr& record : records) {
    QAIO_ASSIGN(const int64_t there, find_request(*record));
    if (there == 0) missing.push_back(record);
  }
  if (missing.empty()) return Written{};
  const bool own = run_id != 0;
  if (!own) {
    QAIO_ASSIGN(run_id, find_run(run));
  }
  // What was spooled before the model was known says nothing new of a run.
  if (run_id == 0 || own || !run.model.empty()) {
    QAIO_ASSIGN(run_id, write_run(run, run_id));
  }
  QAIO_RETURN_IF_ERROR(write_requests(missing, run_id));
  QAIO_RETURN_IF_ERROR(transaction.commit());
  return Written{run_id, missing.size()};
}

Result<void> ArchiveWriter::try_to_write() {
  QAIO_ASSIGN(Transaction transaction, Transaction::begin_write(database_));
  QAIO_RETURN_IF_ERROR(database_.execute("PRAGMA application_id = " + std::to_string(kArchiveId)));
  return transaction.commit();
}

Result<void> ArchiveWriter::write_requests(std::span<const RecordPtr> records, int64_t run_id) {
  QAIO_ASSIGN(const int64_t last, database_.integer("SELECT max(id) FROM requests"));
  int64_t id = last;
  for (const RecordPtr& record : records) {
    QAIO_RETURN_IF_ERROR(write_request(*record, ++id, run_id));
  }
  if (id == last) return {};
  extend_run_.bind(0, last + 1).bind(1, id).bind(2, run_id);
  return extend_run_.run();
}

// 0: none.
Result<int64_t> ArchiveWriter::find_run(const RunInfo& run) {
  find_run_.bind(0, run.started_unix_ms)
      .bind(1, std::string_view(run.version))
      .bind(2, std::string_view(run.isa))
      .bind(3, int64_t{run.threads});
  QAIO_ASSIGN(const bool row, find_run_.step());
  const int64_t id = row ? find_run_.integer(0) : 0;
  find_run_.reset();
  return id;
}

// 0: it is not there. A client may repeat an id, but no two requests of it begin in the same
// nanosecond.
Result<int64_t> ArchiveWriter::find_request(const RequestRecord& record) {
  std::list<std::string> repaired;
  const ColumnValue id = record.request_id.empty()
                             ? ColumnValue()
                             : valid_text(std::string_view(record.request_id), repaired);
  find_request_.bind(0, record.arrived_unix_ms).bind(1, record.lane.begin_ns()).bind(2, id);
  QAIO_ASSIGN(const bool row, find_request_.step());
  if (!row) return 0;
  const int64_t found = find_request_.integer(0);
  find_request_.reset();
  return found;
}

Result<void> ArchiveWriter::amend_request(const RequestRecord& amended) {
  QAIO_ASSIGN(const int64_t id, find_request(amended));
  if (id == 0) return {};
  const RequestRow row(amended);
  int parameter = 0;
  for (const RequestColumn& column : client_columns())
    amend_request_.bind(parameter++, column.get(row));
  amend_request_.bind(parameter, id);
  return amend_request_.run();
}

Result<int64_t> ArchiveWriter::write_run(const RunInfo& run, int64_t run_id) {
  insert_run_.bind(0, run_id == 0 ? ColumnValue() : ColumnValue(run_id))
      .bind(1, std::string_view(run.version))
      .bind(2, std::string_view(run.model))
      .bind(3, std::string_view(run.model_hash))
      .bind(4, std::string_view(run.isa))
      .bind(5, int64_t{run.threads})
      .bind(6, run.started_unix_ms);
  QAIO_ASSIGN(const bool row, insert_run_.step());
  const int64_t id = row ? insert_run_.integer(0) : run_id;
  insert_run_.reset();
  return id;
}

Result<void> ArchiveWriter::write_request(const RequestRecord& record, int64_t id, int64_t run_id) {
  lane_.clear();
  encode_lane(record.lane, record.lane.begin_ns(), lane_);
  insert_request_.bind(0, id).bind(1, run_id);
  QAIO_RETURN_IF_ERROR(
      run_insert(insert_request_, 2, request_columns(), RequestRow(record), lane_));
  const auto tasks = std::min<int64_t>(std::ssize(record.tasks), kTasksPerRequest);
  for (int64_t i = 0; i < tasks; ++i) {
    QAIO_RETURN_IF_ERROR(write_task(record.tasks[static_cast<size_t>(i)], record.lane.begin_ns(),
                                    id * kTasksPerRequest + i));
  }
  return {};
}

Result<void> ArchiveWriter::write_task(const TaskRecord& task, TimeNs request_begin_ns,
                                       int64_t id) {
  lane_.clear();
  encode_lane(task.lane, request_begin_ns, lane_);
  insert_task_.bind(0, id);
  return run_insert(insert_task_, 1, task_columns(), TaskRow(task, request_begin_ns), lane_);
}

void ArchiveWriter::leave() {
  static_cast<void>(database_.execute("PRAGMA wal_checkpoint(TRUNCATE)"));
}

Result<ArchiveExtent> ArchiveWriter::extent() {
  ArchiveExtent extent;
  QAIO_ASSIGN(extent.page_bytes, database_.integer("PRAGMA page_size"));
  QAIO_ASSIGN(extent.pages, database_.integer("PRAGMA page_count"));
  QAIO_ASSIGN(extent.free_pages, database_.integer("PRAGMA freelist_count"));
  QAIO_ASSIGN(extent.first_id, database_.integer("SELECT min(id) FROM requests"));
  QAIO_ASSIGN(extent.last_id, database_.integer("SELECT max(id) FROM requests"));
  return extent;
}

Result<std::optional<int64_t>> ArchiveWriter::newest_unix_ms(int64_t until_unix_ms) {
  QAIO_ASSIGN(Statement newest,
              database_.prepare("SELECT max(arrived_unix_ms) FROM requests INDEXED BY "
                                "requests_by_time WHERE arrived_unix_ms <= ?"));
  newest.bind(0, until_unix_ms);
  QAIO_ASSIGN(const bool row, newest.step());
  if (!row || newest.is_null(0)) return std::nullopt;
  return std::optional(newest.integer(0));
}

Result<int64_t> ArchiveWriter::last_older_than(int64_t before_unix_ms, int64_t now_unix_ms,
                                               int64_t but_run_id) {
  QAIO_ASSIGN(Statement oldest,
              database_.prepare("SELECT id, arrived_unix_ms FROM requests NOT INDEXED"
                                " WHERE arrived_unix_ms BETWEEN ? AND ? AND id < coalesce("
                                "(SELECT first_request FROM runs WHERE id = ?), 1 << 62)"
                                " ORDER BY id LIMIT " +
                                std::to_string(kRemovedAtOnce)));
  oldest.bind(0, kClockSetUnixMs).bind(1, now_unix_ms).bind(2, but_run_id);
  int64_t last = 0;
  for (bool row = true; row;) {
    QAIO_ASSIGN(row, oldest.step());
    if (row && oldest.integer(1) >= before_unix_ms) break;
    if (row) last = oldest.integer(0);
  }
  return last;
}

Result<int64_t> ArchiveWriter::remove_oldest(int64_t count_max, int64_t last_id) {
  const std::string oldest =
      " FROM (SELECT id FROM requests NOT INDEXED WHERE id <= " + std::to_string(last_id) +
      " ORDER BY id LIMIT " + std::to_string(std::min(count_max, kRemovedAtOnce)) + ")";
  QAIO_ASSIGN(Transaction transaction, Transaction::begin_write(database_));
  QAIO_ASSIGN(const int64_t count, database_.integer("SELECT count(*)" + oldest));
  if (count == 0) return 0;
  QAIO_ASSIGN(const int64_t last, database_.integer("SELECT max(id)" + oldest));
  const std::string upto = std::to_string(last);
  QAIO_RETURN_IF_ERROR(database_.execute("DELETE FROM tasks WHERE id < " +
                                         std::to_string((last + 1) * kTasksPerRequest) +
                                         "; DELETE FROM requests WHERE id <= " + upto +
                                         "; DELETE FROM runs WHERE last_request <= " + upto));
  QAIO_RETURN_IF_ERROR(transaction.commit());
  return count;
}

Result<bool> ArchiveWriter::give_back(const ArchiveExtent& extent, int64_t bytes_max) {
  const int64_t beyond = extent.pages - bytes_max / extent.page_bytes;
  if (beyond <= 0 || extent.free_pages == 0) return false;
  QAIO_RETURN_IF_ERROR(database_.execute("PRAGMA incremental_vacuum(" +
                                         std::to_string(std::min(beyond, kPagesGivenBackAtOnce)) +
                                         ")"));
  return std::min(beyond, extent.free_pages) > kPagesGivenBackAtOnce;
}

}  // namespace qaio
