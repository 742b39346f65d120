#include "record/named_times.h"

#include "record/request_times.h"

namespace qaio {
namespace {

std::optional<int64_t> whole_ns(const std::optional<double>& ns) {
  if (!ns) return std::nullopt;
  return static_cast<int64_t>(*ns);
}

}  // namespace

NamedRequestTimes named_times(const RequestRecord& record) {
  const RequestTimes times = request_times(record);
  return {record.lane.wall_ns(),
          times.model_inference_ns,
          times.prompt_build_ns,
          times.output_parse_ns,
          times.queue_ns,
          times.ttft_ns,
          times.ttft_since_scheduled_ns,
          whole_ns(times.tpot_ns),
          stage_time(record.lane, Stage::kHttpRead),
          stage_time(record.lane, Stage::kParse),
          stage_time(record.lane, Stage::kTasks),
          stage_time(record.lane, Stage::kSerialize),
          stage_time(record.lane, Stage::kHttpWrite),
          record.lane.unattributed_ns()};
}

NamedTaskTimes named_times(const TaskRecord& task) {
  const TaskTimes times = task_times(task.lane, task.counters);
  return {task.lane.wall_ns(),
          times.model_inference_ns,
          times.ttft_since_submitted_ns,
          times.ttft_since_scheduled_ns,
          whole_ns(times.tpot_ns),
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
