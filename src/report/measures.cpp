#include "report/measures.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <numeric>
#include <utility>

#include "base/run_in_parallel.h"

namespace qaio {
namespace {

using Items = std::vector<uint32_t>;

// One column per stage, in the order of the enum; those that no lane enters are left out at the
// end.
template <typename StageLaneKind>
class LaneColumns {
 public:
  void reserve(size_t count) {
    for (auto& stage : stages_) stage.reserve(count);
    unattributed_.reserve(count);
    totals_.reserve(count);
    items_->reserve(count);
  }

  void add(const StageLaneKind& lane, size_t item) {
    for (size_t i = 0; i < StageLaneKind::kStages; ++i)
      stages_[i].push_back(to_ms(lane.stage_ns(StageLaneKind::stage_at(i))));
    unattributed_.push_back(to_ms(lane.unattributed_ns()));
    totals_.push_back(to_ms(lane.wall_ns()));
    items_->push_back(static_cast<uint32_t>(item));
  }

  void take_stages(const std::string& task, std::vector<Measure>& out) {
    const std::string prefix = task.empty() ? "" : task + '.';
    for (size_t i = 0; i < StageLaneKind::kStages; ++i) {
      if (std::ranges::all_of(stages_[i], [](double ms) { return ms == 0; })) continue;
      out.push_back({stage_text(task, StageLaneKind::stage_at(i)), MeasureKind::kStage, task,
                     std::move(stages_[i]), items_});
    }
    if (unattributed_.empty()) return;  // 0 is good to know
    out.push_back(
        {prefix + "unattributed", MeasureKind::kStage, task, std::move(unattributed_), items_});
  }
  void take_total(std::string name, MeasureKind kind, const std::string& task,
                  std::vector<Measure>& out) {
    if (!totals_.empty()) out.push_back({std::move(name), kind, task, std::move(totals_), items_});
  }

 private:
  std::array<std::vector<double>, StageLaneKind::kStages> stages_;
  std::vector<double> unattributed_;
  std::vector<double> totals_;
  std::shared_ptr<Items> items_ = std::make_shared<Items>();
};

// A time that not every request has.
struct OptionalColumn {
  const char* name;
  int64_t (*get_us)(const CompactRecord& request);
  MeasureKind kind = MeasureKind::kHeadline;
  std::vector<double> ms = {};
  std::shared_ptr<Items> items = std::make_shared<Items>();
};

std::vector<Measure> request_measures(const CompactRecords& set) {
  LaneColumns<RequestLane> lane;
  lane.reserve(set.requests.size());
  std::array<OptionalColumn, 6> others = {
      {{"ttft", [](const CompactRecord& r) { return r.ttft_us; }},
       {"ttft_since_scheduled", [](const CompactRecord& r) { return r.ttft_since_scheduled_us; }},
       {"tpot", [](const CompactRecord& r) { return r.tpot_us; }},
       {"model_inference", [](const CompactRecord& r) { return r.model_inference_us; }},
       {"client.network", [](const CompactRecord& r) { return r.client_network_us; },
        MeasureKind::kClient},
       {"client.rendering", [](const CompactRecord& r) { return r.client_rendering_us; },
        MeasureKind::kClient}}};
  for (size_t i = 0; i < set.requests.size(); ++i) {
    const CompactRecord& request = *set.requests[i];
    if (!request.answered()) continue;
    lane.add(request.lane, i);
    for (OptionalColumn& column : others) {
      const int64_t us = column.get_us(request);
      if (us == CompactRecord::kNone) continue;
      column.ms.push_back(static_cast<double>(us) / 1e3);
      column.items->push_back(static_cast<uint32_t>(i));
    }
  }
  std::vector<Measure> out;
  lane.take_total("total", MeasureKind::kHeadline, "", out);
  const auto take_others = [&](MeasureKind kind) {
    for (OptionalColumn& column : others) {
      if (column.kind != kind || column.ms.empty()) continue;
      out.push_back({column.name, kind, "", std::move(column.ms), std::move(column.items)});
    }
  };
  take_others(MeasureKind::kHeadline);
  lane.take_stages("", out);
  take_others(MeasureKind::kClient);
  return out;
}

std::vector<Measure> task_measures(const CompactRecords& set) {
  std::vector<size_t> counts(set.tasks.size());
  for (const CompactRecord* request : set.requests)
    for (const CompactTask& task : request->tasks) ++counts[task.name];
  std::vector<LaneColumns<TaskLane>> lanes(set.tasks.size());
  for (size_t i = 0; i < lanes.size(); ++i) lanes[i].reserve(counts[i]);
  for (size_t i = 0; i < set.requests.size(); ++i) {
    if (!set.requests[i]->answered()) continue;
    for (const CompactTask& task : set.requests[i]->tasks) lanes[task.name].add(task.lane, i);
  }
  std::vector<size_t> order(lanes.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::ranges::sort(order, {}, [&](size_t i) -> const std::string& { return set.tasks[i]; });
  std::vector<Measure> out;
  for (const size_t i : order) {
    lanes[i].take_stages(set.tasks[i], out);
    lanes[i].take_total(set.tasks[i] + ".total", MeasureKind::kLane, set.tasks[i], out);
  }
  return out;
}

}  // namespace

std::vector<double> Measure::sorted() const {
  std::vector<double> values = ms;
  std::ranges::sort(values);
  return values;
}

std::vector<Measure> collect_measures(const CompactRecords& set, int threads) {
  std::vector<Measure> all;
  std::vector<Measure> of_tasks;
  const std::array<std::function<void()>, 2> jobs = {[&] { all = request_measures(set); },
                                                     [&] { of_tasks = task_measures(set); }};
  run_in_parallel(jobs, threads);
  std::ranges::move(of_tasks, std::back_inserter(all));
  return all;
}

std::string stage_text(std::string_view task, Stage stage) {
  return task.empty() ? std::string(stage_name(stage))
                      : fmt::format("{}.{}", task, stage_name(stage));
}

std::string ms_text(double ms) {
  const double size = std::abs(ms);
  return fmt::format("{:.{}f}", ms, size < 1 ? 3 : size < 10 ? 2 : size < 1000 ? 1 : 0);
}

const Measure* find_measure(const std::vector<Measure>& measures, std::string_view name) {
  const auto it = std::ranges::find(measures, name, &Measure::name);
  return it == measures.end() ? nullptr : &*it;
}

}  // namespace qaio
