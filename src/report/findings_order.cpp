// Findings about the order of requests: switching between tasks, and the first ones after a start.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <utility>

#include "report/findings.h"
#include "report/service_fit.h"
#include "stats/statistics.h"

namespace qaio {
namespace {

constexpr size_t kGroupMin = 12;
constexpr double kPMax = 0.01;
constexpr double kSwitchShareMin = 0.10;  // of the median prefill
constexpr size_t kRunRequestsMin = 20;
constexpr size_t kRunRequestsMax = 5000;  // of a run: later ones say nothing about its start
constexpr double kColdFactorMin = 1.5;    // times what all but 1 % of the others took
constexpr size_t kRunsShown = 5;
constexpr uint64_t kSeed = 1;

// One task's requests that ran nothing else and had the steps to themselves, so that only the one
// before them can matter: by whether it ran the task, too, in the same process.
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
  const CompactTask* task;
  bool switched;
};

// The requests of a task that followed another of the same process.
std::vector<Observation> observations_of(const CompactRecords& set, uint32_t name) {
  std::vector<Observation> all;
  std::vector<const CompactRecord*> previous(set.runs.size());  // of each run
  for (const CompactRecord* request : set.requests) {
    if (!request->answered()) continue;
    const CompactRecord* before = std::exchange(previous[request->run], request);
    const CompactTask* task = find_task(*request, name);
    if (before == nullptr || task == nullptr || task->prefill_steps == 0) continue;
    if (request->tasks.size() > 1 || !alone_in_steps(*request)) continue;
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
    for (const size_t i : stratified_indices(kind.size())) sample.push_back(kind[i]);
  }
  return sample;
}

Neighbours group_by_neighbour(const CompactRecords& set, uint32_t name) {
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

using Run = std::vector<const CompactRecord*>;

// How much longer than its peers each request of a run took: its time over what the fit expects of
// its tokens, or over the median if tokens do not explain the time.
std::vector<double> relative_times(const Run& run, const FindingInput& input) {
  std::vector<double> expected;
  for (const CompactRecord* request : run) {
    const CompactTask& task = request->critical_task();
    const auto& fit = input.fits[task.name];
    expected.push_back(fit ? std::max(0.0, fit->predict(*request, task)) : 0);
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

struct Start {
  double first_ms = 0;
  double warm_ms = 0;    // what it would have taken later
  double later_max = 0;  // all but 1 % of the later ones take at most so many times what is usual
  size_t slow = 0;       // so many in a row were beyond kColdFactorMin times that
  double factor() const { return first_ms / warm_ms; }
};

Start start_of(const Run& run, const FindingInput& input) {
  const std::vector<double> relative = relative_times(run, input);
  std::vector<double> later(relative.begin() + static_cast<ptrdiff_t>(run.size() / 4),
                            relative.end());
  std::ranges::sort(later);
  const double usual = percentile(later, 50);
  const double bound = percentile(later, 99);
  Start start;
  start.first_ms = to_ms(run[0]->lane.wall_ns());
  start.warm_ms = start.first_ms / std::max(relative[0], 1e-9) * usual;
  start.later_max = bound / usual;
  while (start.slow < relative.size() && relative[start.slow] > kColdFactorMin * bound)
    ++start.slow;
  return start;
}

// 95 % interval of the difference between the medians.
Interval cost_interval(const Neighbours& groups) {
  std::vector<double> same = groups.same.excess_ms;
  std::vector<double> switched = groups.switched.excess_ms;
  std::ranges::sort(same);
  std::ranges::sort(switched);
  Random random(kSeed);
  std::vector<double> costs;
  costs.reserve(kBootstrapRounds);
  for (int round = 0; round < kBootstrapRounds; ++round) {
    costs.push_back(bootstrap_percentile(switched, 50, random) -
                    bootstrap_percentile(same, 50, random));
  }
  std::ranges::sort(costs);
  return {.low = percentile(costs, 2.5), .high = percentile(costs, 97.5)};
}

void explain_switching(Language in, const std::string& task, double cost_ms,
                       const Neighbours& groups, Finding& finding) {
  if (!finding.found) {
    finding.meaning = say(in, "Tasks may be mixed as they come: that makes {} no slower.",
                          "任务可以随意混合：不会使 {} 变慢。", task);
    return;
  }
  finding.meaning = say(in, "People wait {1} ms longer for {0} when another task came before.",
                        "前一个请求是其他任务时，{0} 要多等 {1} ms。", task, ms_text(cost_ms));
  const bool lost = groups.switched.cached_percent() < groups.same.cached_percent();
  finding.advice =
      lost ? say(in, "Give the prefix cache more room (--kv-tokens), so that it keeps {}'s prompt.",
                 "给前缀缓存更多空间（--kv-tokens），使其保留 {} 的提示词。", task)
           : say(in, "Send requests of one task after each other, or both tasks in one request.",
                 "把同一任务的请求放在一起发送，或在一个请求中同时运行两个任务。");
}

Finding switching_finding(Language in, const std::string& task, const Neighbours& groups,
                          double p) {
  const double same_ms = median(groups.same.prefill_ms);
  const double cost_ms = median(groups.switched.excess_ms) - median(groups.same.excess_ms);
  const Interval interval = cost_interval(groups);
  Finding finding{.id = "task_switching"};
  finding.found = p <= kPMax && cost_ms >= kSwitchShareMin * same_ms;
  explain_switching(in, task, cost_ms, groups, finding);
  finding.statement =
      say(in,
          "Switching to {} from another task costs {}: prefill takes {} ms after the same task, {} "
          "ms after another (p = {:.2g}).",
          "从其他任务切换到 {} 的代价：{}。读取提示词在同一任务之后用 {} ms，"
          "在其他任务之后用 {} ms（p = {:.2g}）。",
          task,
          finding.found ? ms_text(cost_ms) + " ms"
          : p <= kPMax  ? say(in, "nothing that matters", "微不足道")
                        : say(in, "nothing measurable", "测不出"),
          ms_text(same_ms), ms_text(same_ms + cost_ms), p);
  finding.evidence.push_back(
      say(in,
          "{} requests after the same task, {} after another, compared at equal prompt length: the "
          "cost lies between {} and {} ms (95 %).",
          "同一任务之后的请求 {} 个，其他任务之后的 {} 个，按相同提示词长度比较："
          "代价在 {} 到 {} ms 之间（95 %）。",
          groups.same.count, groups.switched.count, ms_text(interval.low), ms_text(interval.high)));
  finding.evidence.push_back(
      say(in,
          "The prefix cache held {:.0f} % of the prompts after the same task, {:.0f} % after "
          "another.",
          "前缀缓存在同一任务之后命中提示词的 {:.0f} %，在其他任务之后命中 {:.0f} %。",
          groups.same.cached_percent(), groups.switched.cached_percent()));
  finding.figures = {{"cost_ms", cost_ms},
                     {"cost_low_ms", interval.low},
                     {"cost_high_ms", interval.high},
                     {"same_prefill_ms", same_ms},
                     {"p", p},
                     {"same_cached_share", groups.same.cached_percent() / 100},
                     {"switched_cached_share", groups.switched.cached_percent() / 100}};
  return finding;
}

}  // namespace

void find_task_switching(const FindingInput& input, std::vector<Finding>& out) {
  if (input.tasks.size() < 2) return;
  for (const uint32_t task : input.tasks) {
    const Neighbours groups = group_by_neighbour(input.set, task);
    if (groups.same.count < kGroupMin || groups.switched.count < kGroupMin) continue;
    const double p = mann_whitney_p(groups.same.excess_ms, groups.switched.excess_ms) *
                     static_cast<double>(input.tasks.size());
    out.push_back(
        switching_finding(input.language, input.set.tasks[task], groups, std::min(p, 1.0)));
  }
}

void find_cold_start(const FindingInput& input, std::vector<Finding>& out) {
  const Language in = input.language;
  std::map<uint32_t, Run> runs;
  for (const CompactRecord* request : input.set.requests) {
    if (!input.set.runs[request->run].from_start || !request->answered()) continue;
    Run& run = runs[request->run];
    if (run.size() < kRunRequestsMax) run.push_back(request);
  }
  std::erase_if(runs, [](const auto& one) { return one.second.size() < kRunRequestsMin; });
  if (runs.empty()) return;
  Finding finding{.id = "cold_start"};
  size_t cold_runs = 0;
  Start worst;    // of the cold ones
  Start slowest;  // of all, by its factor
  for (const auto& [number, run] : runs) {
    const Start start = start_of(run, input);
    if (slowest.warm_ms == 0 || start.factor() > slowest.factor()) slowest = start;
    if (start.slow == 0) continue;
    ++cold_runs;
    if (start.first_ms - start.warm_ms > worst.first_ms - worst.warm_ms) worst = start;
    if (finding.evidence.size() == kRunsShown) continue;
    const std::string& version = input.set.runs[number].info.version;
    finding.evidence.push_back(say(
        in, "{0} of {1}: {2} ms instead of {3} ms; the first {4} so slow.",
        "{1} 的 {0}：{2} ms，而不是 {3} ms；最初 {5} 个请求这样慢。", input.set.id_of(*run[0]),
        version.empty() ? say(in, "a run", "某次运行") : version, ms_text(start.first_ms),
        ms_text(start.warm_ms),
        start.slow == 1 ? "request was" : fmt::format("{} requests were", start.slow), start.slow));
  }
  finding.found = cold_runs > 0;
  const Start& shown = finding.found ? worst : slowest;
  if (finding.found) {
    finding.meaning =
        say(in, "Who comes first after a start waits {} ms longer than others.",
            "启动后第一个用户要比别人多等 {} ms。", ms_text(worst.first_ms - worst.warm_ms));
    finding.advice =
        say(in,
            "After each start send a request of your own before users come (/health/ready says "
            "when it is answered).",
            "每次启动后，在用户到来之前先自己发一个请求（/health/ready 会说明何时可以）。");
    finding.statement =
        say(in,
            "Cold start: the first request after a start took {} ms, {:.1f} times what it takes "
            "warm ({} of {} starts).",
            "冷启动：启动后第一个请求用了 {0} ms，是预热后的 {1:.1f} 倍（{3} 次启动中的 {2} 次）。",
            ms_text(worst.first_ms), worst.factor(), cold_runs, runs.size());
  } else {
    finding.meaning =
        say(in, "The server is warm from its first request on.", "服务器从第一个请求起就已预热。");
    finding.statement =
        say(in,
            "No cold start: the first request after a start took {} ms, {:.1f} times what it takes "
            "warm{}.",
            "没有冷启动：启动后第一个请求用了 {} ms，是预热后的 {:.1f} 倍{}。",
            ms_text(slowest.first_ms), slowest.factor(),
            slowest.factor() > kColdFactorMin
                ? say(in, ", as later ones do, too", "，后来的请求也会如此")
                : "");
    finding.evidence.push_back(say(
        in, "{0} looked at; later, 1 % of the requests take {1:.1f} times the usual time or more.",
        "查看了 {2} 次启动；之后，有 1 % 的请求用时达到通常的 {1:.1f} 倍或更多。",
        runs.size() == 1 ? "1 start was" : fmt::format("{} starts were", runs.size()),
        slowest.later_max, runs.size()));
  }
  finding.figures = {{"first_ms", shown.first_ms},
                     {"warm_ms", shown.warm_ms},
                     {"starts", static_cast<double>(cold_runs)}};
  out.push_back(std::move(finding));
}

}  // namespace qaio
