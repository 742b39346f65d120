// The figures derived from one record, in whole microseconds that add up.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "record/record.h"
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

}  // namespace qaio
