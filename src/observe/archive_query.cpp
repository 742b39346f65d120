#include "observe/archive_query.h"

#include <algorithm>

#include "observe/archive_schema.h"

namespace qaio {
namespace {

// So many requests are looked through in some milliseconds; of more, another way is shorter.
constexpr int64_t kFew = 100'000;

// A condition on `requests r`; its texts live as long as the filter.
struct Query {
  std::string where = " WHERE 1";
  std::vector<ColumnValue> values;

  void also(const std::string& condition, std::initializer_list<ColumnValue> with) {
    where += " AND " + condition;
    values.insert(values.end(), with);
  }
  Result<Statement> prepare(Database& database, const std::string& before,
                            const std::string& after) const {
    QAIO_ASSIGN(Statement statement, database.prepare(before + where + after));
    for (size_t i = 0; i < values.size(); ++i) statement.bind(static_cast<int>(i), values[i]);
    return statement;
  }
};

struct Range {
  int64_t first = 0;
  int64_t last = -1;
};

Result<Range> range_of(const Query& query, Database& database, const std::string& select) {
  QAIO_ASSIGN(Statement statement, query.prepare(database, select, ""));
  QAIO_ASSIGN(const bool row, statement.step());
  if (!row || statement.is_null(0)) return Range{};
  return Range{statement.integer(0), statement.integer(1)};
}

void add_time(const ArchiveFilter& filter, Query& query) {
  if (filter.from_unix_ms) query.also("r.arrived_unix_ms >= ?", {*filter.from_unix_ms});
  if (filter.until_unix_ms) query.also("r.arrived_unix_ms < ?", {*filter.until_unix_ms});
}

// A version's requests lie between the first and the last of its runs.
Result<void> add_version(const ArchiveFilter& filter, Database& database, Query& query) {
  if (filter.version.empty()) return {};
  const std::string_view version = filter.version;
  Query runs;
  runs.also("version = ?", {version});
  QAIO_ASSIGN(const Range range,
              range_of(runs, database, "SELECT min(first_request), max(last_request) FROM runs"));
  query.also("r.id BETWEEN ? AND ?", {range.first, range.last});
  query.also("r.run IN (SELECT id FROM runs WHERE version = ?)", {version});
  return {};
}

Result<Query> query_of(const ArchiveFilter& filter, Database& database) {
  Query query;
  add_time(filter, query);
  QAIO_RETURN_IF_ERROR(add_version(filter, database, query));
  if (filter.total_min_us) query.also("r.total_us >= ?", {*filter.total_min_us});
  if (!filter.path.empty()) query.also("r.path = ?", {std::string_view(filter.path)});
  if (!filter.task.empty()) {
    const std::string n = std::to_string(kTasksPerRequest);
    query.also("EXISTS (SELECT 1 FROM tasks t WHERE t.id BETWEEN r.id * " + n + " AND r.id * " + n +
                   " + " + std::to_string(kTasksPerRequest - 1) + " AND t.task = ?)",
               {std::string_view(filter.task)});
  }
  return query;
}

// Whether more than kFew requests match, told from an index alone.
Result<bool> many(const Query& query, Database& database, const std::string& index) {
  QAIO_ASSIGN(
      Statement count,
      query.prepare(database, "SELECT count(*) FROM (SELECT 1 FROM requests r INDEXED BY " + index,
                    " LIMIT " + std::to_string(kFew + 1) + ")"));
  QAIO_ASSIGN(const bool row, count.step());
  return row && count.integer(0) > kFew;
}

// Which index to walk: statistics that would tell SQLite itself are not kept.
Result<std::string> index_for(const ArchiveFilter& filter, Database& database) {
  const bool by_time = filter.from_unix_ms || filter.until_unix_ms;
  const bool slowest = filter.order == ArchiveFilter::Order::kSlowestFirst;
  if (filter.total_min_us && !slowest && filter.limit > 0 && !filter.until_unix_ms) {
    // the newest of many are found sooner from the end than by sorting all of them
    Query slow;
    slow.also("r.total_us >= ?", {*filter.total_min_us});
    QAIO_ASSIGN(const bool dense, many(slow, database, "requests_by_total"));
    if (dense) return std::string(" NOT INDEXED");
  }
  const bool by_total = filter.total_min_us || slowest;
  if (by_time && by_total) {
    Query span;
    add_time(filter, span);
    QAIO_ASSIGN(const bool wide, many(span, database, "requests_by_time"));
    return std::string(wide ? " INDEXED BY requests_by_total" : " INDEXED BY requests_by_time");
  }
  if (by_total) return std::string(" INDEXED BY requests_by_total");
  if (by_time) return std::string(" INDEXED BY requests_by_time");
  return std::string(" NOT INDEXED");
}

}  // namespace

Result<std::vector<int64_t>> matching_ids(Database& database, const ArchiveFilter& filter) {
  QAIO_ASSIGN(const Query query, query_of(filter, database));
  QAIO_ASSIGN(const std::string index, index_for(filter, database));
  const bool slowest = filter.order == ArchiveFilter::Order::kSlowestFirst;
  std::string after = slowest ? " ORDER BY r.total_us DESC" : " ORDER BY r.id DESC";
  if (filter.limit > 0) after += " LIMIT " + std::to_string(filter.limit);
  QAIO_ASSIGN(Statement statement,
              query.prepare(database, "SELECT r.id FROM requests r" + index, after));
  std::vector<int64_t> ids;
  for (bool row = true; row;) {
    QAIO_ASSIGN(row, statement.step());
    if (row) ids.push_back(statement.integer(0));
  }
  if (filter.order == ArchiveFilter::Order::kOldestFirst) std::ranges::reverse(ids);
  return ids;
}

Result<Statement> matching_requests(Database& database, const ArchiveFilter& filter,
                                    const std::vector<std::string>& columns) {
  QAIO_ASSIGN(Query query, query_of(filter, database));
  if (filter.limit > 0) {
    ArchiveFilter newest = filter;
    newest.order = ArchiveFilter::Order::kOldestFirst;
    QAIO_ASSIGN(const std::vector<int64_t> ids, matching_ids(database, newest));
    // those that match and are not older are the same ones
    const Range range = ids.empty() ? Range{} : Range{ids.front(), ids.back()};
    query.also("r.id BETWEEN ? AND ?", {range.first, range.last});
  } else if (filter.from_unix_ms || filter.until_unix_ms) {
    Query span;
    add_time(filter, span);
    QAIO_ASSIGN(const Range range,
                range_of(span, database,
                         "SELECT min(id), max(id) FROM requests r INDEXED BY requests_by_time"));
    query.also("r.id BETWEEN ? AND ?", {range.first, range.last});
  }
  std::string select = "SELECT r.id";
  for (const std::string& column : columns) select += ", r." + column;
  return query.prepare(database, select + " FROM requests r NOT INDEXED", " ORDER BY r.id");
}

}  // namespace qaio
