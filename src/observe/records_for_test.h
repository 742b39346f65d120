// Synthetic requests for the tests of reports and comparisons.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "base/random.h"
#include "observe/record_set.h"

namespace qaio {

// One request with one task. Times in ms.
struct RequestSpec {
  std::string task = "chat";
  uint32_t prompt = 50;  // tokens
  uint32_t cached = 0;
  uint32_t output = 20;  // 0: a classification
  double queue_ms = 0;
  double prefill_ms = 10;
  double decode_ms = 20;  // `score` of a classification
  double write_ms = 0.1;
  uint32_t neighbours = 0;  // in each of its steps
  uint32_t queued_ahead = 0;
  int64_t chars = 0;  // of the input
  int64_t minor_faults = 0;
  int64_t major_faults = 0;
};

inline RequestRecord make_record(const RequestSpec& spec, int64_t arrived_unix_ms,
                                 const std::string& id) {
  const auto ns = [](double ms) { return static_cast<int64_t>(ms * 1e6); };
  RequestRecord record;
  record.request_id = id;
  record.method = "POST";
  record.path = "/chat";
  record.status = 200;
  record.arrived_unix_ms = arrived_unix_ms;
  record.input_chars = spec.chars;
  record.minor_faults = spec.minor_faults;
  record.major_faults = spec.major_faults;
  TimeNs now = arrived_unix_ms * 1'000'000;
  record.lane.start(now);
  const auto stage = [&now, &ns](Lane& lane, Stage which, double ms) {
    lane.add(which, now, now + ns(ms));
    now += ns(ms);
  };
  stage(record.lane, Stage::kParse, 0.05);
  TaskRecord task;
  task.task = spec.task;
  const TimeNs begin = now;
  task.lane.start(now);
  stage(task.lane, Stage::kPromptBuild, 0.02);
  task.counters.submitted_ns = now;
  stage(task.lane, Stage::kQueue, spec.queue_ms);
  task.counters.scheduled_ns = now;
  stage(task.lane, Stage::kPrefill, spec.prefill_ms);
  task.counters.first_token_ns = spec.output > 0 ? now : 0;
  stage(task.lane, spec.output > 0 ? Stage::kDecode : Stage::kScore, spec.decode_ms);
  task.counters.last_token_ns = spec.output > 0 ? now : 0;
  task.lane.finish(now);
  task.finish_reason = spec.output > 0 ? "stop" : "scored";
  TaskCounters& counters = task.counters;
  counters.prompt_tokens = spec.prompt;
  counters.cached_tokens = spec.cached;
  counters.completion_tokens = spec.output;
  counters.prefill_steps = 1;
  counters.decode_steps = spec.output;
  counters.batch_max = 1 + spec.neighbours;
  counters.batch_sum = uint64_t{1 + spec.neighbours} * (1 + spec.output);
  counters.queued_ahead = spec.queued_ahead;
  counters.forward_ns = ns(spec.decode_ms);
  record.lane.add(Stage::kTasks, begin, now);
  record.tasks.push_back(std::move(task));
  stage(record.lane, Stage::kHttpWrite, spec.write_ms);
  record.lane.finish(now);
  return record;
}

// A set of one run from its start; requests arrive one second apart.
class TestSet {
 public:
  explicit TestSet(const std::string& version = "1.0", int64_t started_unix_ms = 1'700'000'000'000)
      : now_ms_(started_unix_ms) {
    begin_run(version);
  }
  void begin_run(const std::string& version) {
    RunInfo info;
    info.version = version;
    info.started_unix_ms = now_ms_;
    set.runs.push_back({info, true});
  }
  void add(const RequestSpec& spec) {
    now_ms_ += 1000;
    set.items.push_back({std::make_shared<const RequestRecord>(
                             make_record(spec, now_ms_, "r" + std::to_string(set.items.size()))),
                         static_cast<uint32_t>(set.runs.size() - 1)});
  }
  void wait_ms(int64_t ms) { now_ms_ += ms; }

  RecordSet set;

 private:
  int64_t now_ms_;
};

// `ms` with a noise of `relative` standard deviations, never below a tenth of it.
inline double noisy(double ms, double relative, Random& random) {
  return ms * std::max(0.1, 1 + relative * random.normal());
}

}  // namespace qaio
