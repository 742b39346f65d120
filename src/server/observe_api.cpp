// GET /requests, /requests/{id}, /stats, /metrics
#include "server/observe_api.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "observe/chrome_trace.h"
#include "server/query_fields.h"
#include "server/record_json.h"
#include "server/stats_json.h"

namespace qaio {
namespace {

constexpr int64_t kLimitDefault = 50;
constexpr double kSlowMsMax = 1e9;
constexpr int64_t kUnixMsMax = 253'402'300'799'999;  // the year 9999
constexpr auto kListFields =
    std::to_array<std::string_view>({"limit", "slow", "task", "since", "until", "format"});
constexpr auto kOneFields = std::to_array<std::string_view>({"format"});

struct RecordQuery {
  size_t limit = 0;
  double slow_ms = 0;
  std::optional<std::string> task;
  int64_t since_unix_ms = 0;
  int64_t until_unix_ms = kUnixMsMax;
  bool chrome = false;  // else JSON of our own

  bool wants(const RequestRecord& record) const {
    if (record.arrived_unix_ms < since_unix_ms || record.arrived_unix_ms >= until_unix_ms) {
      return false;
    }
    if (static_cast<double>(record.lane.wall_ns()) < slow_ms * 1e6) return false;
    return !task || std::ranges::find(record.tasks, *task, &TaskRecord::task) != record.tasks.end();
  }
};

Result<bool> wants_chrome(const QueryFields& fields) {
  const std::string format = fields.text("format").value_or("json");
  if (format == "json" || format == "chrome") return format == "chrome";
  return fail(ErrorCode::kInvalidArgument, "'format' must be json or chrome", "format");
}

Result<RecordQuery> read_query(const std::string& text, size_t kept_max) {
  QAIO_ASSIGN(const QueryFields fields, QueryFields::parse(text, kListFields));
  const auto limit_max = static_cast<int64_t>(kept_max);
  QAIO_ASSIGN(const auto limit, fields.integer("limit", 1, limit_max));
  QAIO_ASSIGN(const auto slow_ms, fields.number("slow", 0, kSlowMsMax));
  QAIO_ASSIGN(const auto since, fields.integer("since", 0, kUnixMsMax));
  QAIO_ASSIGN(const auto until, fields.integer("until", 0, kUnixMsMax));
  RecordQuery query;
  QAIO_ASSIGN(query.chrome, wants_chrome(fields));
  query.limit = static_cast<size_t>(limit.value_or(std::min(kLimitDefault, limit_max)));
  query.since_unix_ms = since.value_or(0);
  query.until_unix_ms = until.value_or(kUnixMsMax);
  query.slow_ms = slow_ms.value_or(0);
  query.task = fields.text("task");
  if (query.task && query.task->empty()) {
    return fail(ErrorCode::kInvalidArgument, "'task' must be the name of a task", "task");
  }
  return query;
}

// Answers with what `make` returns, once everything that happened before is observed, so that a
// client finds the request it just made. It is made on the observer's thread: an I/O thread neither
// waits nor spends its time on a long list.
void answer_when_consumed(Observer& observer, const std::shared_ptr<Call>& call,
                          std::function<HttpResponse()> make) {
  call->lap(Stage::kParse);
  observer.when_consumed([call, make = std::move(make)] {
    call->post([call, response = make()]() mutable {
      call->lap(Stage::kSerialize);
      call->respond(std::move(response));
    });
  });
}

// A timeline of these requests, newest first, and of the engine's steps meanwhile.
HttpResponse chrome_response(std::vector<RecordPtr> records, const ObserveSources& sources) {
  RecordSet set;
  set.runs.push_back({.info = sources.state().run});
  TimeNs from_ns = std::numeric_limits<TimeNs>::max();
  TimeNs until_ns = 0;
  std::ranges::sort(records, {}, [](const RecordPtr& one) { return one->lane.begin_ns(); });
  for (RecordPtr& record : records) {
    from_ns = std::min(from_ns, record->lane.begin_ns());
    until_ns = std::max(until_ns, record->lane.end_ns());
    set.items.push_back({.record = std::move(record)});
  }
  std::vector<EngineStep> steps;
  if (!set.items.empty() && sources.steps) steps = sources.steps(from_ns, until_ns);
  HttpResponse response;
  response.headers.push_back({"Content-Disposition", "attachment; filename=\"qaio-trace.json\""});
  response.body = chrome_trace(set, steps);
  return response;
}

HttpResponse list_response(const ObserveSources& sources, const RecordQuery& query) {
  std::vector<RecordPtr> records =
      sources.recent->last(query.limit, [&](const RequestRecord& one) { return query.wants(one); });
  if (query.chrome) return chrome_response(std::move(records), sources);
  HttpResponse response;
  JsonWriter json(response.body);
  json.begin_object().key("requests").begin_array();
  for (const RecordPtr& record : records) write_record(*record, json);
  json.end_array().end_object();
  return response;
}

void list_requests(const std::shared_ptr<Call>& call, const ObserveSources& sources) {
  const Result<RecordQuery> query = read_query(call->request().query, sources.recent->count_max());
  if (!query) {
    call->respond(error_response(query.error()));
    return;
  }
  answer_when_consumed(*sources.observer, call,
                       [sources, query = *query] { return list_response(sources, query); });
}

HttpResponse record_response(const ObserveSources& sources, const std::string& id, bool chrome) {
  const RecordPtr record = sources.recent->find(id);
  if (record == nullptr) {
    return error_response(404, error_code_name(ErrorCode::kNotFound),
                          fmt::format("there is no record of request '{}' among the last {}", id,
                                      sources.recent->count_max()));
  }
  if (chrome) return chrome_response({record}, sources);
  HttpResponse response;
  JsonWriter json(response.body);
  write_record(*record, json);
  return response;
}

void show_request(const std::shared_ptr<Call>& call, const ObserveSources& sources) {
  const Result<QueryFields> fields = QueryFields::parse(call->request().query, kOneFields);
  const Result<bool> chrome =
      fields ? wants_chrome(*fields) : tl::unexpected<Error>(fields.error());
  if (!chrome) {
    call->respond(error_response(chrome.error()));
    return;
  }
  answer_when_consumed(*sources.observer, call,
                       [sources, id = percent_decoded(call->request().parameter),
                        chrome = *chrome] { return record_response(sources, id, chrome); });
}

void show_stats(const std::shared_ptr<Call>& call, const ObserveSources& sources) {
  const Result<QueryFields> none = QueryFields::parse(call->request().query, {});
  if (!none) {
    call->respond(error_response(none.error()));
    return;
  }
  answer_when_consumed(*sources.observer, call, [stats = sources.stats, state = sources.state] {
    HttpResponse response;
    JsonWriter json(response.body);
    write_stats(stats->snapshot(), state(), json);
    return response;
  });
}

// Does not wait for the observer: what is counted lags by at most its interval, and a scrape must
// not depend on anything that may be stuck.
void show_metrics(const std::shared_ptr<Call>& call, const ObserveSources& sources) {
  call->lap(Stage::kParse);
  HttpResponse response;
  response.content_type = "text/plain; version=0.0.4; charset=utf-8";
  response.body = sources.metrics->text(sources.state());
  call->lap(Stage::kSerialize);
  call->respond(std::move(response));
}

}  // namespace

void add_observe_api(Router& router, const ObserveSources& sources) {
  const auto add = [&](const char* path, auto endpoint) {
    router.add("GET", path, [sources, endpoint](const auto& call) { endpoint(call, sources); });
  };
  add("/requests", list_requests);
  add("/requests/{id}", show_request);
  add("/stats", show_stats);
  add("/metrics", show_metrics);
}

}  // namespace qaio
