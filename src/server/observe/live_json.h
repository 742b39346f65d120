// Points of the live series as JSON; docs/http.md lists the members.
#pragma once

#include <cstdint>

#include "base/json_writer.h"
#include "telemetry/live_series.h"

namespace qaio {

// One object. `end_unix_ms` labels the point.
void write_live_point(const LivePoint& point, int64_t end_unix_ms, JsonWriter& json);

// An array of milliseconds.
void write_heat_bounds(JsonWriter& json);

}  // namespace qaio
