#include "archive/archive_query.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "archive/archive_schema.h"

namespace qaio {
namespace {

// So many requests are looked through in some milliseconds; of more, another way is shorter.
constexpr int64_t kFew = 100'000;

// Looking one up takes about as long as going through so many.
constexpr int64_t kLookupRequests = 8;

constexpr char kByTotal[] = " INDEXED BY requests_by_total";

// Of a run, its start: more than are ever under way at once, so that the first to arrive is among
// them though they are in the order in which they ended.
constexpr int64_t kStartRequests = 256;

// A condition on `requests r`; its texts live as long as the filter.
struct Query {
  std::string where = " WHERE 1";
  std::vector<ColumnValue> values;

  void also(const std::string& condition, const std::vector<ColumnValue>& with) {
    where += " AND " + condition;
    values.insert(values.end(), with.begin(), with.end());
  }
  Result<Statement> prepare(Database& database, const std::string& before,
                            const std::string& after) const {
    QAIO_ASSIGN(Statement statement, database.prepare(before + where + after));
    for (size_t i = 0; i < values.size(); ++i) statement.bind(static_cast<int>(i), values[i]);
    return statement;
  }
};

constexpr IdRange kNoIds{0, -1};

Result<IdRange> range_of(const Query& query, Database& database, const std::string& select) {
  QAIO_ASSIGN(Statement statement, query.prepare(database, select, ""));
  QAIO_ASSIGN(const bool row, statement.step());
  if (!row || statement.is_null(0)) return kNoIds;
  return IdRange{statement.integer(0), statement.integer(1)};
}

void add_time(const ArchiveFilter& filter, Query& query) {
  if (filter.from_unix_ms) query.also("r.arrived_unix_ms >= ?", {*filter.from_unix_ms});
  if (filter.until_unix_ms) query.also("r.arrived_unix_ms < ?", {*filter.until_unix_ms});
}

bool of_some_runs(const ArchiveFilter& filter) {
  return !filter.version.empty() || !filter.model.empty();
}

// A condition on `runs`.
Query runs_query(const ArchiveFilter& filter) {
  Query runs;
  if (!filter.version.empty()) runs.also("version = ?", {std::string_view(filter.version)});
  if (!filter.model.empty()) runs.also("model = ?", {std::string_view(filter.model)});
  return runs;
}

// A version's or model's requests lie between the first and the last of its runs.
Result<IdRange> runs_range(const ArchiveFilter& filter, Database& database) {
  return range_of(runs_query(filter), database,
                  "SELECT min(first_request), max(last_request) FROM runs");
}

Result<void> add_runs(const ArchiveFilter& filter, Database& database, Query& query) {
  if (!of_some_runs(filter)) return {};
  QAIO_ASSIGN(const IdRange range, runs_range(filter, database));
  query.also("r.id BETWEEN ? AND ?", {range.first, range.last});
  const Query runs = runs_query(filter);
  query.also("r.run IN (SELECT id FROM runs" + runs.where + ")", {});
  query.values.insert(query.values.end(), runs.values.begin(), runs.values.end());
  return {};
}

bool bounded(const IdRange& ids) { return ids.first > INT64_MIN || ids.last < INT64_MAX; }

void add_task(const ArchiveFilter& filter, Query& query) {
  if (filter.task.empty()) return;
  const std::string n = std::to_string(kTasksPerRequest);
  query.also("EXISTS (SELECT 1 FROM tasks t WHERE t.id BETWEEN r.id * " + n + " AND r.id * " + n +
                 " + " + std::to_string(kTasksPerRequest - 1) + " AND t.task = ?)",
             {std::string_view(filter.task)});
}

void add_status(const ArchiveFilter& filter, Query& query) {
  if (!filter.status) return;
  std::string any = "0";
  std::vector<ColumnValue> bounds;
  for (const StatusFilter::Range& range : filter.status->ranges()) {
    any += " OR r.status BETWEEN ? AND ?";
    if (range.error)
      any += *range.error ? " AND r.error_code NOT NULL" : " AND r.error_code IS NULL";
    bounds.insert(bounds.end(), {int64_t{range.first}, int64_t{range.last}});
  }
  query.also("(" + any + ")", bounds);
}

Result<Query> query_of(const ArchiveFilter& filter, Database& database) {
  Query query;
  add_time(filter, query);
  if (bounded(filter.ids)) query.also("r.id BETWEEN ? AND ?", {filter.ids.first, filter.ids.last});
  QAIO_RETURN_IF_ERROR(add_runs(filter, database, query));
  if (filter.total_min_us) query.also("r.total_us >= ?", {*filter.total_min_us});
  if (filter.chars_min) query.also("r.input_chars >= ?", {*filter.chars_min});
  if (filter.chars_max) query.also("r.input_chars <= ?", {*filter.chars_max});
  add_status(filter, query);
  if (!filter.path.empty()) query.also("r.path = ?", {std::string_view(filter.path)});
  if (!filter.request_id.empty())
    query.also("r.request_id = ?", {std::string_view(filter.request_id)});
  if (!filter.key.empty()) query.also("r.api_key = ?", {std::string_view(filter.key)});
  if (filter.served_only) {
    query.also("r.method IS NOT 'GET' AND r.method IS NOT 'HEAD' AND r.path IS NOT ?",
               {kClientTimesRoute});
  }
  add_task(filter, query);
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
  if (!filter.request_id.empty()) return std::string(" INDEXED BY requests_by_request_id");
  const bool by_time = filter.from_unix_ms || filter.until_unix_ms;
  const bool by_total = filter.total_min_us || filter.order == ArchiveFilter::Order::kSlowestFirst;
  if (by_time && by_total) {
    Query span;
    add_time(filter, span);
    QAIO_ASSIGN(const bool wide, many(span, database, "requests_by_time"));
    return std::string(wide ? kByTotal : " INDEXED BY requests_by_time");
  }
  if (by_total) return std::string(kByTotal);
  if (by_time) return std::string(" INDEXED BY requests_by_time");
  return std::string(" NOT INDEXED");
}

Result<std::vector<int64_t>> all_integers(Statement statement) {
  std::vector<int64_t> all;
  for (bool row = true; row;) {
    QAIO_ASSIGN(row, statement.step());
    if (row) all.push_back(statement.integer(0));
  }
  return all;
}

Result<std::vector<int64_t>> first_matching(Database& database, const Query& query,
                                            const std::string& index, const std::string& order,
                                            size_t limit) {
  QAIO_ASSIGN(Statement statement,
              query.prepare(database, "SELECT r.id FROM requests r" + index,
                            " ORDER BY " + order + " LIMIT " + std::to_string(limit)));
  return all_integers(std::move(statement));
}

// Those with an id above this one that match, newest first.
Result<std::vector<int64_t>> newest_ids(Database& database, Query query, int64_t above,
                                        size_t limit) {
  query.also("r.id > ?", {above});
  return first_matching(database, query, " NOT INDEXED", "r.id DESC", limit);
}

// The slowest that match. Among the kFew slowest are most often enough. If not, what is asked is
// rare, and going through all requests is shorter than looking each up in the index's order.
Result<std::vector<int64_t>> slowest_ids(Database& database, const Query& query, size_t limit) {
  const std::string order = "r.total_us DESC";
  QAIO_ASSIGN(const int64_t least_us,  // 0: there are no more than kFew
              database.integer("SELECT r.total_us FROM requests r" + std::string(kByTotal) +
                               " ORDER BY " + order + " LIMIT 1 OFFSET " + std::to_string(kFew)));
  Query slow = query;
  slow.also("r.total_us >= ?", {least_us});
  QAIO_ASSIGN(std::vector<int64_t> found, first_matching(database, slow, kByTotal, order, limit));
  if (found.size() == limit || least_us == 0) return found;
  return first_matching(database, query, " NOT INDEXED", order, limit);
}

// The newest of those that took long. Of many, most often the newest requests hold enough. If not,
// the index by time taken, which needs no row, names all; what else is asked is looked up from the
// newest on until there are enough, unless going through all requests is shorter.
Result<std::vector<int64_t>> newest_slow_ids(Database& database, const ArchiveFilter& filter,
                                             const Query& query) {
  Query slow;
  add_time(filter, slow);
  slow.also("r.total_us >= ?", {*filter.total_min_us});
  QAIO_ASSIGN(const bool dense, many(slow, database, "requests_by_total"));
  QAIO_ASSIGN(const int64_t last, database.integer("SELECT max(id) FROM requests"));
  if (dense) {
    QAIO_ASSIGN(std::vector<int64_t> newest,
                newest_ids(database, query, last - kFew, filter.limit));
    if (newest.size() == filter.limit) return newest;
  }
  QAIO_ASSIGN(Statement by_total,
              slow.prepare(database, "SELECT r.id FROM requests r" + std::string(kByTotal), ""));
  QAIO_ASSIGN(std::vector<int64_t> heap, all_integers(std::move(by_total)));
  if (std::ssize(heap) > last / kLookupRequests)
    return newest_ids(database, query, INT64_MIN, filter.limit);
  std::ranges::make_heap(heap);
  QAIO_ASSIGN(Statement matches,
              query.prepare(database, "SELECT 1 FROM requests r", " AND r.id = ?"));
  std::vector<int64_t> found;
  while (!heap.empty() && found.size() < filter.limit) {
    std::ranges::pop_heap(heap);
    matches.bind(static_cast<int>(query.values.size()), heap.back());
    QAIO_ASSIGN(const bool row, matches.step());
    if (row) found.push_back(heap.back());
    matches.reset();
    heap.pop_back();
  }
  return found;
}

}  // namespace

Result<std::vector<int64_t>> matching_ids(Database& database, const ArchiveFilter& filter) {
  QAIO_ASSIGN(const Query query, query_of(filter, database));
  const bool slowest = filter.order == ArchiveFilter::Order::kSlowestFirst;
  std::vector<int64_t> ids;
  if (filter.total_min_us && !slowest && filter.limit > 0 && !filter.until_unix_ms) {
    QAIO_ASSIGN(ids, newest_slow_ids(database, filter, query));
  } else {
    QAIO_ASSIGN(const std::string index, index_for(filter, database));
    if (slowest && filter.limit > 0 && index == kByTotal)
      return slowest_ids(database, query, filter.limit);
    std::string after = slowest ? " ORDER BY r.total_us DESC" : " ORDER BY r.id DESC";
    if (filter.limit > 0) after += " LIMIT " + std::to_string(filter.limit);
    QAIO_ASSIGN(Statement statement,
                query.prepare(database, "SELECT r.id FROM requests r" + index, after));
    QAIO_ASSIGN(ids, all_integers(std::move(statement)));
  }
  if (filter.order == ArchiveFilter::Order::kOldestFirst) std::ranges::reverse(ids);
  return ids;
}

Result<int64_t> matching_count(Database& database, const ArchiveFilter& filter) {
  QAIO_ASSIGN(const Query query, query_of(filter, database));
  QAIO_ASSIGN(const std::string index, index_for(filter, database));
  QAIO_ASSIGN(Statement count,
              query.prepare(database, "SELECT count(*) FROM (SELECT 1 FROM requests r" + index,
                            " LIMIT " + std::to_string(filter.limit) + ")"));
  QAIO_ASSIGN(const bool row, count.step());
  return row ? count.integer(0) : 0;
}

Result<IdRange> matching_range(Database& database, const ArchiveFilter& filter) {
  if (filter.limit > 0) {
    ArchiveFilter newest = filter;
    newest.order = ArchiveFilter::Order::kOldestFirst;
    QAIO_ASSIGN(const std::vector<int64_t> ids, matching_ids(database, newest));
    // those that match and are not older are the same ones
    return ids.empty() ? kNoIds : IdRange{ids.front(), ids.back()};
  }
  if (bounded(filter.ids)) return filter.ids;
  IdRange range;
  if (filter.from_unix_ms || filter.until_unix_ms) {
    Query span;
    add_time(filter, span);
    QAIO_ASSIGN(range,
                range_of(span, database,
                         "SELECT min(id), max(id) FROM requests r INDEXED BY requests_by_time"));
  } else {  // of both at once SQLite would look at every row
    QAIO_ASSIGN(range.first, database.integer("SELECT min(id) FROM requests"));
    QAIO_ASSIGN(range.last, database.integer("SELECT max(id) FROM requests"));
    if (range.last == 0) return kNoIds;
  }
  if (!of_some_runs(filter)) return range;
  QAIO_ASSIGN(const IdRange of_runs, runs_range(filter, database));
  return IdRange{std::max(range.first, of_runs.first), std::min(range.last, of_runs.last)};
}

namespace {

struct RunRange {
  int64_t run = 0;
  IdRange ids;
};

Result<std::vector<RunRange>> runs_since(Database& database, int64_t first_id) {
  QAIO_ASSIGN(Statement statement,
              database.prepare("SELECT id, first_request, last_request FROM runs"
                               " WHERE last_request >= ?"));
  statement.bind(0, first_id);
  std::vector<RunRange> runs;
  for (bool row = true; row;) {
    QAIO_ASSIGN(row, statement.step());
    if (row) {
      runs.push_back(
          {statement.integer(0), {.first = statement.integer(1), .last = statement.integer(2)}});
    }
  }
  return runs;
}

// The first requests of a run that match.
Result<std::vector<int64_t>> first_ids(Database& database, const ArchiveFilter& filter,
                                       const RunRange& run, int64_t last) {
  QAIO_ASSIGN(Query query, query_of(filter, database));
  query.also("r.run = ?", {run.run});
  query.also("r.id BETWEEN ? AND ?", {run.ids.first, last});
  QAIO_ASSIGN(Statement statement,
              query.prepare(database, "SELECT r.id FROM requests r NOT INDEXED",
                            " ORDER BY r.id LIMIT " + std::to_string(kStartRequests)));
  return all_integers(std::move(statement));
}

}  // namespace

Result<std::vector<int64_t>> runs_from_start(Database& database, ArchiveFilter filter) {
  std::vector<int64_t> whole;
  if (filter.limit > 0) {
    if (filter.order == ArchiveFilter::Order::kSlowestFirst) return whole;
    QAIO_ASSIGN(filter.ids, matching_range(database, filter));
    if (filter.ids.first > filter.ids.last) return whole;
  }
  filter.limit = 0;
  filter.until_unix_ms.reset();  // what ends later is no start
  filter.ids.last = INT64_MAX;
  filter.served_only = true;
  const ArchiveFilter all{.served_only = true};
  QAIO_ASSIGN(const std::vector<RunRange> runs, runs_since(database, filter.ids.first));
  for (const RunRange& run : runs) {
    QAIO_ASSIGN(const int64_t kept, database.integer("SELECT count(*) FROM requests WHERE id = " +
                                                     std::to_string(run.ids.first)));
    if (kept == 0) continue;
    QAIO_ASSIGN(const auto start, first_ids(database, all, run, run.ids.last));
    if (start.empty()) continue;
    QAIO_ASSIGN(const auto taken, first_ids(database, filter, run, start.back()));
    if (taken == start) whole.push_back(run.run);
  }
  return whole;
}

Result<Statement> matching_requests(Database& database, const ArchiveFilter& filter,
                                    const std::vector<std::string>& columns) {
  QAIO_ASSIGN(Query query, query_of(filter, database));
  if (filter.limit > 0 || !bounded(filter.ids)) {
    QAIO_ASSIGN(const IdRange range, matching_range(database, filter));
    query.also("r.id BETWEEN ? AND ?", {range.first, range.last});
  }
  std::string select = "SELECT r.id";
  for (const std::string& column : columns) select += ", r." + column;
  return query.prepare(database, select + " FROM requests r NOT INDEXED", " ORDER BY r.id");
}

}  // namespace qaio
