// The endpoints that show what the server did and does: GET /requests, /requests/{id}, /stats,
// /slo and /metrics.
#pragma once

#include <functional>

#include "observe/live_stats.h"
#include "observe/observer.h"
#include "observe/prometheus_metrics.h"
#include "observe/recent_records.h"
#include "observe/sla_monitor.h"
#include "server/router.h"

namespace qaio {

// Everything pointed to outlives the server and is among the observer's consumers.
struct ObserveSources {
  Observer* observer = nullptr;
  const RecentRecords* recent = nullptr;
  const LiveStats* stats = nullptr;
  const PrometheusMetrics* metrics = nullptr;
  const SlaMonitor* sla = nullptr;
  std::function<ServerState()> state;  // of this moment; any thread
};

void add_observe_api(Router& router, const ObserveSources& sources);

}  // namespace qaio
