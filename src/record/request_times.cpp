#include "record/request_times.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace qaio {
namespace {

// The time in which at least one task was in prefill, decode or score: side by side counts once.
int64_t model_inference_ns(const RequestRecord& record) {
  std::vector<std::pair<TimeNs, TimeNs>> busy;
  for (const TaskRecord& task : record.tasks) {
    for (size_t i = 0; i < task.lane.size(); ++i) {
      const StageLane::Interval& interval = task.lane[i];
      if (interval.stage == Stage::kPrefill || interval.stage == Stage::kDecode ||
          interval.stage == Stage::kScore) {
        busy.emplace_back(interval.begin_ns, interval.end_ns);
      }
    }
  }
  std::ranges::sort(busy);
  int64_t sum = 0;
  TimeNs covered = 0;
  for (const auto& [begin, end] : busy) {
    sum += std::max<int64_t>(0, end - std::max(begin, covered));
    covered = std::max(covered, end);
  }
  return sum;
}

}  // namespace

std::optional<int64_t> stage_time(const StageLane& lane, Stage stage) {
  std::optional<int64_t> sum;
  for (size_t i = 0; i < lane.size(); ++i) {
    if (lane[i].stage == stage) sum = sum.value_or(0) + lane[i].end_ns - lane[i].begin_ns;
  }
  return sum;
}

TaskTimes task_times(const StageLane& lane, const TaskCounters& counters) {
  TaskTimes times;
  times.prompt_build_ns = lane.stage_ns(Stage::kPromptBuild) + lane.stage_ns(Stage::kTokenize);
  times.queue_ns = lane.stage_ns(Stage::kQueue);
  times.model_inference_ns =
      lane.stage_ns(Stage::kPrefill) + lane.stage_ns(Stage::kDecode) + lane.stage_ns(Stage::kScore);
  times.output_parse_ns = lane.stage_ns(Stage::kOutputParse);
  if (counters.completion_tokens >= 1) {
    times.ttft_since_submitted_ns = counters.first_token_ns - counters.submitted_ns;
    times.ttft_since_scheduled_ns = counters.first_token_ns - counters.scheduled_ns;
  }
  if (counters.completion_tokens >= 2) {
    times.tpot_ns = static_cast<double>(counters.last_token_ns - counters.first_token_ns) /
                    static_cast<double>(counters.completion_tokens - 1);
  }
  return times;
}

bool in_order(const ClientTimes& times) {
  const TimeNs first_token_ns = times.first_token_ns.value_or(times.first_byte_ns);
  return 0 <= times.first_byte_ns && times.first_byte_ns <= times.last_byte_ns &&
         times.last_byte_ns <= times.done_ns && times.done_ns <= kClientTimeMaxNs &&
         times.first_byte_ns <= first_token_ns && first_token_ns <= times.done_ns;
}

std::optional<ClientSplit> client_split(const RequestRecord& record) {
  if (!record.client_times) return std::nullopt;
  const ClientTimes& times = *record.client_times;
  return ClientSplit{
      .network_ns = std::max<int64_t>(0, times.last_byte_ns - record.lane.wall_ns()),
      .rendering_ns = times.done_ns - times.last_byte_ns,
  };
}

RequestTimes request_times(const RequestRecord& record) {
  RequestTimes all;
  all.model_inference_ns = model_inference_ns(record);
  for (const TaskRecord& task : record.tasks) {
    const TaskTimes times = task_times(task.lane, task.counters);
    all.prompt_build_ns += times.prompt_build_ns;
    all.output_parse_ns += times.output_parse_ns;
    all.queue_ns = std::max(all.queue_ns, times.queue_ns);
    if (task.counters.completion_tokens == 0 || task.counters.first_token_ns == 0) continue;
    all.ttft_ns = task.counters.first_token_ns - record.lane.begin_ns();
    all.ttft_since_scheduled_ns = times.ttft_since_scheduled_ns;
    if (times.tpot_ns) all.tpot_ns = times.tpot_ns;
  }
  return all;
}

}  // namespace qaio
