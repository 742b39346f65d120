// Live statistics as JSON.
#pragma once

#include <span>

#include "base/json_writer.h"
#include "telemetry/live_stats.h"
#include "telemetry/prometheus_metrics.h"

namespace qaio {

// One object; docs/http.md lists its members.
void write_stats(std::span<const WindowStats> windows, const ServerState& state, JsonWriter& json);

}  // namespace qaio
