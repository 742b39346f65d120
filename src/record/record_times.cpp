#include "record/record_times.h"

#include "record/request_metrics.h"
#include "trace/derive.h"

namespace qaio {
namespace {

constexpr int64_t kNsPerUs = 1000;

std::optional<int64_t> to_ns(std::optional<int64_t> us) {
  if (us) *us *= kNsPerUs;
  return us;
}

}  // namespace

std::optional<int64_t> stage_time(const Lane& lane, Stage stage) {
  std::optional<int64_t> sum;
  for (size_t i = 0; i < lane.size(); ++i) {
    if (lane[i].stage == stage) sum = sum.value_or(0) + lane[i].end_ns - lane[i].begin_ns;
  }
  return sum;
}

RequestTimes request_times(const RequestRecord& record) {
  const RequestMetrics metrics = derive_metrics(record);
  return {record.lane.wall_ns(),
          metrics.model_inference_us * kNsPerUs,
          metrics.prompt_build_us * kNsPerUs,
          metrics.output_parse_us * kNsPerUs,
          metrics.queue_us * kNsPerUs,
          to_ns(metrics.ttft_us),
          to_ns(metrics.ttft_since_scheduled_us),
          to_ns(metrics.tpot_us),
          stage_time(record.lane, Stage::kHttpRead),
          stage_time(record.lane, Stage::kParse),
          stage_time(record.lane, Stage::kTasks),
          stage_time(record.lane, Stage::kSerialize),
          stage_time(record.lane, Stage::kHttpWrite),
          record.lane.unattributed_ns()};
}

TaskTimes task_times(const TaskRecord& task) {
  const DerivedTimes derived = derive(task.lane, task.counters);
  std::optional<int64_t> tpot_ns;
  if (derived.tpot_ns) tpot_ns = static_cast<int64_t>(*derived.tpot_ns);
  return {task.lane.wall_ns(),
          derived.model_inference_ns,
          derived.ttft_since_submitted_ns,
          derived.ttft_since_scheduled_ns,
          tpot_ns,
          stage_time(task.lane, Stage::kPromptBuild),
          stage_time(task.lane, Stage::kTokenize),
          stage_time(task.lane, Stage::kQueue),
          stage_time(task.lane, Stage::kPrefill),
          stage_time(task.lane, Stage::kDecode),
          stage_time(task.lane, Stage::kScore),
          stage_time(task.lane, Stage::kOutputParse),
          task.lane.unattributed_ns()};
}

}  // namespace qaio
