#include "observe/measures.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>

#include "observe/request_metrics.h"

namespace qaio {
namespace {

void append(Measure& measure, size_t item, double ms) {
  measure.ms.push_back(ms);
  measure.items.push_back(item);
}

// One column per stage, in the order of the enum; those that no lane enters are left out at the
// end.
class LaneColumns {
 public:
  explicit LaneColumns(const std::string& task = {}) {
    const std::string prefix = task.empty() ? "" : task + '.';
    for (size_t i = 0; i < kStageCount; ++i)
      stages_[i] = {prefix + std::string(stage_name(static_cast<Stage>(i))), MeasureKind::kStage,
                    task};
    unattributed_ = {prefix + "unattributed", MeasureKind::kStage, task};
    if (!task.empty()) total_ = {prefix + "total", MeasureKind::kLane, task};
  }

  void add(const Lane& lane, size_t item) {
    std::array<int64_t, kStageCount> sum_ns{};
    for (size_t i = 0; i < lane.size(); ++i)
      sum_ns[static_cast<size_t>(lane[i].stage)] += lane[i].end_ns - lane[i].begin_ns;
    for (size_t i = 0; i < kStageCount; ++i) append(stages_[i], item, to_ms(sum_ns[i]));
    append(unattributed_, item, to_ms(lane.unattributed_ns()));
    if (!total_.name.empty()) append(total_, item, to_ms(lane.wall_ns()));
  }

  void take(std::vector<Measure>& out) {
    const auto take_stage = [&out](Measure& measure) {
      if (std::ranges::any_of(measure.ms, [](double ms) { return ms != 0; }))
        out.push_back(std::move(measure));
    };
    for (Measure& stage : stages_) take_stage(stage);
    if (!unattributed_.ms.empty()) out.push_back(std::move(unattributed_));  // 0 is good to know
    if (!total_.name.empty()) out.push_back(std::move(total_));
  }

 private:
  std::array<Measure, kStageCount> stages_;
  Measure unattributed_;
  Measure total_;  // of a task
};

class HeadlineColumns {
 public:
  void add(const RequestRecord& record, size_t item) {
    const RequestMetrics metrics = derive_metrics(record);
    append(columns_[0], item, to_ms(record.lane.wall_ns()));
    const std::array<std::optional<int64_t>, 4> times_us = {
        metrics.ttft_us, metrics.ttft_since_scheduled_us, metrics.tpot_us,
        metrics.model_inference_us};
    for (size_t i = 0; i < times_us.size(); ++i)
      if (times_us[i]) append(columns_[i + 1], item, static_cast<double>(*times_us[i]) / 1e3);
  }

  void take(std::vector<Measure>& out) {
    for (Measure& column : columns_)
      if (!column.ms.empty()) out.push_back(std::move(column));
  }

 private:
  std::array<Measure, 5> columns_ = {
      {{"total"}, {"ttft"}, {"ttft_since_scheduled"}, {"tpot"}, {"model_inference"}}};
};

}  // namespace

std::vector<double> Measure::sorted() const {
  std::vector<double> values = ms;
  std::ranges::sort(values);
  return values;
}

bool answered(const RequestRecord& record) {
  return record.error_code.empty() && record.status < 400 && !record.tasks.empty();
}

std::vector<Measure> collect_measures(const RecordSet& set) {
  HeadlineColumns headlines;
  LaneColumns request_lane;
  std::map<std::string, LaneColumns> task_lanes;
  for (size_t i = 0; i < set.items.size(); ++i) {
    const RequestRecord& record = *set.items[i].record;
    if (!answered(record)) continue;
    headlines.add(record, i);
    request_lane.add(record.lane, i);
    for (const TaskRecord& task : record.tasks)
      task_lanes.try_emplace(task.task, task.task).first->second.add(task.lane, i);
  }
  std::vector<Measure> all;
  headlines.take(all);
  request_lane.take(all);
  for (auto& [task, columns] : task_lanes) columns.take(all);
  return all;
}

const Measure* find_measure(const std::vector<Measure>& measures, std::string_view name) {
  const auto it = std::ranges::find(measures, name, &Measure::name);
  return it == measures.end() ? nullptr : &*it;
}

const TaskRecord* critical_task(const RequestRecord& record) {
  const auto it = std::ranges::max_element(
      record.tasks, {}, [](const TaskRecord& task) { return task.lane.end_ns(); });
  return it == record.tasks.end() ? nullptr : &*it;
}

double mean_batch(const TaskCounters& counters) {
  const uint64_t steps = uint64_t{counters.prefill_steps} + counters.decode_steps;
  return steps == 0 ? 1 : static_cast<double>(counters.batch_sum) / static_cast<double>(steps);
}

}  // namespace qaio
