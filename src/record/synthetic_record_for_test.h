// Records as a busy server might leave them, for tests and benchmarks.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
#include <random>
#include <string>

#include "record/record.h"

namespace qaio {

// Fills a lane with stages that follow each other with small gaps.
class LaneFiller {
 public:
  LaneFiller(StageLane& lane, TimeNs begin_ns) : lane_(lane), now_ns_(begin_ns) {
    lane.start(begin_ns);
  }
  TimeNs add(Stage stage, double mean_us, std::mt19937_64& random) {
    std::lognormal_distribution<double> length(std::log(mean_us * 1000), 0.5);
    const TimeNs begin_ns = now_ns_ + static_cast<TimeNs>(random() % 900);
    now_ns_ = begin_ns + static_cast<TimeNs>(length(random));
    lane_.add(stage, begin_ns, now_ns_);
    return now_ns_;
  }
  void add_until(Stage stage, TimeNs end_ns) {
    lane_.add(stage, now_ns_, end_ns);
    now_ns_ = end_ns;
  }
  void finish() { lane_.finish(now_ns_ + 137); }

 private:
  StageLane& lane_;
  TimeNs now_ns_;
};

inline TaskRecord synthetic_task(bool generates, TimeNs begin_ns, std::mt19937_64& random) {
  TaskRecord task;
  task.task = generates ? "chat" : "sentiment";
  LaneFiller lane(task.lane, begin_ns);
  TaskCounters& count = task.counters;
  lane.add(Stage::kPromptBuild, 8, random);
  count.submitted_ns = lane.add(Stage::kTokenize, 60, random);
  count.scheduled_ns = lane.add(Stage::kQueue, 3000, random);
  const TimeNs logits_ns = lane.add(Stage::kPrefill, 40'000, random);
  count.prompt_tokens = static_cast<uint32_t>(20 + random() % 300);
  count.cached_tokens = static_cast<uint32_t>(random() % 2 * 32);
  count.prefill_steps = 1 + count.prompt_tokens / 128;
  count.batch_max = static_cast<uint32_t>(1 + random() % 8);
  count.batch_sum = count.prefill_steps * count.batch_max;
  count.queued_ahead = static_cast<uint32_t>(random() % 3);
  if (generates) {
    count.completion_tokens = static_cast<uint32_t>(1 + random() % 128);
    count.decode_steps = count.completion_tokens - 1;
    count.first_token_ns = logits_ns + 90'000;
    count.last_token_ns = lane.add(Stage::kDecode, 9000.0 * count.completion_tokens, random);
    count.gap_min_ns = 7'900'000;
    count.gap_max_ns = 11'000'000 + static_cast<int64_t>(random() % 1'000'000);
    count.forward_ns = (count.last_token_ns - logits_ns) / 10 * 9;
    count.sample_ns = 80'000 * int64_t{count.completion_tokens};
    count.detokenize_ns = 900 * int64_t{count.completion_tokens};
    for (uint32_t gap = 1; gap < count.completion_tokens; ++gap)
      count_gap(gap % 16 == 0 ? count.gap_max_ns : 9'000'000, count.gap_counts);
    task.finish_reason = random() % 4 == 0 ? "length" : "stop";
  } else {
    lane.add(Stage::kScore, 500, random);
    count.questions = 1 + count.prompt_tokens % 4;
    count.question_tokens = count.questions > 1 ? 20 * count.questions : 0;
    count.options = 2 * count.questions + count.prompt_tokens % 3;
    task.finish_reason = "scored";
    task.label = random() % 2 == 0 ? "正面" : "负面";
    task.score = static_cast<float>(random() % 1000) / 1000;
  }
  lane.add(Stage::kOutputParse, 4, random);
  lane.finish();
  return task;
}

// Record number n of a server: it arrives n * 10 ms after some day. One in 20 was refused. Of an n
// of at most six digits the id tells it.
inline RequestRecord synthetic_record(uint64_t n, uint64_t seed = 1) {
  std::mt19937_64 random(seed * 0x9e3779b97f4a7c15 + n);
  const TimeNs begin_ns = 3'600'000'000'000 + static_cast<TimeNs>(n) * 10'000'000;
  RequestRecord record;
  record.request_id = "5d3c3c3a7e" + std::to_string(1'000'000 + n).substr(1);
  record.method = "POST";
  record.path = random() % 4 == 0 ? "/v1/chat/completions" : "/chat";
  record.routed = true;
  record.arrived_unix_ms = 1'790'000'000'000 + static_cast<int64_t>(n) * 10;
  record.cpu_ns = 150'000'000 + static_cast<int64_t>(random() % 50'000'000);
  record.minor_faults = static_cast<int64_t>(random() % 40);
  record.context_switches = static_cast<int64_t>(random() % 500);
  record.resident_bytes = 612'000'000 + static_cast<int64_t>(random() % 4096) * 4096;
  record.requests_ahead = static_cast<int64_t>(n % 7);
  LaneFiller lane(record.lane, begin_ns);
  lane.add(Stage::kHttpRead, 20, random);
  const TimeNs tasks_begin_ns = lane.add(Stage::kParse, 15, random);
  if (random() % 20 == 0) {
    record.status = 503;
    record.error_code = "resource_exhausted";
  } else {
    record.status = 200;
    record.input_chars = static_cast<int64_t>(random() % 200);
    record.input_tokens = record.input_chars / 3;
    if (record.path == "/chat") {
      record.tasks.push_back(synthetic_task(false, tasks_begin_ns, random));
    }
    record.tasks.push_back(synthetic_task(true, tasks_begin_ns, random));
    TimeNs last_ns = 0;
    for (const TaskRecord& task : record.tasks) last_ns = std::max(last_ns, task.lane.end_ns());
    lane.add_until(Stage::kTasks, last_ns);
  }
  lane.add(Stage::kSerialize, 12, random);
  lane.add(Stage::kHttpWrite, 8, random);
  lane.finish();
  return record;
}

inline RecordPtr synthetic_record_ptr(uint64_t n, uint64_t seed = 1) {
  return std::make_shared<const RequestRecord>(synthetic_record(n, seed));
}

}  // namespace qaio
