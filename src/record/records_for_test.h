// Synthetic requests for the tests of reports and comparisons.
#pragma once

#include <algorithm>
#include <array>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "base/random.h"
#include "record/record_set.h"

namespace qaio {

// One task, and what belongs to its request. Times in ms.
struct RequestSpec {
  std::string task = "chat";
  uint32_t prompt = 50;  // tokens
  uint32_t cached = 0;
  uint32_t output = 20;  // 0: a classification
  double queue_ms = 0;
  uint32_t questions = 0;  // of a classification
  uint32_t question_tokens = 0;
  uint32_t options = 0;
  double prefill_ms = 10;
  double decode_ms = 20;  // `score` of a classification
  double write_ms = 0.1;
  uint32_t neighbours = 0;  // in each of its steps
  uint32_t queued_ahead = 0;
  int64_t chars = 0;  // of the input
  int64_t minor_faults = 0;
  int64_t major_faults = 0;
};

constexpr TimeNs spec_ns(double ms) { return static_cast<TimeNs>(ms * 1e6); }

inline TaskRecord make_task(const RequestSpec& spec, TimeNs begin_ns) {
  TimeNs now = begin_ns;
  TaskRecord task;
  task.task = spec.task;
  task.lane.start(now);
  const auto stage = [&](Stage which, double ms) {
    task.lane.add(which, now, now + spec_ns(ms));
    now += spec_ns(ms);
  };
  TaskCounters& counters = task.counters;
  stage(Stage::kPromptBuild, 0.02);
  counters.submitted_ns = now;
  stage(Stage::kQueue, spec.queue_ms);
  counters.scheduled_ns = now;
  stage(Stage::kPrefill, spec.prefill_ms);
  counters.first_token_ns = spec.output > 0 ? now : 0;
  stage(spec.output > 0 ? Stage::kDecode : Stage::kScore, spec.decode_ms);
  counters.last_token_ns = spec.output > 0 ? now : 0;
  task.lane.finish(now);
  task.finish_reason = spec.output > 0 ? "stop" : "scored";
  counters.prompt_tokens = spec.prompt;
  counters.cached_tokens = spec.cached;
  counters.completion_tokens = spec.output;
  counters.prefill_steps = 1;
  counters.decode_steps = spec.output;
  counters.batch_max = 1 + spec.neighbours;
  counters.batch_sum = uint64_t{1 + spec.neighbours} * (1 + spec.output);
  counters.queued_ahead = spec.queued_ahead;
  counters.forward_ns = spec_ns(spec.decode_ms);
  counters.questions = spec.questions;
  counters.question_tokens = spec.question_tokens;
  counters.options = spec.options;
  return task;
}

// The tasks begin at the same time; those of more than one share each step of the shorter.
inline RequestRecord make_side_by_side(std::span<const RequestSpec> specs, int64_t arrived_unix_ms,
                                       const std::string& id) {
  RequestRecord record;
  record.request_id = id;
  record.method = "POST";
  record.path = "/chat";
  record.status = 200;
  record.arrived_unix_ms = arrived_unix_ms;
  record.input_chars = specs[0].chars;
  record.minor_faults = specs[0].minor_faults;
  record.major_faults = specs[0].major_faults;
  const TimeNs arrived = arrived_unix_ms * 1'000'000;
  const TimeNs begin = arrived + spec_ns(0.05);
  record.lane.start(arrived);
  record.lane.add(Stage::kParse, arrived, begin);
  TimeNs end = begin;
  for (const RequestSpec& spec : specs) {
    TaskRecord task = make_task(spec, begin);
    for (const RequestSpec& other : specs) {
      if (&other == &spec) continue;
      ++task.counters.batch_max;
      task.counters.batch_sum += 1 + std::min(spec.output, other.output);
    }
    end = std::max(end, task.lane.end_ns());
    record.tasks.push_back(std::move(task));
  }
  record.lane.add(Stage::kTasks, begin, end);
  const TimeNs written = end + spec_ns(specs[0].write_ms);
  record.lane.add(Stage::kHttpWrite, end, written);
  record.lane.finish(written);
  return record;
}
inline RequestRecord make_record(const RequestSpec& spec, int64_t arrived_unix_ms,
                                 const std::string& id) {
  return make_side_by_side(std::span(&spec, 1), arrived_unix_ms, id);
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
  void add(const RequestSpec& spec) { add_request(std::span(&spec, 1)); }
  // Of one request, side by side.
  void add_pair(const RequestSpec& one, const RequestSpec& other) {
    add_request(std::array<RequestSpec, 2>{one, other});
  }
  void wait_ms(int64_t ms) { now_ms_ += ms; }

  RecordSet set;

 private:
  void add_request(std::span<const RequestSpec> specs) {
    now_ms_ += 1000;
    set.items.push_back({std::make_shared<const RequestRecord>(make_side_by_side(
                             specs, now_ms_, "r" + std::to_string(set.items.size()))),
                         static_cast<uint32_t>(set.runs.size() - 1)});
  }

  int64_t now_ms_;
};

// `ms` with a noise of `relative` standard deviations, never below a tenth of it.
inline double noisy(double ms, double relative, Random& random) {
  return ms * std::max(0.1, 1 + relative * random.normal());
}

}  // namespace qaio
