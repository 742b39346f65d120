// Findings about the order of requests: switching between tasks, and the first ones after a start.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "observe/findings.h"
#include "observe/service_fit.h"
#include "observe/statistics.h"

namespace qaio {
namespace {

constexpr size_t kGroupMin = 15;
constexpr double kPMax = 0.01;
constexpr double kSwitchShareMin = 0.10;  // of the median prefill
constexpr size_t kRunRequestsMin = 20;
constexpr double kColdFactorMin = 1.5;  // times what all but 1 % of the others took
constexpr size_t kRunsShown = 5;

// One task's requests, by whether the request before them in the same process ran the task, too.
struct Group {
  std::vector<double> prefill_ms;
  std::vector<double> excess_ms;  // beyond what a prompt of that length usually takes
  double prompt_tokens = 0;
  double cached_tokens = 0;

  double cached_percent() const {
    return prompt_tokens > 0 ? 100 * cached_tokens / prompt_tokens : 0;
  }
};

struct Neighbours {
  Group same;
  Group switched;
};

Neighbours group_by_neighbour(const RecordSet& set, const std::string& name) {
  struct Observation {
    const TaskRecord* task;
    bool switched;
  };
  std::vector<Observation> all;
  std::map<uint32_t, const RequestRecord*> previous;  // of each run
  for (const RecordSet::Item& item : set.items) {
    if (!answered(*item.record)) continue;
    const RequestRecord* before = std::exchange(previous[item.run], item.record.get());
    const TaskRecord* task = find_task_record(*item.record, name);
    if (before == nullptr || task == nullptr || task->counters.prefill_steps == 0) continue;
    all.push_back({task, find_task_record(*before, name) == nullptr});
  }
  std::vector<std::vector<double>> tokens;
  std::vector<double> ms;
  for (const Observation& seen : all) {
    tokens.push_back({static_cast<double>(seen.task->counters.prompt_tokens)});
    ms.push_back(to_ms(seen.task->lane.stage_ns(Stage::kPrefill)));
  }
  const auto fit = fit_linear(tokens, ms);
  Neighbours groups;
  for (size_t i = 0; i < all.size(); ++i) {
    Group& group = all[i].switched ? groups.switched : groups.same;
    group.prefill_ms.push_back(ms[i]);
    group.excess_ms.push_back(fit ? fit->residuals[i] : ms[i]);
    group.prompt_tokens += all[i].task->counters.prompt_tokens;
    group.cached_tokens += all[i].task->counters.cached_tokens;
  }
  return groups;
}

// How much longer than its peers each request of a run took: its time over what the fit expects of
// its tokens, or over the median if tokens do not explain the time.
std::vector<double> relative_times(const std::vector<const RequestRecord*>& run,
                                   const std::map<std::string, ServiceFit>& fits) {
  std::vector<double> expected;
  for (const RequestRecord* record : run) {
    const TaskRecord& task = *critical_task(*record);
    const auto fit = fits.find(task.task);
    expected.push_back(fit == fits.end() ? 0 : std::max(0.0, fit->second.predict(task)));
  }
  std::vector<double> beside_ms;  // what comes on top of the model's time
  for (size_t i = 0; i < run.size(); ++i)
    beside_ms.push_back(to_ms(run[i]->lane.wall_ns()) - expected[i]);
  const double beside = median(beside_ms);
  std::vector<double> relative;
  for (size_t i = 0; i < run.size(); ++i)
    relative.push_back(to_ms(run[i]->lane.wall_ns()) / std::max(expected[i] + beside, 1e-3));
  return relative;
}

struct ColdStart {
  double first_ms = 0;
  double warm_ms = 0;  // what it would have taken later
  size_t slow = 0;     // so many in a row were as slow
};

std::optional<ColdStart> cold_start_of(const std::vector<const RequestRecord*>& run,
                                       const std::map<std::string, ServiceFit>& fits) {
  if (run.size() < kRunRequestsMin) return std::nullopt;
  const std::vector<double> relative = relative_times(run, fits);
  std::vector<double> later(relative.begin() + static_cast<ptrdiff_t>(run.size() / 4),
                            relative.end());
  std::ranges::sort(later);
  const double bound = kColdFactorMin * percentile(later, 99);
  if (relative[0] <= bound) return std::nullopt;
  ColdStart cold;
  cold.first_ms = to_ms(run[0]->lane.wall_ns());
  cold.warm_ms = cold.first_ms / relative[0] * percentile(later, 50);
  while (cold.slow < relative.size() && relative[cold.slow] > bound) ++cold.slow;
  return cold;
}

}  // namespace

void find_task_switching(const FindingInput& input, std::vector<Finding>& out) {
  const std::vector<std::string> tasks = tasks_of(input.set);
  if (tasks.size() < 2) return;
  for (const std::string& task : tasks) {
    const Neighbours groups = group_by_neighbour(input.set, task);
    if (groups.same.excess_ms.size() < kGroupMin || groups.switched.excess_ms.size() < kGroupMin)
      continue;
    const double p = mann_whitney_p(groups.same.excess_ms, groups.switched.excess_ms) *
                     static_cast<double>(tasks.size());
    const double cost_ms = median(groups.switched.excess_ms) - median(groups.same.excess_ms);
    const double usual_ms = median(groups.same.prefill_ms);
    if (p > kPMax || cost_ms < kSwitchShareMin * usual_ms) continue;
    Finding finding{.id = "task_switching", .statement = {}, .evidence = {}, .figures = {}};
    finding.statement = fmt::format(
        "Switching to {} from another task costs {:.2g} ms: prefill takes {:.2g} ms after the same "
        "task, {:.2g} ms after another.",
        task, cost_ms, usual_ms, median(groups.switched.prefill_ms));
    finding.evidence.push_back(fmt::format(
        "{} requests after the same task, {} after another, compared at equal prompt length; "
        "p = {:.1g}.",
        groups.same.excess_ms.size(), groups.switched.excess_ms.size(), std::min(p, 1.0)));
    finding.evidence.push_back(
        fmt::format("The prefix cache held {:.0f} % of the prompts after the same task, {:.0f} % "
                    "after another.",
                    groups.same.cached_percent(), groups.switched.cached_percent()));
    finding.figures = {{"cost_ms", cost_ms},
                       {"same_prefill_ms", usual_ms},
                       {"p", std::min(p, 1.0)},
                       {"same_cached_share", groups.same.cached_percent() / 100},
                       {"switched_cached_share", groups.switched.cached_percent() / 100}};
    out.push_back(std::move(finding));
  }
}

void find_cold_start(const FindingInput& input, std::vector<Finding>& out) {
  std::map<uint32_t, std::vector<const RequestRecord*>> runs;
  for (const RecordSet::Item& item : input.set.items) {
    if (input.set.runs[item.run].from_start && answered(*item.record))
      runs[item.run].push_back(item.record.get());
  }
  if (runs.empty()) return;
  std::map<std::string, ServiceFit> fits;
  for (const std::string& task : tasks_of(input.set))
    if (auto fit = fit_service(input.set, task)) fits.emplace(task, *std::move(fit));
  Finding finding{.id = "cold_start", .statement = {}, .evidence = {}, .figures = {}};
  size_t cold_runs = 0;
  ColdStart worst;
  for (const auto& [number, run] : runs) {
    const auto cold = cold_start_of(run, fits);
    if (!cold) continue;
    ++cold_runs;
    if (cold->first_ms - cold->warm_ms > worst.first_ms - worst.warm_ms) worst = *cold;
    if (finding.evidence.size() == kRunsShown) continue;
    finding.evidence.push_back(fmt::format(
        "{} of {}: {:.1f} ms instead of {:.1f} ms; the first {} so slow.", run[0]->request_id,
        input.set.runs[number].info.version.empty() ? "a run" : input.set.runs[number].info.version,
        cold->first_ms, cold->warm_ms,
        cold->slow == 1 ? "request was" : fmt::format("{} requests were", cold->slow)));
  }
  if (cold_runs == 0) return;
  finding.statement = fmt::format(
      "Cold start: the first request after a start took {:.1f} ms, {:.1f} times what it takes warm "
      "({} of {} starts).",
      worst.first_ms, worst.first_ms / worst.warm_ms, cold_runs, runs.size());
  finding.figures = {{"first_ms", worst.first_ms},
                     {"warm_ms", worst.warm_ms},
                     {"starts", static_cast<double>(cold_runs)}};
  out.push_back(std::move(finding));
}

}  // namespace qaio
