#include "report/findings.h"

#include <algorithm>
#include <array>
#include <functional>
#include <iterator>

#include "base/run_in_parallel.h"

namespace qaio {

FindingInput finding_input(const CompactRecords& set, const std::optional<PhysicalLimits>& limits,
                           Language language, int threads) {
  FindingInput input{.set = set,
                     .limits = limits,
                     .tasks = tasks_of(set),
                     .fits = std::vector<std::optional<ServiceFit>>(set.tasks.size()),
                     .clients = client_times(set),
                     .language = language};
  std::vector<std::function<void()>> jobs;
  for (uint32_t task = 0; task < set.tasks.size(); ++task)
    jobs.emplace_back([&, task] { input.fits[task] = fit_service(set, task); });
  run_in_parallel(jobs, threads);
  return input;
}

std::vector<Finding> find_findings(const FindingInput& input, int threads) {
  constexpr auto kKinds =
      std::to_array({find_client_time, find_bottleneck, find_queueing, find_limits,
                     find_token_costs, find_question_costs, find_prefix_cache, find_task_switching,
                     find_cold_start, find_tail_causes});
  std::array<std::vector<Finding>, kKinds.size()> found;
  std::vector<std::function<void()>> jobs;
  for (size_t i = kKinds.size(); i-- > 0;)  // the last take longest
    jobs.emplace_back([&, i] { kKinds[i](input, found[i]); });
  run_in_parallel(jobs, threads);
  std::vector<Finding> all;
  for (auto& kind : found) std::ranges::move(kind, std::back_inserter(all));
  std::stable_partition(all.begin(), all.end(), [](const Finding& one) { return one.found; });
  return all;
}

}  // namespace qaio
