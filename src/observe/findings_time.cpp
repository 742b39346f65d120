// Findings about where the time of requests goes: the bottleneck, and waiting.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "observe/findings.h"
#include "observe/statistics.h"

namespace qaio {
namespace {

constexpr size_t kRequestsMin = 20;
constexpr double kBottleneckShareMin = 0.35;
constexpr double kBottleneckLeadMin = 1.2;  // times the next stage
constexpr double kQueueShareMin = 0.10;

// A request's wall time by the stage it was waiting for: its own stages, and in place of `tasks`
// those of the task that ended last.
void add_critical_path(const RequestRecord& record, std::map<std::string, double>& sum_ms) {
  const TaskRecord& task = *critical_task(record);
  double covered = 0;
  const auto add = [&](const std::string& name, int64_t ns) {
    sum_ms[name] += to_ms(ns);
    covered += to_ms(ns);
  };
  for (size_t i = 0; i < record.lane.size(); ++i) {
    const Lane::Interval& interval = record.lane[i];
    if (interval.stage == Stage::kTasks) continue;
    add(std::string(stage_name(interval.stage)), interval.end_ns - interval.begin_ns);
  }
  for (size_t i = 0; i < task.lane.size(); ++i) {
    const Lane::Interval& interval = task.lane[i];
    add(fmt::format("{}.{}", task.task, stage_name(interval.stage)),
        interval.end_ns - interval.begin_ns);
  }
  sum_ms["unattributed"] += std::max(0.0, to_ms(record.lane.wall_ns()) - covered);
}

}  // namespace

void find_bottleneck(const FindingInput& input, std::vector<Finding>& out) {
  std::map<std::string, double> sum_ms;
  double total_ms = 0;
  size_t count = 0;
  for (const RecordSet::Item& item : input.set.items) {
    if (!answered(*item.record)) continue;
    add_critical_path(*item.record, sum_ms);
    total_ms += to_ms(item.record->lane.wall_ns());
    ++count;
  }
  if (count < kRequestsMin || total_ms <= 0) return;
  std::vector<std::pair<std::string, double>> stages(sum_ms.begin(), sum_ms.end());
  std::ranges::stable_sort(stages, std::ranges::greater(), &std::pair<std::string, double>::second);
  const auto& [name, top_ms] = stages[0];
  const double share = top_ms / total_ms;
  if (share < kBottleneckShareMin) return;
  if (stages.size() > 1 && top_ms < kBottleneckLeadMin * stages[1].second) return;
  const auto requests = static_cast<double>(count);
  Finding finding{.id = "bottleneck", .statement = {}, .evidence = {}, .figures = {}};
  finding.statement = fmt::format(
      "{} is the bottleneck: {:.0f} % of the response time, {:.1f} ms of "
      "{:.1f} ms on average.",
      name, 100 * share, top_ms / requests, total_ms / requests);
  if (stages.size() > 1) {
    finding.evidence.push_back(fmt::format("Next comes {} with {:.0f} %.", stages[1].first,
                                           100 * stages[1].second / total_ms));
  }
  finding.evidence.push_back(fmt::format(
      "At twice its speed requests would take {:.1f} ms, {:.0f} % less; without everything else, "
      "still {:.1f} ms.",
      (total_ms - top_ms / 2) / requests, 50 * share, top_ms / requests));
  finding.evidence.push_back(
      fmt::format("Of tasks side by side, the one that ended last counts ({} requests).", count));
  finding.figures = {
      {"share", share}, {"mean_ms", top_ms / requests}, {"total_mean_ms", total_ms / requests}};
  out.push_back(std::move(finding));
}

void find_queueing(const FindingInput& input, std::vector<Finding>& out) {
  std::vector<double> queues_ms;
  std::vector<double> ahead_ms;  // of those that found others waiting
  double total_ms = 0;
  for (const RecordSet::Item& item : input.set.items) {
    if (!answered(*item.record)) continue;
    const TaskRecord& task = *critical_task(*item.record);
    queues_ms.push_back(to_ms(task.lane.stage_ns(Stage::kQueue)));
    if (task.counters.queued_ahead > 0) ahead_ms.push_back(queues_ms.back());
    total_ms += to_ms(item.record->lane.wall_ns());
  }
  if (queues_ms.size() < kRequestsMin || total_ms <= 0) return;
  const double queue_mean_ms = mean(queues_ms);
  const auto count = static_cast<double>(queues_ms.size());
  const double share = queue_mean_ms * count / total_ms;
  if (share < kQueueShareMin) return;
  std::ranges::sort(queues_ms);
  Finding finding{.id = "queueing", .statement = {}, .evidence = {}, .figures = {}};
  finding.statement = fmt::format(
      "Requests wait {:.1f} ms on average before the engine begins with them: {:.0f} % of their "
      "time is queueing, {:.0f} % service.",
      queue_mean_ms, 100 * share, 100 * (1 - share));
  finding.evidence.push_back(fmt::format("Half wait {:.1f} ms or more, 5 % {:.1f} ms or more.",
                                         percentile(queues_ms, 50), percentile(queues_ms, 95)));
  finding.evidence.push_back(
      fmt::format("{} of {} found others waiting before them{}.", ahead_ms.size(), queues_ms.size(),
                  ahead_ms.empty() ? "" : fmt::format(" and waited {:.1f} ms", mean(ahead_ms))));
  finding.figures = {
      {"share", share}, {"mean_ms", queue_mean_ms}, {"p95_ms", percentile(queues_ms, 95)}};
  out.push_back(std::move(finding));
}

std::vector<Finding> find_findings(const FindingInput& input) {
  std::vector<Finding> out;
  find_bottleneck(input, out);
  find_queueing(input, out);
  find_limits(input, out);
  find_token_costs(input, out);
  find_prefix_cache(input, out);
  find_task_switching(input, out);
  find_cold_start(input, out);
  find_tail_causes(input, out);
  return out;
}

}  // namespace qaio
