// GET /requests, /requests/{id}: the last requests from memory, older ones from the archive.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "observe/archive_reader.h"
#include "server/observe_api.h"
#include "server/query_fields.h"
#include "server/record_view.h"

namespace qaio {
namespace {

constexpr int64_t kLimitDefault = 50;
constexpr int64_t kArchivedLimitMax = 1000;  // a list of MiB
constexpr double kSlowMsMax = 1e9;
constexpr std::chrono::seconds kSearchTime{2};
constexpr auto kListFields = std::to_array<std::string_view>({"limit", "slow", "task"});

struct RecordQuery {
  size_t limit = 0;
  double slow_ms = 0;
  std::optional<std::string> task;

  bool wants(const RequestRecord& record) const {
    if (static_cast<double>(record.lane.wall_ns()) < slow_ms * 1e6) return false;
    return !task || std::ranges::find(record.tasks, *task, &TaskRecord::task) != record.tasks.end();
  }
  ArchiveFilter filter() const {
    ArchiveFilter filter;
    filter.served_only = true;
    filter.task = task.value_or("");
    if (slow_ms > 0) filter.total_min_us = static_cast<int64_t>(std::ceil(slow_ms * 1000));
    filter.limit = limit;
    filter.order = ArchiveFilter::Order::kNewestFirst;
    return filter;
  }
};

Result<RecordQuery> read_query(const std::string& text, const ObserveSources& sources) {
  QAIO_ASSIGN(const QueryFields fields, QueryFields::parse(text, kListFields));
  auto limit_max = static_cast<int64_t>(sources.recent->count_max());
  if (sources.archive != nullptr) limit_max = std::max(limit_max, kArchivedLimitMax);
  QAIO_ASSIGN(const auto limit, fields.integer("limit", 1, limit_max));
  QAIO_ASSIGN(const auto slow_ms, fields.number("slow", 0, kSlowMsMax));
  RecordQuery query;
  query.limit = static_cast<size_t>(limit.value_or(std::min(kLimitDefault, limit_max)));
  query.slow_ms = slow_ms.value_or(0);
  query.task = fields.text("task");
  if (query.task && query.task->empty()) {
    return fail(ErrorCode::kInvalidArgument, "'task' must be the name of a task", "task");
  }
  return query;
}

HttpResponse list_response(const std::vector<RecordPtr>& records) {
  HttpResponse response;
  JsonWriter json(response.body);
  json.begin_object().key("requests").begin_array();
  for (const RecordPtr& record : records) write_record_view(*record, json);
  json.end_array().end_object();
  return response;
}

Result<std::vector<RecordPtr>> archived(const std::string& path, const ArchiveFilter& filter,
                                        const Unwanted& unwanted) {
  QAIO_ASSIGN(ArchiveReader reader, ArchiveReader::open(path));
  reader.stop_when(unwanted);
  QAIO_ASSIGN(const std::vector<ArchivedRecord> found, reader.read(filter));
  std::vector<RecordPtr> records;
  for (const ArchivedRecord& one : found) records.push_back(one.record);
  return records;
}

// Those of memory, then those that it no longer holds. (A paused archive lacks the newest.)
HttpResponse joined_response(std::vector<RecordPtr> recent, const std::vector<RecordPtr>& older,
                             size_t limit) {
  const size_t remembered = recent.size();
  for (const RecordPtr& record : older) {
    if (recent.size() == limit) break;
    const auto same = [&](const RecordPtr& one) {
      return one->request_id == record->request_id &&
             one->lane.begin_ns() == record->lane.begin_ns();
    };
    if (std::none_of(recent.begin(), recent.begin() + static_cast<ptrdiff_t>(remembered), same))
      recent.push_back(record);
  }
  return list_response(recent);
}

void list_requests(const std::shared_ptr<Call>& call, const ObserveSources& sources) {
  const Result<RecordQuery> query = read_query(call->request().query, sources);
  if (!query) {
    call->respond(error_response(query.error()));
    return;
  }
  const auto recent_ones = [recent = sources.recent, query = *query] {
    return recent->last(query.limit,
                        [&](const RequestRecord& record) { return query.wants(record); });
  };
  if (sources.archive == nullptr) {
    answer_when_consumed(*sources.observer, call,
                         [recent_ones] { return list_response(recent_ones()); });
    return;
  }
  call->lap(Stage::kParse);
  const Unwanted unwanted = unwanted_after(kSearchTime, call, *sources.searches);
  sources.observer->when_consumed([=, sources = sources, query = *query] {
    std::vector<RecordPtr> recent = recent_ones();
    if (recent.size() == query.limit) return respond_from_thread(call, list_response(recent));
    sources.archive->write_now();
    answer_aside(*sources.searches, call, [=, recent = std::move(recent)] {
      const auto older = archived(sources.archive->path(), query.filter(), unwanted);
      if (!older) return archive_error_response(older.error());
      return joined_response(recent, *older, query.limit);
    });
  });
}

HttpResponse record_response(const RequestRecord& record) {
  HttpResponse response;
  JsonWriter json(response.body);
  write_record_view(record, json);
  return response;
}

HttpResponse unknown_response(const std::string& id, size_t kept_max, bool archive) {
  return error_response(404, error_code_name(ErrorCode::kNotFound),
                        fmt::format("there is no record of request '{}' among the last {}{}", id,
                                    kept_max, archive ? " or in the archive" : ""));
}

void show_request(const std::shared_ptr<Call>& call, const ObserveSources& sources) {
  const std::string id = percent_decoded(call->request().parameter);
  const auto remembered = [recent = sources.recent, id] { return recent->find(id); };
  if (sources.archive == nullptr) {
    answer_when_consumed(*sources.observer, call, [=, kept = sources.recent->count_max()] {
      const RecordPtr record = remembered();
      return record ? record_response(*record) : unknown_response(id, kept, false);
    });
    return;
  }
  call->lap(Stage::kParse);
  const Unwanted unwanted = unwanted_after(kSearchTime, call, *sources.searches);
  sources.observer->when_consumed([=, sources = sources] {
    const RecordPtr record = remembered();
    if (record != nullptr) return respond_from_thread(call, record_response(*record));
    sources.archive->write_now();
    answer_aside(*sources.searches, call, [=] {
      const ArchiveFilter filter{
          .request_id = id, .limit = 1, .order = ArchiveFilter::Order::kNewestFirst};
      const auto found = archived(sources.archive->path(), filter, unwanted);
      if (!found) return archive_error_response(found.error());
      return found->empty() ? unknown_response(id, sources.recent->count_max(), true)
                            : record_response(*found->front());
    });
  });
}

}  // namespace

void add_requests_api(Router& router, const ObserveSources& sources) {
  router.add("GET", "/requests", [sources](const auto& call) { list_requests(call, sources); });
  router.add("GET", "/requests/{id}", [sources](const auto& call) { show_request(call, sources); });
}

}  // namespace qaio
