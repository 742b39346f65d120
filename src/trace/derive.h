// The times people ask for, computed from a task's stages and counters in one place.
#pragma once

#include <cstdint>
#include <optional>

#include "trace/trace.h"

namespace qaio {

// All in nanoseconds; docs/tracing.md defines each. A stage the task never entered counts as 0;
// what needs a token or two is absent without them.
struct DerivedTimes {
  int64_t prompt_build_ns = 0;     // prompt_build + tokenize
  int64_t queue_ns = 0;            // submitted -> first scheduled
  int64_t model_inference_ns = 0;  // prefill + decode + score
  int64_t output_parse_ns = 0;
  std::optional<int64_t> ttft_since_submitted_ns;  // what a client of the engine waits
  std::optional<int64_t> ttft_since_scheduled_ns;  // the same without the queue
  std::optional<double> tpot_ns;  // mean time per token after the first: (last - first) / (n - 1)
};

DerivedTimes derive(const Lane& task_lane, const TaskCounters& counters);

}  // namespace qaio
