// What a task's time in the model depends on, learnt from its requests.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "record/compact_record.h"
#include "stats/regression.h"
#include "stats/statistics.h"

namespace qaio {

// Milliseconds against what may explain them; a constant, their median, where that explains too
// little of their variation.
struct TimeFit {
  LinearFit fit;             // explained: 0 if it is a constant
  std::vector<size_t> used;  // which regressors it has

  double predict(std::span<const double> regressors) const;
  // Of one more; 0 where the records show no clear cost (below 4 standard errors, or no variation
  // to learn from).
  double cost_ms(size_t regressor) const;
  // 95 % of the same; both ends 0 where there is none.
  Interval cost_interval_ms(size_t regressor) const;
};

// `rows`: of each time the regressors, of which those that vary are used. Not of none.
TimeFit fit_times(const std::vector<std::vector<double>>& rows, const std::vector<double>& ms,
                  double explained_min);

// Prefill against the prompt tokens computed in its steps; decode against the tokens generated, and
// those times the other requests beside them; score against questions and labels. Prefill is learnt
// from requests alone in their steps if there are enough: what others brought along is not
// recorded.
struct ServiceFit {
  std::vector<size_t> items;  // of the set, one per observation
  size_t requests = 0;        // of which they are an even sample
  TimeFit prefill;
  TimeFit decode;
  double ms_per_prompt_token = 0;  // as cost_ms() has them
  double ms_per_output_token = 0;
  double ms_per_neighbour_token = 0;
  // Of both together, by observation.
  std::vector<double> residuals_ms;
  double deviation_ms = 0;       // robust, of the residuals
  std::vector<size_t> outliers;  // by descending size of the residual

  // Expected milliseconds of a task of the request.
  double predict(const CompactRecord& request, const CompactTask& task) const;
};

inline constexpr size_t kFitRequestsMin = 30;
// What more requests would add to costs and their errors is far below what they say.
inline constexpr size_t kSampleMax = 10'000;

// Nothing with fewer requests than kFitRequestsMin, or if tokens explain neither stage. `task` is
// its place in the set.
std::optional<ServiceFit> fit_service(const CompactRecords& set, uint32_t task);

// The places of the tasks that answered requests ran, in alphabetical order of their names.
std::vector<uint32_t> tasks_of(const CompactRecords& set);
const CompactTask* find_task(const CompactRecord& request, uint32_t task);
int64_t computed_tokens(const CompactTask& task);  // of the prompt
// Questions that were computed behind what their prompts have in common; a single one whose prompt
// was computed as a whole is none.
double questions_behind(const CompactTask& task);

// Of a task of the request: prompt tokens that the request's tasks computed while it was in
// prefill.
double prefill_tokens(const CompactRecord& request, const CompactTask& task);
// Tokens it generated, times the sequences of other requests beside it on average.
double neighbour_tokens(const CompactRecord& request, const CompactTask& task);
// What the two fits explain, and what with.
double prefill_ms(const CompactTask& task);
double decode_ms(const CompactTask& task);
std::vector<double> prefill_regressors(const CompactRecord& request, const CompactTask& task);
std::vector<double> decode_regressors(const CompactRecord& request, const CompactTask& task);
inline constexpr size_t kQuestionRegressor = 2;  // of the latter; the labels' is the next
// No step of it held another request.
bool alone_in_steps(const CompactRecord& request);

// Which of `count` things an even sample of about kSampleMax takes, all if they are no more: one at
// random out of every so many, so that no rhythm of theirs is mistaken for the whole.
std::vector<size_t> stratified_indices(size_t count);

}  // namespace qaio
