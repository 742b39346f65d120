// GET /requests, /requests/{id}, /stats, /slo, /metrics
#include "server/observe_api.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "observe/sla_json.h"
#include "server/query_fields.h"
#include "server/record_json.h"
#include "server/stats_json.h"

namespace qaio {
namespace {

constexpr int64_t kLimitDefault = 50;
constexpr double kSlowMsMax = 1e9;
constexpr auto kListFields = std::to_array<std::string_view>({"limit", "slow", "task"});

struct RecordQuery {
  size_t limit = 0;
  double slow_ms = 0;
  std::optional<std::string> task;

  bool wants(const RequestRecord& record) const {
    if (static_cast<double>(record.lane.wall_ns()) < slow_ms * 1e6) return false;
    return !task || std::ranges::find(record.tasks, *task, &TaskRecord::task) != record.tasks.end();
  }
};

Result<RecordQuery> read_query(const std::string& text, size_t kept_max) {
  QAIO_ASSIGN(const QueryFields fields, QueryFields::parse(text, kListFields));
  const auto limit_max = static_cast<int64_t>(kept_max);
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

HttpResponse list_response(const RecentRecords& recent, const RecordQuery& query) {
  HttpResponse response;
  JsonWriter json(response.body);
  json.begin_object().key("requests").begin_array();
  for (const RecordPtr& record :
       recent.last(query.limit, [&](const RequestRecord& one) { return query.wants(one); })) {
    write_record(*record, json);
  }
  json.end_array().end_object();
  return response;
}

void list_requests(const std::shared_ptr<Call>& call, const ObserveSources& sources) {
  const Result<RecordQuery> query = read_query(call->request().query, sources.recent->count_max());
  if (!query) {
    call->respond(error_response(query.error()));
    return;
  }
  answer_when_consumed(*sources.observer, call, [recent = sources.recent, query = *query] {
    return list_response(*recent, query);
  });
}

HttpResponse record_response(const RecentRecords& recent, const std::string& id) {
  const RecordPtr record = recent.find(id);
  if (record == nullptr) {
    return error_response(404, error_code_name(ErrorCode::kNotFound),
                          fmt::format("there is no record of request '{}' among the last {}", id,
                                      recent.count_max()));
  }
  HttpResponse response;
  JsonWriter json(response.body);
  write_record(*record, json);
  return response;
}

void show_request(const std::shared_ptr<Call>& call, const ObserveSources& sources) {
  answer_when_consumed(*sources.observer, call,
                       [recent = sources.recent, id = percent_decoded(call->request().parameter)] {
                         return record_response(*recent, id);
                       });
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

void show_slo(const std::shared_ptr<Call>& call, const ObserveSources& sources) {
  const Result<QueryFields> none = QueryFields::parse(call->request().query, {});
  if (!none) {
    call->respond(error_response(none.error()));
    return;
  }
  answer_when_consumed(*sources.observer, call, [sla = sources.sla] {
    HttpResponse response;
    JsonWriter json(response.body);
    write_slo(sla->snapshot(), sla->action_counts(), json);
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
  add("/slo", show_slo);
  add("/metrics", show_metrics);
}

}  // namespace qaio
