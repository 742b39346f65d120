// What a task's time in the model depends on, learnt from its requests.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "observe/record_set.h"
#include "observe/regression.h"

namespace qaio {

// Time in prefill, decode and score against the prompt tokens that were computed, the tokens
// generated, and the neighbours: tokens generated times the other sequences beside them.
struct ServiceFit {
  std::string task;
  std::vector<size_t> items;  // of the set, one per observation
  LinearFit fit;
  // Milliseconds for one more; 0 where the records show no clear cost (below 4 standard errors, or
  // no variation to learn from).
  double ms_per_prompt_token = 0;
  double ms_per_output_token = 0;
  double ms_per_neighbour_token = 0;

  // Expected milliseconds of a lane.
  double predict(const TaskRecord& task_record) const;

  std::vector<int> used;  // which of the three regressors the fit has
};

inline constexpr size_t kFitRequestsMin = 30;

// Nothing with fewer requests than kFitRequestsMin, or if it explains less than half of the
// variation.
std::optional<ServiceFit> fit_service(const RecordSet& set, std::string_view task);

// The tasks that answered requests ran, in alphabetical order.
std::vector<std::string> tasks_of(const RecordSet& set);
const TaskRecord* find_task_record(const RequestRecord& record, std::string_view task);
double service_ms(const TaskRecord& task);
int64_t computed_tokens(const TaskCounters& counters);  // of the prompt

}  // namespace qaio
