#include "archive/archive_schema.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <vector>

#include "trace/task_counters.h"

namespace qaio {
namespace {

// The place of the counters' columns in the first of the following.
constexpr std::string_view kCounters = "$COUNTERS\n";

// Without the columns of counters, which come from their table.
constexpr std::string_view kMigrations[] = {
    // 1
    R"sql(
CREATE TABLE runs (  -- one start of a server
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  version TEXT NOT NULL,
  model TEXT NOT NULL,
  model_hash TEXT NOT NULL,
  isa TEXT NOT NULL,
  threads INTEGER NOT NULL,
  started_unix_ms INTEGER NOT NULL,
  first_request INTEGER,  -- its requests lie within; NULL: none yet
  last_request INTEGER
);
CREATE TABLE requests (
  id INTEGER PRIMARY KEY,  -- ascending in the order in which requests ended
  run INTEGER NOT NULL,
  arrived_unix_ms INTEGER NOT NULL,
  status INTEGER NOT NULL,
  total_us INTEGER NOT NULL,
  http_read_us INTEGER NOT NULL,
  parse_us INTEGER NOT NULL,
  tasks_us INTEGER NOT NULL,
  serialize_us INTEGER NOT NULL,
  http_write_us INTEGER NOT NULL,
  unattributed_us INTEGER NOT NULL,
  model_inference_us INTEGER NOT NULL,
  prompt_build_us INTEGER NOT NULL,
  output_parse_us INTEGER NOT NULL,
  queue_us INTEGER NOT NULL,
  ttft_us INTEGER,
  ttft_since_scheduled_us INTEGER,
  tpot_us INTEGER,
  prompt_tokens INTEGER NOT NULL,
  cached_tokens INTEGER NOT NULL,
  completion_tokens INTEGER NOT NULL,
  input_chars INTEGER NOT NULL,
  history_dropped INTEGER NOT NULL,
  cpu_ns INTEGER NOT NULL,
  minor_faults INTEGER NOT NULL,
  major_faults INTEGER NOT NULL,
  context_switches INTEGER NOT NULL,
  resident_bytes INTEGER NOT NULL,
  begin_ns INTEGER NOT NULL,
  error_code TEXT,
  method TEXT,
  path TEXT,
  request_id TEXT,
  input_text TEXT,
  lane BLOB NOT NULL,
  cpu_cores REAL GENERATED ALWAYS AS (cpu_ns / 1000.0 / total_us) VIRTUAL,
  resident_mib REAL GENERATED ALWAYS AS (resident_bytes / 1048576.0) VIRTUAL
);
CREATE INDEX requests_by_time ON requests (arrived_unix_ms, total_us);
CREATE INDEX requests_by_total ON requests (total_us, arrived_unix_ms);
CREATE TABLE tasks (
  id INTEGER PRIMARY KEY,  -- requests.id * 1024 + position
  task TEXT,
  total_us INTEGER NOT NULL,
  prompt_build_us INTEGER NOT NULL,
  tokenize_us INTEGER NOT NULL,
  queue_us INTEGER NOT NULL,
  prefill_us INTEGER NOT NULL,
  decode_us INTEGER NOT NULL,
  score_us INTEGER NOT NULL,
  output_parse_us INTEGER NOT NULL,
  unattributed_us INTEGER NOT NULL,
$COUNTERS
  finish_reason TEXT,
  error_code TEXT,
  label TEXT,
  score REAL,
  output_text TEXT,
  lane BLOB NOT NULL,
  request INTEGER GENERATED ALWAYS AS (id / 1024) VIRTUAL,  -- requests.id
  position INTEGER GENERATED ALWAYS AS (id % 1024) VIRTUAL
);
)sql",
    // 2: a record read back is the same record, and a request is found by its id
    R"sql(
ALTER TABLE requests ADD COLUMN routed INTEGER;  -- NULL: written by version 1
ALTER TABLE tasks ADD COLUMN gap_counts TEXT;
CREATE INDEX requests_by_request_id ON requests (request_id);
)sql",
    // 3: what was asked in tokens and how many were before it; more ranges of times between tokens
    // (from old range 19 on; one that was divided counts in its upper part)
    R"sql(
ALTER TABLE requests ADD COLUMN input_tokens INTEGER;  -- NULL: written by an earlier version
ALTER TABLE requests ADD COLUMN requests_ahead INTEGER;
UPDATE tasks SET gap_counts = trim(replace(replace(replace(replace(replace(' ' || gap_counts,
  ' 23:', ' 30:'), ' 22:', ' 24:'), ' 21:', ' 23:'), ' 20:', ' 22:'), ' 19:', ' 20:'))
  WHERE gap_max_ns > 300000000;
)sql",
    // 4: the last stage that a request's own lane may have, so that its columns add up; until now
    // it
    // was in the total alone
    R"sql(
ALTER TABLE requests ADD COLUMN tokenize_us INTEGER NOT NULL DEFAULT 0;
UPDATE requests SET tokenize_us = total_us - http_read_us - parse_us - tasks_us - serialize_us
  - http_write_us - unattributed_us
  WHERE total_us <> http_read_us + parse_us + tasks_us + serialize_us + http_write_us
  + unattributed_us;
)sql",
    // 5: what the client said later; NULL: nothing
    R"sql(
ALTER TABLE requests ADD COLUMN client_first_byte_us INTEGER;
ALTER TABLE requests ADD COLUMN client_first_token_us INTEGER;
ALTER TABLE requests ADD COLUMN client_last_byte_us INTEGER;
ALTER TABLE requests ADD COLUMN client_done_us INTEGER;
ALTER TABLE requests ADD COLUMN client_network_us INTEGER;
ALTER TABLE requests ADD COLUMN client_rendering_us INTEGER;
)sql",
    // 6: in which wording questions about a text were asked
    R"sql(
ALTER TABLE tasks ADD COLUMN prompt_version TEXT;
)sql",
    // 7: with which API key it came; NULL: none, or written by an earlier version
    R"sql(
ALTER TABLE requests ADD COLUMN api_key TEXT;
)sql",
};

static_assert(std::ranges::all_of(kTaskCounters, [](const TaskCounter& counter) {
  return counter.archive_version >= 1 &&
         counter.archive_version <= static_cast<int>(std::size(kMigrations));
}));

// "  batch_sum INTEGER NOT NULL,\n" for each counter that the first version had. What was written
// before a counter was there has none, and neither has a task that never came to a moment.
std::string first_counters() {
  std::string sql;
  for (const TaskCounter& counter : kTaskCounters) {
    if (counter.archive_version != 1) continue;
    const bool optional = counter.unit == CounterUnit::kMoment;
    (sql += "  ").append(counter.name) += optional ? " INTEGER,\n" : " INTEGER NOT NULL,\n";
  }
  return sql;
}

std::string later_counters(int version) {
  std::string sql;
  for (const TaskCounter& counter : kTaskCounters) {
    if (counter.archive_version == version)
      (sql += "ALTER TABLE tasks ADD COLUMN ").append(counter.name) += " INTEGER;\n";
  }
  return sql;
}

std::vector<std::string> migrations_with_counters() {
  std::vector<std::string> all(std::begin(kMigrations), std::end(kMigrations));
  all[0].replace(all[0].find(kCounters), kCounters.size(), first_counters());
  for (size_t i = 1; i < all.size(); ++i) all[i] += later_counters(static_cast<int>(i) + 1);
  return all;
}

Result<void> check_owner(Database& database) {
  QAIO_ASSIGN(const int64_t owner, database.integer("PRAGMA application_id"));
  if (owner == kArchiveId) return {};
  QAIO_ASSIGN(const int64_t tables, database.integer("SELECT count(*) FROM sqlite_schema"));
  if (owner == 0 && tables == 0) return {};  // new
  return fail(ErrorCode::kCorrupt,
              database.path() + ": an SQLite database, but not an archive of qaio");
}

Result<int64_t> version_of(Database& database, size_t known) {
  QAIO_RETURN_IF_ERROR(check_owner(database));
  QAIO_ASSIGN(const int64_t version, database.integer("PRAGMA user_version"));
  if (version < 0 || version > static_cast<int64_t>(known)) {
    return fail(ErrorCode::kUnsupported, database.path() +
                                             ": a newer qaio wrote this archive (version " +
                                             std::to_string(version) + "; this one knows up to " +
                                             std::to_string(known) + ")");
  }
  return version;
}

// SQLite answers with the mode it ended up in.
Result<void> use_wal(Database& database) {
  QAIO_ASSIGN(Statement statement, database.prepare("PRAGMA journal_mode = WAL"));
  QAIO_ASSIGN(const bool row, statement.step());
  if (row && statement.text(0) == "wal") return {};
  return fail(ErrorCode::kResourceExhausted,
              database.path() + ": cannot begin a write-ahead log there");
}

// False: there was nothing to do.
Result<bool> migrate_one(Database& database, std::span<const std::string_view> migrations) {
  QAIO_ASSIGN(Transaction transaction, Transaction::begin_write(database));
  QAIO_ASSIGN(const int64_t version, version_of(database, migrations.size()));
  if (version == static_cast<int64_t>(migrations.size())) return false;
  QAIO_RETURN_IF_ERROR(database.execute(std::string(migrations[static_cast<size_t>(version)])));
  QAIO_RETURN_IF_ERROR(database.execute("PRAGMA application_id = " + std::to_string(kArchiveId) +
                                        "; PRAGMA user_version = " + std::to_string(version + 1)));
  QAIO_RETURN_IF_ERROR(transaction.commit());
  return true;
}

}  // namespace

std::span<const std::string_view> archive_migrations() {
  static const std::vector<std::string> kTexts = migrations_with_counters();
  static const std::vector<std::string_view> kAll(kTexts.begin(), kTexts.end());
  return kAll;
}

Result<void> migrate(Database& database, std::span<const std::string_view> migrations) {
  QAIO_ASSIGN(const int64_t version, version_of(database, migrations.size()));
  // Takes effect only before the first table: pages that old records leave can be given back.
  if (version == 0) QAIO_RETURN_IF_ERROR(database.execute("PRAGMA auto_vacuum = INCREMENTAL"));
  QAIO_RETURN_IF_ERROR(use_wal(database));
  for (bool again = true; again;) {
    QAIO_ASSIGN(again, migrate_one(database, migrations));
  }
  return {};
}

Result<void> check_version(Database& database) {
  const size_t known = archive_migrations().size();
  QAIO_ASSIGN(const int64_t version, version_of(database, known));
  if (version == static_cast<int64_t>(known)) return {};
  if (version == 0) return fail(ErrorCode::kNotFound, database.path() + ": the archive is empty");
  return fail(ErrorCode::kUnsupported,
              database.path() + ": an older qaio wrote this archive (version " +
                  std::to_string(version) + "); `qaio serve --archive` brings it to version " +
                  std::to_string(known));
}

}  // namespace qaio
