// A request's times as clients see them: microseconds that add up exactly.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "server/json_writer.h"
#include "server/record.h"
#include "trace/trace.h"

namespace qaio {

// One lane in whole microseconds. Interval ends, not durations, are rounded (relative to the
// lane's begin), so that stages plus unattributed equal the total exactly and none is negative.
struct LaneMicros {
  std::array<int64_t, kStageCount> stages{};
  int64_t unattributed = 0;
  int64_t total = 0;

  int64_t operator[](Stage stage) const { return stages[static_cast<size_t>(stage)]; }
};
LaneMicros lane_micros(const Lane& lane);

struct Figure {
  std::string name;
  int64_t us = 0;
};

// Flat and named: the headline figures, then the request lane's stages and `unattributed`, which
// tile `total`, then for each task `<task>.<stage>`, `<task>.unattributed` and `<task>.total`.
struct Breakdown {
  int64_t total_us = 0;
  std::vector<Figure> figures;
};
Breakdown make_breakdown(const RequestRecord& record);

// Derived from all tasks of the request; docs/http.md defines each.
struct RequestMetrics {
  int64_t model_inference_us = 0;  // at least one task was in the model
  int64_t prompt_build_us = 0;
  int64_t output_parse_us = 0;
  int64_t queue_us = 0;                            // of the task that waited longest
  std::optional<int64_t> ttft_us;                  // first byte of the request -> first token
  std::optional<int64_t> ttft_since_scheduled_us;  // first scheduled -> first token
  std::optional<int64_t> tpot_us;
  double cpu_cores = 0;
  double resident_mib = 0;
};
RequestMetrics derive_metrics(const RequestRecord& record);

// "total_response_time_ms", "breakdown" and "metrics" as members of the object being written.
void write_times(const RequestRecord& record, const Breakdown& breakdown, JsonWriter& json);
// The value of the Server-Timing header with the same figures.
std::string server_timing(const Breakdown& breakdown);

}  // namespace qaio
