// The endpoints that show what the server did and does: GET /requests, /requests/{id}, /report,
// /compare, /stats, /live, /live/events, /slo, /metrics and /keys; and POST /requests/{id}/client,
// by which clients add their times.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <vector>

#include "access/key_ring.h"
#include "archive/sqlite_archive.h"
#include "record/client_reports.h"
#include "record/consumer_thread.h"
#include "record/observer.h"
#include "record/recent_records.h"
#include "server/http/router.h"
#include "server/http/worker_thread.h"
#include "server/observe/live_events.h"
#include "slo/slo_monitor.h"
#include "telemetry/live_series.h"
#include "telemetry/live_stats.h"
#include "telemetry/prometheus_metrics.h"
#include "trace/step_log.h"

namespace qaio {

// Everything pointed to outlives the server and, but for the threads, is among the observer's
// consumers. At the end the threads are stopped before the observer.
struct ObserveSources {
  Observer* observer = nullptr;
  const RecentRecords* recent = nullptr;
  ClientReports* clients = nullptr;
  const LiveStats* stats = nullptr;
  const LiveSeries* live = nullptr;
  LiveEvents* live_events = nullptr;
  const PrometheusMetrics* metrics = nullptr;
  const SloMonitor* slo = nullptr;
  std::function<ServerState()> state;  // of this moment; any thread
  // The engine's steps that overlap a time on the steady clock, oldest first; any thread. May be
  // empty.
  std::function<std::vector<EngineStep>(TimeNs from_ns, TimeNs until_ns)> steps = {};
  WorkerThread* reports = nullptr;           // makes reports
  WorkerThread* searches = nullptr;          // looks into the archive; not needed without one
  SqliteArchive* archive = nullptr;          // what memory no longer holds; null: there is none
  ConsumerThread* archive_thread = nullptr;  // the archive's; among the consumers in its stead
  std::shared_ptr<KeyRing> keys = nullptr;   // null: nobody needs a key
};

void add_observe_api(Router& router, const ObserveSources& sources);

// Its parts in files of their own.
void add_requests_api(Router& router, const ObserveSources& sources);
void add_client_api(Router& router, const ObserveSources& sources);
void add_report_api(Router& router, const ObserveSources& sources);
void add_live_api(Router& router, const ObserveSources& sources);
void add_compare_api(Router& router, const ObserveSources& sources);
void add_keys_api(Router& router, const ObserveSources& sources);

// 404: memory, which keeps so many, does not have it, and neither has the archive, if there is one.
HttpResponse unknown_response(const std::string& id, size_t kept_max, bool archive);

// Call::respond() from another thread.
void respond_from_thread(const std::shared_ptr<Call>& call, HttpResponse response);

// `work`, which answers the call from another thread or has it answered: where it fails the client
// is told, or cut off if there is no memory even for that.
std::function<void()> answering(const std::shared_ptr<Call>& call, std::function<void()> work);

// Answers with what `make` returns, once everything that happened before is observed, so that a
// client finds the request it just made. It is made on the observer's thread: an I/O thread neither
// waits nor spends its time on a long list.
void answer_when_consumed(Observer& observer, const std::shared_ptr<Call>& call,
                          std::function<HttpResponse()> make);

// For answers that take long. Says true from the moment on when nobody wants the answer any more:
// the client left, the server stops, or the time is over.
using Unwanted = std::function<bool()>;
Unwanted unwanted_after(std::chrono::nanoseconds time, const std::shared_ptr<Call>& call,
                        const WorkerThread& thread);

// Answers with what `make` returns on the thread; with 503 if too many wait for it. Any thread.
void answer_aside(WorkerThread& thread, const std::shared_ptr<Call>& call,
                  std::function<HttpResponse()> make);

// Calls `then` on the archive's thread once the archive holds everything that the observer has
// consumed, unless it is paused. On the observer's thread.
void when_archived(const ObserveSources& sources, std::function<void()> then);

// Why the archive gave no answer, without its path; the cause goes to the log.
HttpResponse archive_error_response(SqliteArchive& archive, const Error& error);

}  // namespace qaio
