// Rules and their alerts for Prometheus. Internal to prometheus_metrics.cpp.
#pragma once

#include <prometheus/metric_family.h>

#include <span>
#include <vector>

#include "observe/sla_action.h"
#include "observe/sla_status.h"

namespace qaio {

std::vector<prometheus::MetricFamily> sla_metrics(std::span<const SlaStatus> rules,
                                                  std::span<const SlaActionCounts> actions);

}  // namespace qaio
