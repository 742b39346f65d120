// The state of the server as OpenTelemetry's metrics: the engine, what was dropped, the process.
#pragma once

#include <cstdint>
#include <string>

#include "telemetry/server_state.h"

namespace qaio {

// `Metric` objects joined by commas. docs/otlp.md describes each.
std::string otlp_state_metrics(const ServerState& state, int64_t start_unix_ns,
                               int64_t now_unix_ns);

}  // namespace qaio
