// For tests: records of requests as the server leaves them.
#pragma once

#include <memory>
#include <string>

#include "record/record.h"

namespace qaio {

inline constexpr int64_t kMs = 1'000'000;

// A generating task of so many tokens, `gap_ns` apart, that begins at `begin_ns`: 1 ms
// prompt_build, 2 ms queue, `prefill_ns`, the tokens, 0.5 ms that nobody accounts for.
inline TaskRecord generate_task(std::string name, TimeNs begin_ns, int64_t prefill_ns, int tokens,
                                int64_t gap_ns) {
  TaskRecord task;
  task.task = std::move(name);
  task.finish_reason = "stop";
  TaskCounters& counters = task.counters;
  counters.prompt_tokens = 40;
  counters.cached_tokens = 32;
  counters.submitted_ns = begin_ns + kMs;
  counters.scheduled_ns = begin_ns + 3 * kMs;
  const TimeNs first_logits_ns = counters.scheduled_ns + prefill_ns;
  counters.completion_tokens = static_cast<uint32_t>(tokens);
  counters.first_token_ns = first_logits_ns;
  counters.last_token_ns = first_logits_ns + (tokens - 1) * gap_ns;
  for (int i = 1; i < tokens; ++i) count_gap(gap_ns, counters.gap_counts);
  task.lane.start(begin_ns);
  task.lane.add(Stage::kPromptBuild, begin_ns, begin_ns + kMs);
  task.lane.add(Stage::kQueue, counters.submitted_ns, counters.scheduled_ns);
  task.lane.add(Stage::kPrefill, counters.scheduled_ns, first_logits_ns);
  task.lane.add(Stage::kDecode, first_logits_ns, counters.last_token_ns);
  task.lane.finish(counters.last_token_ns + kMs / 2);
  return task;
}

// A POST /chat that took `total_ns`; tasks are the caller's to add.
inline std::shared_ptr<RequestRecord> chat_record(int64_t total_ns, TimeNs begin_ns = kMs) {
  auto record = std::make_shared<RequestRecord>();
  record->request_id = "r";
  record->method = "POST";
  record->path = "/chat";
  record->routed = true;
  record->status = 200;
  record->lane.start(begin_ns);
  record->lane.add(Stage::kHttpRead, begin_ns, begin_ns + total_ns / 10);
  record->lane.finish(begin_ns + total_ns);
  return record;
}

// What its client said: so long before the server's first byte and behind its last one, and so long
// for showing it. In whole us.
inline ClientTimes client_times_of(const RequestRecord& record, int64_t network_ns,
                                   int64_t rendering_ns) {
  ClientTimes times;
  times.last_byte_ns = (record.lane.wall_ns() + 500) / 1000 * 1000 + network_ns;
  times.first_byte_ns = times.last_byte_ns / 2000 * 1000;
  times.done_ns = times.last_byte_ns + rendering_ns;
  return times;
}

inline void consume_one(RecordPtr record, auto& consumer) { consumer.consume({&record, 1}); }

}  // namespace qaio
