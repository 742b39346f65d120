// GET /stats, /slo, /metrics, and what these and their neighbours share.
#include "server/observe/observe_api.h"

#include <atomic>
#include <exception>
#include <utility>

#include "server/http/query_fields.h"
#include "server/observe/stats_json.h"
#include "slo/slo_json.h"

namespace qaio {
namespace {

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
  answer_when_consumed(*sources.observer, call, [slo = sources.slo] {
    HttpResponse response;
    JsonWriter json(response.body);
    write_slo(slo->snapshot(), slo->action_counts(), json);
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

void respond_with(const std::shared_ptr<Call>& call, const std::function<HttpResponse()>& make) {
  try {
    respond_from_thread(call, make());
  } catch (const std::exception&) {  // out of memory: one request fails, not the server
    respond_from_thread(call,
                        error_response(503, error_code_name(ErrorCode::kResourceExhausted),
                                       "there is not enough memory for this answer; ask for less"));
  }
}

}  // namespace

std::function<void()> answering(const std::shared_ptr<Call>& call, std::function<void()> work) {
  return [call, work = std::move(work)] {
    try {
      work();
    } catch (const std::exception& error) {
      call->fail(error);
    }
  };
}

void respond_from_thread(const std::shared_ptr<Call>& call, HttpResponse response) {
  call->post([call, response = std::move(response)]() mutable {
    call->lap(Stage::kSerialize);
    call->respond(std::move(response));
  });
}

void answer_when_consumed(Observer& observer, const std::shared_ptr<Call>& call,
                          std::function<HttpResponse()> make) {
  call->lap(Stage::kParse);
  observer.when_consumed(
      answering(call, [call, make = std::move(make)] { respond_with(call, make); }));
}

Unwanted unwanted_after(std::chrono::nanoseconds time, const std::shared_ptr<Call>& call,
                        const WorkerThread& thread) {
  const auto cancelled = std::make_shared<std::atomic<bool>>(false);
  call->on_cancel([cancelled] { *cancelled = true; });
  return
      [cancelled, &thread, &clock = call->clock(), end_ns = call->clock().now_ns() + time.count()] {
        return *cancelled || thread.stopping() || clock.now_ns() > end_ns;
      };
}

void answer_aside(WorkerThread& thread, const std::shared_ptr<Call>& call,
                  std::function<HttpResponse()> make) {
  const bool taken =
      thread.post(answering(call, [call, make = std::move(make)] { respond_with(call, make); }));
  if (taken) return;
  respond_from_thread(call, error_response(503, error_code_name(ErrorCode::kResourceExhausted),
                                           "too many such requests wait already; try again later"));
}

void when_archived(const ObserveSources& sources, std::function<void()> then) {
  sources.archive_thread->when_consumed([archive = sources.archive, then = std::move(then)] {
    try {
      archive->write_now();
    } catch (const std::exception&) {  // out of memory: the answer is of what was written before
    }
    then();
  });
}

HttpResponse archive_error_response(SqliteArchive& archive, const Error& error) {
  if (error.code == ErrorCode::kCancelled) {
    return error_response(504, error_code_name(ErrorCode::kDeadlineExceeded),
                          "the archive holds too much for this question; ask for less");
  }
  archive.report_unreadable(error);
  const bool later = error.code == ErrorCode::kResourceExhausted;
  return error_response(later ? 503 : 500,
                        error_code_name(later ? error.code : ErrorCode::kInternal),
                        "the archive could not be read");
}

void add_observe_api(Router& router, const ObserveSources& sources) {
  const auto add = [&](const char* path, Scope scope, auto endpoint) {
    router.add("GET", path, scope,
               [sources, endpoint](const auto& call) { endpoint(call, sources); });
  };
  add_requests_api(router, sources);
  add_client_api(router, sources);
  add_report_api(router, sources);
  add_live_api(router, sources);
  add_compare_api(router, sources);
  add_keys_api(router, sources);
  add("/stats", Scope::kRead, show_stats);
  add("/slo", Scope::kRead, show_slo);
  add("/metrics", Scope::kMetrics, show_metrics);
}

}  // namespace qaio
