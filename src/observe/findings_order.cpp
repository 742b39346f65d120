// Findings about the order of requests: switching between tasks, and the first ones after a start.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <utility>

#include "observe/findings.h"
#include "observe/service_fit.h"
#include "observe/statistics.h"

namespace qaio {
namespace {

constexpr size_t kGroupMin = 15;
constexpr double kPMax = 0.01;
constexpr double kSwitchShareMin = 0.10;  // of the median prefill
constexpr size_t kRunRequestsMin = 20;
constexpr size_t kRunRequestsMax = 5000;  // of a run: later ones say nothing about its start
constexpr double kColdFactorMin = 1.5;    // times what all but 1 % of the others took
constexpr size_t kRunsShown = 5;

// One task's requests, by whether the request before them in the same process ran the task, too.
struct Group {
  size_t count = 0;
  std::vector<double> prefill_ms;  // of an even sample
  std::vector<double> excess_ms;   // beyond what a prompt of that length usually takes
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

struct Observation {
  const TaskFacts* task;
  bool switched;
};

// The requests of a task that followed another of the same process.
std::vector<Observation> observations_of(const FactSet& set, uint32_t name) {
  std::vector<Observation> all;
  std::vector<const RequestFacts*> previous(set.runs.size());  // of each run
  for (const RequestFacts* request : set.requests) {
    if (!request->answered()) continue;
    const RequestFacts* before = std::exchange(previous[request->run], request);
    const TaskFacts* task = find_task(*request, name);
    if (before == nullptr || task == nullptr || task->prefill_steps == 0) continue;
    all.push_back({task, find_task(*before, name) == nullptr});
  }
  return all;
}

// An even sample of each kind, so that the rarer one is not lost.
std::vector<Observation> sample_of(const std::vector<Observation>& all) {
  std::vector<Observation> sample;
  for (const bool switched : {false, true}) {
    std::vector<Observation> kind;
    std::ranges::copy_if(all, std::back_inserter(kind),
                         [&](const Observation& seen) { return seen.switched == switched; });
    for (const size_t i : even_sample(kind.size())) sample.push_back(kind[i]);
  }
  return sample;
}

Neighbours group_by_neighbour(const FactSet& set, uint32_t name) {
  const std::vector<Observation> all = observations_of(set, name);
  Neighbours groups;
  for (const Observation& seen : all) {
    Group& group = seen.switched ? groups.switched : groups.same;
    ++group.count;
    group.prompt_tokens += seen.task->prompt_tokens;
    group.cached_tokens += seen.task->cached_tokens;
  }
  const std::vector<Observation> sample = sample_of(all);
  std::vector<std::vector<double>> tokens;
  std::vector<double> ms;
  for (const Observation& seen : sample) {
    tokens.push_back({static_cast<double>(seen.task->prompt_tokens)});
    ms.push_back(to_ms(seen.task->lane.stage_ns(Stage::kPrefill)));
  }
  const auto fit = fit_linear(tokens, ms);
  for (size_t i = 0; i < sample.size(); ++i) {
    Group& group = sample[i].switched ? groups.switched : groups.same;
    group.prefill_ms.push_back(ms[i]);
    group.excess_ms.push_back(fit ? fit->residuals[i] : ms[i]);
  }
  return groups;
}

using Run = std::vector<const RequestFacts*>;

// How much longer than its peers each request of a run took: its time over what the fit expects of
// its tokens, or over the median if tokens do not explain the time.
std::vector<double> relative_times(const Run& run, const FindingInput& input) {
  std::vector<double> expected;
  for (const RequestFacts* request : run) {
    const TaskFacts& task = request->critical_task();
    const auto& fit = input.fits[task.name];
    expected.push_back(fit ? std::max(0.0, fit->predict(task)) : 0);
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

std::optional<ColdStart> cold_start_of(const Run& run, const FindingInput& input) {
  if (run.size() < kRunRequestsMin) return std::nullopt;
  const std::vector<double> relative = relative_times(run, input);
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
  if (input.tasks.size() < 2) return;
  for (const uint32_t task : input.tasks) {
    const Neighbours groups = group_by_neighbour(input.set, task);
    if (groups.same.excess_ms.size() < kGroupMin || groups.switched.excess_ms.size() < kGroupMin)
      continue;
    const double p = mann_whitney_p(groups.same.excess_ms, groups.switched.excess_ms) *
                     static_cast<double>(input.tasks.size());
    const double cost_ms = median(groups.switched.excess_ms) - median(groups.same.excess_ms);
    const double usual_ms = median(groups.same.prefill_ms);
    if (p > kPMax || cost_ms < kSwitchShareMin * usual_ms) continue;
    Finding finding{.id = "task_switching", .statement = {}, .evidence = {}, .figures = {}};
    finding.statement = fmt::format(
        "Switching to {} from another task costs {:.2g} ms: prefill takes {:.2g} ms after the same "
        "task, {:.2g} ms after another.",
        input.set.tasks[task], cost_ms, usual_ms, median(groups.switched.prefill_ms));
    finding.evidence.push_back(fmt::format(
        "{} requests after the same task, {} after another, compared at equal prompt length; "
        "p = {:.1g}.",
        groups.same.count, groups.switched.count, std::min(p, 1.0)));
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
  std::map<uint32_t, Run> runs;
  for (const RequestFacts* request : input.set.requests) {
    if (!input.set.runs[request->run].from_start || !request->answered()) continue;
    Run& run = runs[request->run];
    if (run.size() < kRunRequestsMax) run.push_back(request);
  }
  if (runs.empty()) return;
  Finding finding{.id = "cold_start", .statement = {}, .evidence = {}, .figures = {}};
  size_t cold_runs = 0;
  ColdStart worst;
  for (const auto& [number, run] : runs) {
    const auto cold = cold_start_of(run, input);
    if (!cold) continue;
    ++cold_runs;
    if (cold->first_ms - cold->warm_ms > worst.first_ms - worst.warm_ms) worst = *cold;
    if (finding.evidence.size() == kRunsShown) continue;
    finding.evidence.push_back(fmt::format(
        "{} of {}: {:.1f} ms instead of {:.1f} ms; the first {} so slow.", input.set.id_of(*run[0]),
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
