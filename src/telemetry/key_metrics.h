// The metrics of API keys, read when Prometheus asks. Internal to prometheus_metrics.cpp.
#pragma once

#include <prometheus/metric_family.h>

#include <vector>

#include "access/key_ring.h"

namespace qaio {

// As many series as there are keys: those of a key that is revoked end with it.
std::vector<prometheus::MetricFamily> key_metrics(const KeyRingFigures& figures);

}  // namespace qaio
