#include "telemetry/request_counts.h"

namespace qaio {

void RequestCounts::add(const RequestRecord& record) {
  ++requests;
  ++outcomes[static_cast<size_t>(outcome_of(record))];
  for (const TaskRecord& task : record.tasks) {
    prompt_tokens += task.counters.prompt_tokens;
    cached_tokens += task.counters.cached_tokens;
    completion_tokens += task.counters.completion_tokens;
  }
}

void RequestCounts::merge(const RequestCounts& other) {
  requests += other.requests;
  for (size_t i = 0; i < kOutcomeCount; ++i) outcomes[i] += other.outcomes[i];
  prompt_tokens += other.prompt_tokens;
  cached_tokens += other.cached_tokens;
  completion_tokens += other.completion_tokens;
}

}  // namespace qaio
