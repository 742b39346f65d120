// What reports and comparisons look at of a request: a tenth of its record, so that a million of
// them are read within a second and fit into memory.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "record/outcome.h"
#include "record/record_set.h"
#include "trace/task_counters.h"

namespace qaio {

// A lane by its stages, in ns. A stage that belongs to the other kind of lane counts as
// unattributed.
template <Stage kFirst, Stage kLast>
class CompactLane {
 public:
  static constexpr size_t kStages = static_cast<size_t>(kLast) - static_cast<size_t>(kFirst) + 1;
  static constexpr Stage stage_at(size_t i) {
    return static_cast<Stage>(static_cast<size_t>(kFirst) + i);
  }

  CompactLane() = default;
  explicit CompactLane(int64_t wall_ns) : wall_ns_(wall_ns) {}
  void add(Stage stage, int64_t ns) {
    if (stage >= kFirst && stage <= kLast) stages_ns_[index(stage)] += ns;
  }

  int64_t wall_ns() const { return wall_ns_; }
  int64_t stage_ns(Stage stage) const { return stages_ns_[index(stage)]; }
  int64_t unattributed_ns() const {
    int64_t left = wall_ns_;
    for (const int64_t ns : stages_ns_) left -= ns;
    return left;
  }

 private:
  static constexpr size_t index(Stage stage) {
    return static_cast<size_t>(stage) - static_cast<size_t>(kFirst);
  }
  std::array<int64_t, kStages> stages_ns_{};
  int64_t wall_ns_ = 0;
};
using RequestLane = CompactLane<Stage::kHttpRead, Stage::kHttpWrite>;
using TaskLane = CompactLane<Stage::kPromptBuild, Stage::kOutputParse>;

// The members have the meanings of docs/tracing.md; moments are since the request's begin.
struct CompactTask {
  TaskLane lane;
  TimeNs end_ns = 0;
  TimeNs prefill_begin_ns = 0;  // of the first interval
  TimeNs prefill_end_ns = 0;    // of the last; 0: never entered
  int64_t forward_ns = 0;
  uint64_t batch_sum = 0;
  uint32_t name = 0;  // its place in CompactRecords::tasks
  uint32_t prompt_tokens = 0;
  uint32_t cached_tokens = 0;
  uint32_t completion_tokens = 0;
  uint32_t prefill_steps = 0;
  uint32_t decode_steps = 0;
  uint32_t batch_max = 0;
  uint32_t queued_ahead = 0;
  uint32_t questions = 0;
  uint32_t question_tokens = 0;
  uint32_t options = 0;
  bool submitted = false;  // to the engine

  void add(Stage stage, TimeNs begin_ns, TimeNs end_ns);
};

// A counter that facts hold.
struct FactCounter {
  const TaskCounter& counter;
  void (*set)(CompactTask& facts, int64_t value);
};
template <auto Member>
constexpr FactCounter fact_counter(std::string_view name) {
  return {*find_task_counter(name), [](CompactTask& facts, int64_t value) {
            facts.*Member = static_cast<std::remove_cvref_t<decltype(facts.*Member)>>(value);
          }};
}
inline constexpr auto kFactCounters = std::to_array<FactCounter>({
    fact_counter<&CompactTask::prompt_tokens>("prompt_tokens"),
    fact_counter<&CompactTask::cached_tokens>("cached_tokens"),
    fact_counter<&CompactTask::completion_tokens>("completion_tokens"),
    fact_counter<&CompactTask::prefill_steps>("prefill_steps"),
    fact_counter<&CompactTask::decode_steps>("decode_steps"),
    fact_counter<&CompactTask::batch_max>("batch_max"),
    fact_counter<&CompactTask::batch_sum>("batch_sum"),
    fact_counter<&CompactTask::queued_ahead>("queued_ahead"),
    fact_counter<&CompactTask::forward_ns>("forward_ns"),
    fact_counter<&CompactTask::questions>("questions"),
    fact_counter<&CompactTask::question_tokens>("question_tokens"),
    fact_counter<&CompactTask::options>("options"),
});

// A count that is never so large, or as good as that.
constexpr uint32_t small_count(int64_t count) {
  return static_cast<uint32_t>(std::clamp<int64_t>(count, 0, UINT32_MAX));
}

struct CompactRecord {
  RequestLane lane;
  std::span<const CompactTask> tasks = {};
  int64_t key = 0;  // by which its source finds the whole record
  int64_t arrived_unix_ms = 0;
  TimeNs begin_ns = 0;  // the same on the server's steady clock
  uint32_t run = 0;     // its place in CompactRecords::runs
  uint32_t error = 0;   // its place in CompactRecords::errors; 0: none
  int status = 0;
  uint32_t input_chars = 0;
  uint32_t minor_faults = 0;
  uint32_t major_faults = 0;
  bool only_observes = false;  // as the function of that name has it
  int64_t model_inference_us = 0;
  int64_t ttft_us = kNone;
  int64_t ttft_since_scheduled_us = kNone;
  int64_t tpot_us = kNone;
  int64_t client_network_us = kNone;
  int64_t client_rendering_us = kNone;
  int64_t cpu_ns = 0;
  int64_t resident_bytes = 0;

  static constexpr int64_t kNone = -1;  // no such time

  Outcome outcome() const { return outcome_of(status, error != 0); }
  // Of a request that ran a task and was answered: what figures are about.
  bool answered() const { return outcome() == Outcome::kAnswered && !tasks.empty(); }
  // Whether a task of it came as far as the engine's queue.
  bool taken_by_engine() const;
  // The task that ended last: the request could not end before it. Only with tasks.
  const CompactTask& critical_task() const;
};

// Names that occur again and again, by number.
class Names {
 public:
  uint32_t number(std::string_view name);
  const std::vector<std::string>& all() const { return names_; }

 private:
  std::vector<std::string> names_;
  std::map<std::string, uint32_t, std::less<>> numbers_;
};

// Facts that stay where they are while more are added. One thread.
class CompactBlocks {
 public:
  // Its tasks follow with add_task().
  void add(const CompactRecord& request);
  void add_task(const CompactTask& task) { blocks_.back()->tasks.push_back(task); }
  // Appends them in the order in which they came, with their tasks. Afterwards nothing is added.
  void list(std::vector<CompactRecord*>& out);

 private:
  static constexpr size_t kBlockRequests = 4096;
  struct Block {
    std::vector<CompactRecord> requests;
    std::vector<size_t> first_task;  // of each
    std::vector<CompactTask> tasks;
  };
  std::vector<std::unique_ptr<Block>> blocks_;
};

struct CompactRecords {
  std::vector<RecordSet::Run> runs;
  std::vector<std::string> tasks;                // names
  std::vector<std::string> errors = {""};        // codes
  std::vector<const CompactRecord*> requests;    // by time of arrival
  std::vector<std::shared_ptr<void>> storage;    // of the requests
  std::function<RecordPtr(int64_t key)> record;  // the whole one; null if it is gone
  size_t damaged = 0;                            // records that could not be read

  const RunInfo& run_of(const CompactRecord& request) const { return runs[request.run].info; }
  RecordPtr record_of(const CompactRecord& request) const {
    return record ? record(request.key) : nullptr;
  }
  std::string id_of(const CompactRecord& request) const;  // "?" if its record is gone
};

CompactRecords compact_records(const RecordSet& set);

// Sorts by time of arrival, within a millisecond by the steady clock.
void sort_by_arrival(std::vector<const CompactRecord*>& requests);

}  // namespace qaio
