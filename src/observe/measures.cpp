#include "observe/measures.h"

#include <algorithm>
#include <map>

#include "observe/request_metrics.h"

namespace qaio {
namespace {

constexpr std::array kRequestStages = {Stage::kHttpRead, Stage::kParse, Stage::kTasks,
                                       Stage::kSerialize, Stage::kHttpWrite};
constexpr std::array kTaskStages = {Stage::kPromptBuild, Stage::kTokenize, Stage::kQueue,
                                    Stage::kPrefill,     Stage::kDecode,   Stage::kScore,
                                    Stage::kOutputParse};

// Columns in the order in which they were first asked for.
class Columns {
 public:
  void add(std::string_view task, std::string_view name, MeasureKind kind, size_t item, double ms) {
    std::string key =
        task.empty() ? std::string(name) : std::string(task) + '.' + std::string(name);
    const auto [it, is_new] = index_.try_emplace(std::move(key), measures_.size());
    if (is_new) measures_.push_back({.name = it->first, .kind = kind, .task = std::string(task)});
    measures_[it->second].ms.push_back(ms);
    measures_[it->second].items.push_back(item);
  }
  std::vector<Measure> take() {
    std::erase_if(measures_, [](const Measure& measure) {
      return measure.kind == MeasureKind::kStage &&
             std::ranges::all_of(measure.ms, [](double ms) { return ms == 0; });
    });
    return std::move(measures_);
  }

 private:
  std::map<std::string, size_t> index_;
  std::vector<Measure> measures_;
};

void add_headlines(const RequestRecord& record, size_t item, Columns& columns) {
  const RequestMetrics metrics = derive_metrics(record);
  const auto add = [&](std::string_view name, double ms) {
    columns.add("", name, MeasureKind::kHeadline, item, ms);
  };
  const auto add_us = [&](std::string_view name, std::optional<int64_t> us) {
    if (us) add(name, static_cast<double>(*us) / 1e3);
  };
  add("total", to_ms(record.lane.wall_ns()));
  add_us("ttft", metrics.ttft_us);
  add_us("ttft_since_scheduled", metrics.ttft_since_scheduled_us);
  add_us("tpot", metrics.tpot_us);
  add_us("model_inference", metrics.model_inference_us);
}

void add_request_lane(const Lane& lane, size_t item, Columns& columns) {
  for (const Stage stage : kRequestStages)
    columns.add("", stage_name(stage), MeasureKind::kStage, item, to_ms(lane.stage_ns(stage)));
  columns.add("", "unattributed", MeasureKind::kStage, item, to_ms(lane.unattributed_ns()));
}

void add_task_lane(const TaskRecord& task, size_t item, Columns& columns) {
  for (const Stage stage : kTaskStages)
    columns.add(task.task, stage_name(stage), MeasureKind::kStage, item,
                to_ms(task.lane.stage_ns(stage)));
  columns.add(task.task, "unattributed", MeasureKind::kStage, item,
              to_ms(task.lane.unattributed_ns()));
  columns.add(task.task, "total", MeasureKind::kLane, item, to_ms(task.lane.wall_ns()));
}

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
  Columns headlines;
  Columns request_lane;
  Columns task_lanes;
  for (size_t i = 0; i < set.items.size(); ++i) {
    const RequestRecord& record = *set.items[i].record;
    if (!answered(record)) continue;
    add_headlines(record, i, headlines);
    add_request_lane(record.lane, i, request_lane);
    for (const TaskRecord& task : record.tasks) add_task_lane(task, i, task_lanes);
  }
  std::vector<Measure> all = headlines.take();
  std::vector<Measure> of_tasks = task_lanes.take();
  std::ranges::stable_sort(of_tasks, {}, &Measure::task);
  for (Measure& measure : request_lane.take()) all.push_back(std::move(measure));
  for (Measure& measure : of_tasks) all.push_back(std::move(measure));
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
