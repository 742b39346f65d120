// The times of a request and of its tasks, computed from the record in this one place, in ns.
// rounded_times.h has them as they are printed, named_times.h by the names of statistics.
#pragma once

#include <cstdint>
#include <optional>

#include "record/record.h"
#include "trace/trace.h"

namespace qaio {

// docs/tracing.md defines each. A stage the task never entered counts as 0; what needs a token or
// two is absent without them. The whole time is the lane's.
struct TaskTimes {
  int64_t prompt_build_ns = 0;     // prompt_build + tokenize
  int64_t queue_ns = 0;            // submitted -> first scheduled
  int64_t model_inference_ns = 0;  // prefill + decode + score
  int64_t output_parse_ns = 0;
  std::optional<int64_t> ttft_since_submitted_ns;  // what a client of the engine waits
  std::optional<int64_t> ttft_since_scheduled_ns;  // the same without the queue
  std::optional<double> tpot_ns;  // mean time per token after the first: (last - first) / (n - 1)
};
TaskTimes task_times(const StageLane& lane, const TaskCounters& counters);

// Of all tasks of the request; docs/http.md defines each.
struct RequestTimes {
  int64_t prompt_build_ns = 0;     // of all tasks together
  int64_t queue_ns = 0;            // of the task that waited longest
  int64_t model_inference_ns = 0;  // at least one task was in the model
  int64_t output_parse_ns = 0;     // of all tasks together
  // Of the last task that drew a token.
  std::optional<int64_t> ttft_ns;  // first byte of the request -> first token
  std::optional<int64_t> ttft_since_scheduled_ns;
  std::optional<double> tpot_ns;
};
RequestTimes request_times(const RequestRecord& record);

// What a client may say: each of its times within a day, and none before one that it follows.
inline constexpr int64_t kClientTimeMaxNs = int64_t{24} * 3600 * 1'000'000'000;
bool in_order(const ClientTimes& times);

// What was not the server's of the client's time. Network, the request's lane and rendering add up
// to it, unless the client's clock is so coarse that nothing is left for the network.
struct ClientSplit {
  int64_t network_ns = 0;
  int64_t rendering_ns = 0;
};
// Absent: the client did not report.
std::optional<ClientSplit> client_split(const RequestRecord& record);

// Sum over the stage's intervals; absent if the lane has none.
std::optional<int64_t> stage_time(const StageLane& lane, Stage stage);

}  // namespace qaio
