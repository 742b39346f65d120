// What a task's time in the model depends on, learnt from its requests.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "observe/regression.h"
#include "observe/request_facts.h"

namespace qaio {

// Time in prefill, decode and score against the prompt tokens that were computed, the tokens
// generated, and the neighbours: tokens generated times the other sequences beside them.
struct ServiceFit {
  std::vector<size_t> items;  // of the set, one per observation
  size_t requests = 0;        // of which they are an even sample
  LinearFit fit;
  // Milliseconds for one more; 0 where the records show no clear cost (below 4 standard errors, or
  // no variation to learn from).
  double ms_per_prompt_token = 0;
  double ms_per_output_token = 0;
  double ms_per_neighbour_token = 0;

  // Expected milliseconds of a lane.
  double predict(const TaskFacts& task) const;

  std::vector<int> used;  // which of the three regressors the fit has
};

inline constexpr size_t kFitRequestsMin = 30;
// What more requests would add to costs and their errors is far below what they say.
inline constexpr size_t kSampleMax = 10'000;

// Nothing with fewer requests than kFitRequestsMin, or if it explains less than half of the
// variation. `task` is its place in the set.
std::optional<ServiceFit> fit_service(const FactSet& set, uint32_t task);

// The places of the tasks that answered requests ran, in alphabetical order of their names.
std::vector<uint32_t> tasks_of(const FactSet& set);
const TaskFacts* find_task(const RequestFacts& request, uint32_t task);
double service_ms(const TaskFacts& task);
int64_t computed_tokens(const TaskFacts& task);  // of the prompt

// Which of `count` things an even sample of about kSampleMax takes, all if they are no more: one at
// random out of every so many, so that no rhythm of theirs is mistaken for the whole.
std::vector<size_t> even_sample(size_t count);

}  // namespace qaio
