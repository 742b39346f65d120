#include "telemetry/request_counts.h"

#include "trace/task_counters.h"

namespace qaio {

void RequestCounts::add(const RequestRecord& record) {
  ++requests;
  ++outcomes[static_cast<size_t>(outcome_of(record))];
  for (const TaskRecord& task : record.tasks) {
    prompt_tokens += static_cast<uint64_t>(all_prompt_tokens(task.counters));
    cached_tokens += task.counters.cached_tokens;
    completion_tokens += task.counters.completion_tokens;
    questions += task.counters.questions;
  }
}

void RequestCounts::merge(const RequestCounts& other) {
  requests += other.requests;
  for (size_t i = 0; i < kOutcomeCount; ++i) outcomes[i] += other.outcomes[i];
  prompt_tokens += other.prompt_tokens;
  cached_tokens += other.cached_tokens;
  completion_tokens += other.completion_tokens;
  questions += other.questions;
}

}  // namespace qaio
