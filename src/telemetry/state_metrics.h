// The metrics that are read when Prometheus asks, not counted. Internal to prometheus_metrics.cpp.
#pragma once

#include <prometheus/metric_family.h>

#include <vector>

#include "telemetry/prometheus_metrics.h"

namespace qaio {

std::vector<prometheus::MetricFamily> state_metrics(const ServerState& state);

}  // namespace qaio
