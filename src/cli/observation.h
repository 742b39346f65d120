// What `qaio serve` makes of the records of its requests: the log, the last records, statistics and
// metrics, and the endpoints that show them.
#pragma once

#include <mutex>

#include "cli/runtime.h"
#include "observe/live_stats.h"
#include "observe/observer.h"
#include "observe/prometheus_metrics.h"
#include "observe/recent_records.h"
#include "server/api.h"
#include "server/perf_log.h"
#include "server/server.h"

namespace qaio {

struct ObservationOptions {
  int records_kept = 1000;  // for /requests; about 3 KiB each
};

// Outlives the server.
class Observation {
 public:
  // `slot` outlives it.
  Observation(const ObservationOptions& options, const BackendSlot& slot);

  void add_endpoints(Router& router);
  // For the server.
  RecordSink sink();
  // Before the slot gets the runtime's backend.
  void model_loaded(const Runtime& runtime);
  // After the server's stop, before the runtime or the server goes: nothing here refers to them any
  // more.
  void flush() { observer_.flush(); }

 private:
  ServerState state() const;

  const BackendSlot& slot_;
  mutable std::mutex mutex_;
  RunInfo run_;  // guarded by mutex_

  PerfLog perf_log_;
  RecentRecords recent_;
  LiveStats stats_;
  PrometheusMetrics metrics_;
  Observer observer_;  // last: its thread uses the others
};

}  // namespace qaio
