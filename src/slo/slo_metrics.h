// Rules and their alerts for Prometheus. Internal to prometheus_metrics.cpp.
#pragma once

#include <prometheus/metric_family.h>

#include <span>
#include <vector>

#include "slo/slo_action.h"
#include "slo/slo_status.h"

namespace qaio {

std::vector<prometheus::MetricFamily> slo_metrics(std::span<const SloStatus> rules,
                                                  std::span<const SloActionCounts> actions);

}  // namespace qaio
