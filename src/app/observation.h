// What `qaio serve` makes of the records of its requests: the log, the last records, statistics,
// metrics, SLO rules and archives, and the endpoints that show them.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "access/key_ring.h"
#include "app/archive_options.h"
#include "app/otlp_options.h"
#include "app/runtime.h"
#include "app/server_log.h"
#include "base/mutex.h"
#include "record/client_reports.h"
#include "record/observer.h"
#include "record/recent_records.h"
#include "server/api/api.h"
#include "server/api/perf_log.h"
#include "server/http/server.h"
#include "server/http/worker_thread.h"
#include "server/observe/live_events.h"
#include "slo/slo_config.h"
#include "slo/slo_monitor.h"
#include "telemetry/live_series.h"
#include "telemetry/live_stats.h"
#include "telemetry/prometheus_metrics.h"

namespace qaio {

struct ObservationOptions {
  int records_kept = 1000;  // for /requests; about 3 KiB each
  ArchiveOptions archive;
  OtlpSettings otlp;
  std::string model;  // as given to the program; its files are fingerprinted for the archives
  int threads = 1;
  SloConfig slo;
  uint16_t port = 0;                        // as given to the program
  std::shared_ptr<KeyRing> keys = nullptr;  // null: nobody needs a key
};

// For builds that measure what observing costs: records go there instead. Before main().
void set_record_sink(RecordSink sink);

// Outlives the server.
class Observation {
 public:
  // `slot` and `log` outlive it. Errors are those of Archives::open(), otlp_options(),
  // OtlpExporter::create() and make_sla_actions().
  static Result<std::unique_ptr<Observation>> create(const ObservationOptions& options,
                                                     const BackendSlot& slot, ServerLog& log);

  void add_endpoints(Router& router);
  // For the server.
  RecordSink sink();
  bool exports_traces() const { return exports_traces_; }
  // Once the server listens: what alerts and spans call it, and what it does. It outlives this, or
  // finish().
  void listening(const ServerOptions& options, const Server& server);
  // Before the slot gets the runtime's backend.
  void model_loaded(const Runtime& runtime);
  // Once requests are served: tells the archives which model it is, which takes milliseconds.
  void model_ready();
  // After the server's stop, before the runtime or the server goes: the last records are written,
  // and nothing here refers to them any more. Errors are those of Archives::close(), once.
  Result<void> finish();

 private:
  Observation(const ObservationOptions& options, const BackendSlot& slot, ServerLog& log,
              Archives archives, std::vector<std::unique_ptr<SloAction>> slo_actions,
              std::unique_ptr<OtlpExporter> otlp, bool exports_traces,
              std::shared_ptr<std::atomic<int>> port);
  ServerState state() const;
  LiveSeries::State live_state() const;

  const ObservationOptions options_;
  const BackendSlot& slot_;
  ServerLog& log_;
  const std::shared_ptr<std::atomic<int>> port_;  // the SLO actions ask for it
  mutable Mutex mutex_;
  RunInfo run_ QAIO_GUARDED_BY(mutex_);
  const Server* server_ QAIO_GUARDED_BY(mutex_) = nullptr;

  PerfLog perf_log_;
  RecentRecords recent_;
  ClientReports clients_;
  LiveStats stats_;
  LiveSeries live_;
  PrometheusMetrics metrics_;
  std::unique_ptr<SloMonitor> slo_;
  LiveEvents live_events_;
  Archives archives_;
  const bool exports_traces_;
  std::unique_ptr<OtlpExporter> otlp_;  // null: nothing is exported
  WorkerThread reports_;
  WorkerThread searches_;
  std::unique_ptr<Observer> observer_;  // last: its thread uses the others
};

}  // namespace qaio
