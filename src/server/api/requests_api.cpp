// GET /requests, /requests/{id}: the last requests from memory, older ones from the archive.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "archive/archive_reader.h"
#include "server/api/observe_api.h"
#include "server/api/record_view.h"
#include "server/http/json_pieces.h"
#include "server/http/query_fields.h"
#include "telemetry/chrome_trace.h"

namespace qaio {
namespace {

constexpr int64_t kLimitDefault = 50;
constexpr int64_t kArchivedLimitMax = 1000;  // a list of MiB
constexpr size_t kRecordBytes = 3 << 10;     // of one in memory, about
constexpr double kSlowMsMax = 1e9;
constexpr std::chrono::seconds kSearchTime{2};
constexpr auto kListFields =
    std::to_array<std::string_view>({"limit", "slow", "task", "id", "since", "until", "format"});
constexpr auto kOneFields = std::to_array<std::string_view>({"format"});

struct RecordQuery {
  size_t limit = 0;
  double slow_ms = 0;
  std::optional<std::string> task;
  std::optional<std::string> id;
  std::optional<int64_t> since_unix_ms;
  std::optional<int64_t> until_unix_ms;
  bool chrome = false;  // a timeline of those in memory, else JSON of our own

  bool wants(const RequestRecord& record) const {
    if (since_unix_ms && record.arrived_unix_ms < *since_unix_ms) return false;
    if (until_unix_ms && record.arrived_unix_ms >= *until_unix_ms) return false;
    if (static_cast<double>(record.lane.wall_ns()) < slow_ms * 1e6) return false;
    if (id && record.request_id != *id) return false;
    return !task || std::ranges::find(record.tasks, *task, &TaskRecord::task) != record.tasks.end();
  }
  ArchiveFilter filter() const {
    ArchiveFilter filter;
    filter.served_only = true;
    filter.from_unix_ms = since_unix_ms;
    filter.until_unix_ms = until_unix_ms;
    filter.task = task.value_or("");
    filter.request_id = id.value_or("");
    if (slow_ms > 0) filter.total_min_us = static_cast<int64_t>(std::ceil(slow_ms * 1000));
    filter.limit = limit;
    filter.order = ArchiveFilter::Order::kNewestFirst;
    return filter;
  }
};

Result<bool> wants_chrome(const QueryFields& fields) {
  const std::string format = fields.text("format").value_or("json");
  if (format == "json" || format == "chrome") return format == "chrome";
  return fail(ErrorCode::kInvalidArgument, "'format' must be json or chrome", "format");
}

Result<RecordQuery> read_query(const std::string& text, const ObserveSources& sources,
                               int64_t now_unix_ms) {
  QAIO_ASSIGN(const QueryFields fields, QueryFields::parse(text, kListFields));
  auto limit_max = static_cast<int64_t>(sources.recent->count_max());
  if (sources.archive != nullptr) limit_max = std::max(limit_max, kArchivedLimitMax);
  QAIO_ASSIGN(const auto limit, fields.integer("limit", 1, limit_max));
  QAIO_ASSIGN(const auto slow_ms, fields.number("slow", 0, kSlowMsMax));
  RecordQuery query;
  QAIO_ASSIGN(query.chrome, wants_chrome(fields));
  QAIO_ASSIGN(query.since_unix_ms, fields.time("since", now_unix_ms));
  QAIO_ASSIGN(query.until_unix_ms, fields.time("until", now_unix_ms));
  query.limit = static_cast<size_t>(limit.value_or(std::min(kLimitDefault, limit_max)));
  query.slow_ms = slow_ms.value_or(0);
  query.task = fields.text("task");
  if (query.task && query.task->empty()) {
    return fail(ErrorCode::kInvalidArgument, "'task' must be the name of a task", "task");
  }
  query.id = fields.text("id");
  if (query.id && query.id->empty()) {
    return fail(ErrorCode::kInvalidArgument, "'id' must be the id of a request", "id");
  }
  return query;
}

// A timeline of these requests and, with `sources`, of the engine's steps meanwhile.
HttpResponse chrome_response(std::vector<RecordPtr> records, const RunInfo& run,
                             const ObserveSources* sources) {
  RecordSet set;
  set.runs.push_back({.info = run});
  TimeNs from_ns = std::numeric_limits<TimeNs>::max();
  TimeNs until_ns = 0;
  std::ranges::sort(records, {}, [](const RecordPtr& one) { return one->lane.begin_ns(); });
  for (RecordPtr& record : records) {
    from_ns = std::min(from_ns, record->lane.begin_ns());
    until_ns = std::max(until_ns, record->lane.end_ns());
    set.items.push_back({.record = std::move(record)});
  }
  std::vector<EngineStep> steps;
  if (!set.items.empty() && sources != nullptr && sources->steps)
    steps = sources->steps(from_ns, until_ns);
  HttpResponse response;
  response.headers.push_back({"Content-Disposition", "attachment; filename=\"qaio-trace.json\""});
  response.body = chrome_trace(set, steps);
  return response;
}

// `next` gives the records one after another, then null. `held_bytes` is what it keeps.
HttpResponse list_response(std::function<RecordPtr()> next, size_t held_bytes) {
  return json_in_pieces(
      [next = std::move(next), begun = false](JsonWriter& json) mutable {
        if (!std::exchange(begun, true)) json.begin_object().key("requests").begin_array();
        const RecordPtr record = next();
        if (record == nullptr) {
          json.end_array().end_object();
          return false;
        }
        write_record_view(*record, json);
        return true;
      },
      held_bytes);
}

// Looks for each record when it is its turn, and so keeps none for a client that does not read.
HttpResponse recent_response(const RecentRecords& recent, const RecordQuery& query) {
  const auto next = [&recent, query, place = recent.end_place(),
                     left = query.limit]() mutable -> RecordPtr {
    if (left == 0) return nullptr;
    --left;
    const auto found = recent.last_before(
        place, 1, [&](const RequestRecord& record) { return query.wants(record); });
    return found.empty() ? nullptr : found.front();
  };
  return list_response(next, 0);
}

Result<std::vector<ArchivedRecord>> archived(SqliteArchive& archive, const ArchiveFilter& filter,
                                             const Unwanted& unwanted) {
  QAIO_ASSIGN(ArchiveReader reader, ArchiveReader::open(archive.path()));
  reader.stop_when(unwanted);
  auto records = reader.read(filter);
  if (reader.damaged() > 0) archive.report_damaged(reader.damaged());
  return records;
}

// Those of memory, then those that it no longer holds. (A paused archive lacks the newest.)
HttpResponse joined_response(std::vector<RecordPtr> recent,
                             const std::vector<ArchivedRecord>& older, size_t limit) {
  const size_t remembered = recent.size();
  for (const ArchivedRecord& archived : older) {
    if (recent.size() == limit) break;
    const RecordPtr& record = archived.record;
    const auto same = [&](const RecordPtr& one) { return same_request(*one, *record); };
    if (std::none_of(recent.begin(), recent.begin() + static_cast<ptrdiff_t>(remembered), same))
      recent.push_back(record);
  }
  const size_t held_bytes = recent.size() * kRecordBytes;
  const auto next = [records = std::make_shared<const std::vector<RecordPtr>>(std::move(recent)),
                     i = size_t{0}]() mutable {
    return i < records->size() ? (*records)[i++] : nullptr;
  };
  return list_response(next, held_bytes);
}

void list_requests(const std::shared_ptr<Call>& call, const ObserveSources& sources) {
  const Result<RecordQuery> query =
      read_query(call->request().query, sources, call->clock().wall_unix_ms());
  if (!query) {
    call->respond(error_response(query.error()));
    return;
  }
  const auto recent_ones = [recent = sources.recent, query = *query] {
    return recent->last(query.limit,
                        [&](const RequestRecord& record) { return query.wants(record); });
  };
  if (sources.archive == nullptr || query->chrome) {
    answer_when_consumed(*sources.observer, call, [recent_ones, sources, query = *query] {
      return query.chrome ? chrome_response(recent_ones(), sources.state().run, &sources)
                          : recent_response(*sources.recent, query);
    });
    return;
  }
  call->lap(Stage::kParse);
  const Unwanted unwanted = unwanted_after(kSearchTime, call, *sources.searches);
  sources.observer->when_consumed(answering(call, [=, sources = sources, query = *query] {
    std::vector<RecordPtr> recent = recent_ones();
    if (recent.size() == query.limit) {
      return respond_from_thread(call, recent_response(*sources.recent, query));
    }
    when_archived(sources, answering(call, [=, recent = std::move(recent)] {
                    answer_aside(*sources.searches, call, [=] {
                      const auto older = archived(*sources.archive, query.filter(), unwanted);
                      if (!older) return archive_error_response(*sources.archive, older.error());
                      return joined_response(recent, *older, query.limit);
                    });
                  }));
  }));
}

// `same_id`: the request and all others that came with its id.
HttpResponse record_response(const RequestRecord& record, size_t same_id) {
  HttpResponse response;
  JsonWriter json(response.body);
  write_record_view(record, json, same_id - 1);
  return response;
}

// How many the archive holds with this id, counted up to the most that a list shows; 0 if it cannot
// tell.
size_t count_archived(SqliteArchive& archive, const std::string& id, const Unwanted& unwanted) {
  Result<ArchiveReader> reader = ArchiveReader::open(archive.path());
  if (reader) {
    reader->stop_when(unwanted);
    const Result<int64_t> count =
        reader->count({.request_id = id, .limit = size_t{kArchivedLimitMax}});
    if (count) return static_cast<size_t>(*count);
    if (count.error().code != ErrorCode::kCancelled) archive.report_unreadable(count.error());
  } else {
    archive.report_unreadable(reader.error());
  }
  return 0;
}

HttpResponse unknown_response(const std::string& id, size_t kept_max, bool archive) {
  return error_response(404, error_code_name(ErrorCode::kNotFound),
                        fmt::format("there is no record of request '{}' among the last {}{}", id,
                                    kept_max, archive ? " or in the archive" : ""));
}

// One that memory no longer holds: the newest of its id.
HttpResponse archived_response(const ObserveSources& sources, const std::string& id, bool chrome,
                               const Unwanted& unwanted) {
  const ArchiveFilter filter{
      .request_id = id, .limit = 1, .order = ArchiveFilter::Order::kNewestFirst};
  const auto found = archived(*sources.archive, filter, unwanted);
  if (!found) return archive_error_response(*sources.archive, found.error());
  if (found->empty()) return unknown_response(id, sources.recent->count_max(), true);
  const auto& [record, run] = found->front();
  if (chrome) return chrome_response({record}, run->info, nullptr);
  return record_response(*record,
                         std::max<size_t>(1, count_archived(*sources.archive, id, unwanted)));
}

void show_request(const std::shared_ptr<Call>& call, const ObserveSources& sources) {
  const Result<QueryFields> fields = QueryFields::parse(call->request().query, kOneFields);
  const Result<bool> chrome =
      fields ? wants_chrome(*fields) : tl::unexpected<Error>(fields.error());
  if (!chrome) {
    call->respond(error_response(chrome.error()));
    return;
  }
  const std::string id = percent_decoded(call->request().parameter);
  const auto remembered = [=, sources = sources, chrome = *chrome](
                              const std::vector<RecordPtr>& same, size_t archived_count) {
    if (chrome) return chrome_response({same.front()}, sources.state().run, &sources);
    return record_response(*same.front(), std::max(same.size(), archived_count));
  };
  if (sources.archive == nullptr) {
    answer_when_consumed(*sources.observer, call, [=, recent = sources.recent] {
      const std::vector<RecordPtr> same = recent->find(id);
      return same.empty() ? unknown_response(id, recent->count_max(), false) : remembered(same, 0);
    });
    return;
  }
  call->lap(Stage::kParse);
  const Unwanted unwanted = unwanted_after(kSearchTime, call, *sources.searches);
  sources.observer->when_consumed(answering(call, [=, sources = sources, chrome = *chrome] {
    when_archived(sources, answering(call, [=, same = sources.recent->find(id)] {
                    if (!same.empty() && chrome)
                      return respond_from_thread(call, remembered(same, 0));
                    answer_aside(*sources.searches, call, [=] {
                      if (!same.empty())
                        return remembered(same, count_archived(*sources.archive, id, unwanted));
                      return archived_response(sources, id, chrome, unwanted);
                    });
                  }));
  }));
}

}  // namespace

void add_requests_api(Router& router, const ObserveSources& sources) {
  router.add("GET", "/requests", [sources](const auto& call) { list_requests(call, sources); });
  router.add("GET", "/requests/{id}", [sources](const auto& call) { show_request(call, sources); });
}

}  // namespace qaio
