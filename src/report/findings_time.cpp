// Findings about where the time of requests goes: the bottleneck, and waiting.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>
#include <iterator>
#include <span>

#include "base/run_in_parallel.h"
#include "report/findings.h"
#include "stats/statistics.h"

namespace qaio {
namespace {

constexpr size_t kRequestsMin = 20;
constexpr double kBottleneckShareMin = 0.35;
constexpr double kBottleneckLeadMin = 1.2;  // times the next stage
constexpr size_t kStagesShown = 3;
constexpr double kQueueShareMin = 0.10;

// Wall time by the stage that requests were waiting for: their own stages, and in place of `tasks`
// those of the task that ended last.
class CriticalPath {
 public:
  explicit CriticalPath(const CompactRecords& set) : set_(set), of_tasks_(set.tasks.size()) {}

  void add(const CompactRecord& request) {
    const CompactTask& task = request.critical_task();
    int64_t left_ns = request.lane.wall_ns();
    for (size_t i = 0; i < RequestLane::kStages; ++i) {
      if (RequestLane::stage_at(i) == Stage::kTasks) continue;
      const int64_t ns = request.lane.stage_ns(RequestLane::stage_at(i));
      of_request_[i] += ns;
      left_ns -= ns;
    }
    for (size_t i = 0; i < TaskLane::kStages; ++i) {
      const int64_t ns = task.lane.stage_ns(TaskLane::stage_at(i));
      of_tasks_[task.name][i] += ns;
      left_ns -= ns;
    }
    unattributed_ns_ += std::max<int64_t>(0, left_ns);
  }

  // The longest first.
  std::vector<std::pair<std::string, double>> stages_ms() const {
    std::vector<std::pair<std::string, double>> stages;
    const auto add_stage = [&](std::string name, int64_t ns) {
      if (ns > 0) stages.emplace_back(std::move(name), to_ms(ns));
    };
    for (size_t i = 0; i < RequestLane::kStages; ++i)
      add_stage(std::string(stage_name(RequestLane::stage_at(i))), of_request_[i]);
    for (size_t task = 0; task < of_tasks_.size(); ++task)
      for (size_t i = 0; i < TaskLane::kStages; ++i)
        add_stage(fmt::format("{}.{}", set_.tasks[task], stage_name(TaskLane::stage_at(i))),
                  of_tasks_[task][i]);
    add_stage("unattributed", unattributed_ns_);
    std::ranges::sort(stages);
    std::ranges::stable_sort(stages, std::ranges::greater(),
                             &std::pair<std::string, double>::second);
    return stages;
  }

 private:
  const CompactRecords& set_;
  std::array<int64_t, RequestLane::kStages> of_request_{};
  std::vector<std::array<int64_t, TaskLane::kStages>> of_tasks_;
  int64_t unattributed_ns_ = 0;
};

// "decode 34 %, prefill 21 %"
std::string shares_text(std::span<const std::pair<std::string, double>> stages, double total_ms) {
  std::vector<std::string> parts;
  for (const auto& [name, ms] : stages.first(std::min(stages.size(), kStagesShown)))
    parts.push_back(fmt::format("{} {:.0f} %", name, 100 * ms / total_ms));
  return fmt::format("{}", fmt::join(parts, ", "));
}

}  // namespace

void find_bottleneck(const FindingInput& input, std::vector<Finding>& out) {
  CriticalPath path(input.set);
  double total_ms = 0;
  size_t count = 0;
  for (const CompactRecord* request : input.set.requests) {
    if (!request->answered()) continue;
    path.add(*request);
    total_ms += to_ms(request->lane.wall_ns());
    ++count;
  }
  if (count < kRequestsMin || total_ms <= 0) return;
  const std::vector<std::pair<std::string, double>> stages = path.stages_ms();
  if (stages.empty()) return;
  const auto& [name, top_ms] = stages[0];
  const double share = top_ms / total_ms;
  const auto requests = static_cast<double>(count);
  Finding finding{.id = "bottleneck"};
  finding.figures = {
      {"share", share}, {"mean_ms", top_ms / requests}, {"total_mean_ms", total_ms / requests}};
  const bool leads = stages.size() == 1 || top_ms >= kBottleneckLeadMin * stages[1].second;
  if (share < kBottleneckShareMin || !leads) {
    finding.found = false;
    finding.statement = fmt::format("No single bottleneck: {} of the response time.",
                                    shares_text(stages, total_ms));
    out.push_back(std::move(finding));
    return;
  }
  finding.statement =
      fmt::format("{} is the bottleneck: {:.0f} % of the response time, {} ms of {} ms on average.",
                  name, 100 * share, ms_text(top_ms / requests), ms_text(total_ms / requests));
  if (stages.size() > 1) {
    finding.evidence.push_back(fmt::format("Next comes {} with {:.0f} %.", stages[1].first,
                                           100 * stages[1].second / total_ms));
  }
  finding.evidence.push_back(fmt::format(
      "At twice its speed requests would take {} ms, {:.0f} % less; without everything else, still "
      "{} ms.",
      ms_text((total_ms - top_ms / 2) / requests), 50 * share, ms_text(top_ms / requests)));
  finding.evidence.push_back(
      fmt::format("Of tasks side by side, the one that ended last counts ({} requests).", count));
  out.push_back(std::move(finding));
}

void find_queueing(const FindingInput& input, std::vector<Finding>& out) {
  std::vector<double> queues_ms;
  std::vector<double> ahead_ms;  // of those that found others waiting
  double total_ms = 0;
  for (const CompactRecord* request : input.set.requests) {
    if (!request->answered()) continue;
    const CompactTask& task = request->critical_task();
    queues_ms.push_back(to_ms(task.lane.stage_ns(Stage::kQueue)));
    // The first of its tasks to be submitted has none of its own before it.
    if (request->tasks.front().queued_ahead > 0) ahead_ms.push_back(queues_ms.back());
    total_ms += to_ms(request->lane.wall_ns());
  }
  if (queues_ms.size() < kRequestsMin || total_ms <= 0) return;
  const double queue_mean_ms = mean(queues_ms);
  const auto count = static_cast<double>(queues_ms.size());
  const double share = queue_mean_ms * count / total_ms;
  const std::vector<double> at = percentiles(queues_ms, std::array<double, 2>{50, 95});
  Finding finding{.id = "queueing", .found = share >= kQueueShareMin};
  finding.figures = {{"share", share}, {"mean_ms", queue_mean_ms}, {"p95_ms", at[1]}};
  if (finding.found) {
    finding.statement = fmt::format(
        "Requests wait {} ms on average before the engine begins with them: {:.0f} % of their "
        "time is queueing, {:.0f} % service.",
        ms_text(queue_mean_ms), 100 * share, 100 * (1 - share));
    finding.evidence.push_back(fmt::format("The median wait is {} ms, the 95th percentile {} ms.",
                                           ms_text(at[0]), ms_text(at[1])));
  } else {
    finding.statement = fmt::format(
        "Requests hardly wait: {} ms on average before the engine begins with them, {:.2g} % of "
        "their time.",
        ms_text(queue_mean_ms), 100 * share);
  }
  if (!ahead_ms.empty()) {
    finding.evidence.push_back(fmt::format("{} of {} found others waiting and waited {} ms.",
                                           ahead_ms.size(), queues_ms.size(),
                                           ms_text(mean(ahead_ms))));
  } else if (finding.found) {
    finding.evidence.emplace_back(
        "None found others waiting: a step was under way, or the engine's thread got no core at "
        "once.");
  }
  out.push_back(std::move(finding));
}

std::vector<Finding> find_findings(const CompactRecords& set,
                                   const std::optional<PhysicalLimits>& limits, int threads) {
  FindingInput input{.set = set, .limits = limits, .tasks = tasks_of(set), .fits = {}};
  input.fits.resize(set.tasks.size());
  std::vector<std::function<void()>> jobs;
  for (uint32_t task = 0; task < set.tasks.size(); ++task)
    jobs.emplace_back([&, task] { input.fits[task] = fit_service(set, task); });
  run_in_parallel(jobs, threads);

  constexpr auto kKinds = std::to_array({find_client_time, find_bottleneck, find_queueing,
                                         find_limits, find_token_costs, find_prefix_cache,
                                         find_task_switching, find_cold_start, find_tail_causes});
  std::array<std::vector<Finding>, kKinds.size()> found;
  jobs.clear();
  for (size_t i = kKinds.size(); i-- > 0;)  // the last take longest
    jobs.emplace_back([&, i] { kKinds[i](input, found[i]); });
  run_in_parallel(jobs, threads);
  std::vector<Finding> all;
  for (auto& kind : found) std::ranges::move(kind, std::back_inserter(all));
  std::stable_partition(all.begin(), all.end(), [](const Finding& one) { return one.found; });
  return all;
}

}  // namespace qaio
