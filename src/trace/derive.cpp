#include "trace/derive.h"

namespace qaio {

DerivedTimes derive(const Lane& task_lane, const TaskCounters& counters) {
  DerivedTimes times;
  times.prompt_build_ns =
      task_lane.stage_ns(Stage::kPromptBuild) + task_lane.stage_ns(Stage::kTokenize);
  times.queue_ns = task_lane.stage_ns(Stage::kQueue);
  times.model_inference_ns = task_lane.stage_ns(Stage::kPrefill) +
                             task_lane.stage_ns(Stage::kDecode) + task_lane.stage_ns(Stage::kScore);
  times.output_parse_ns = task_lane.stage_ns(Stage::kOutputParse);
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

}  // namespace qaio
