// The endpoints that show what the server did and does: GET /requests, /requests/{id}, /stats and
// /metrics.
#pragma once

#include <functional>
#include <vector>

#include "observe/live_stats.h"
#include "observe/observer.h"
#include "observe/prometheus_metrics.h"
#include "observe/recent_records.h"
#include "server/router.h"
#include "trace/step_log.h"

namespace qaio {

// Everything pointed to outlives the server and is among the observer's consumers.
struct ObserveSources {
  Observer* observer = nullptr;
  const RecentRecords* recent = nullptr;
  const LiveStats* stats = nullptr;
  const PrometheusMetrics* metrics = nullptr;
  std::function<ServerState()> state;  // of this moment; any thread
  // The engine's steps that overlap a time on the steady clock, oldest first; any thread. May be
  // empty.
  std::function<std::vector<EngineStep>(TimeNs from_ns, TimeNs until_ns)> steps = {};
};

void add_observe_api(Router& router, const ObserveSources& sources);

}  // namespace qaio
