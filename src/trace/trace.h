// Where the time of one request went: stages on lanes, stamped with one injected clock.
//
// A request is a set of lanes: lane 0 is the request itself, each task has one more. On a lane the
// stages tile its wall time; what no stage covers is `unattributed`.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/clock.h"

namespace qaio {

// Closed set; docs/tracing.md defines each by the two events that bound it.
enum class Stage : uint8_t {
  // request lane
  kHttpRead,
  kParse,
  kTasks,
  kSerialize,
  kHttpWrite,
  // task lanes
  kPromptBuild,
  kTokenize,
  kQueue,
  kPrefill,
  kDecode,
  kScore,
  kOutputParse,
};
inline constexpr size_t kStageCount = static_cast<size_t>(Stage::kOutputParse) + 1;
std::string_view stage_name(Stage stage);  // snake_case, e.g. "http_read"

// One lane: contiguous intervals in time order. A stage may recur; its times add up.
// One thread writes at a time; hand-over between threads is the caller's (a queue, a post).
class StageLane {
 public:
  struct Interval {
    Stage stage;
    TimeNs begin_ns;
    TimeNs end_ns;
  };
  static constexpr size_t kIntervalsMax = 24;

  // Begins the lane's wall time. Before the first add().
  void start(TimeNs now_ns) { begin_ns_ = end_ns_ = last_ns_ = now_ns; }
  // Ends the lane's wall time: now_ns is not before the end of any stage.
  void finish(TimeNs now_ns) { end_ns_ = now_ns; }
  // Records [begin, end) of a stage. Intervals must come in time order, must not overlap and must
  // lie within the lane: a debug build fails on it. When the lane is full the time goes to
  // `unattributed` and dropped() counts it. No allocation, no lock.
  void add(Stage stage, TimeNs begin_ns, TimeNs end_ns);
  // Records a stage from where the latest one ended: stages stamped like this leave no gap.
  void lap(Stage stage, TimeNs end_ns) { add(stage, last_ns_, end_ns); }

  TimeNs begin_ns() const { return begin_ns_; }
  TimeNs end_ns() const { return end_ns_; }
  TimeNs last_ns() const { return last_ns_; }  // end of the latest stage; before one, begin_ns()
  int64_t wall_ns() const { return end_ns_ - begin_ns_; }
  int64_t stage_ns(Stage stage) const;   // sum over the stage's intervals; 0: never entered
  int64_t unattributed_ns() const;       // wall minus the sum of all stages
  size_t size() const { return size_; }  // intervals recorded
  const Interval& operator[](size_t i) const { return intervals_[i]; }
  uint32_t dropped() const { return dropped_; }
  void set_dropped(uint32_t dropped) { dropped_ = dropped; }  // of a lane that was kept somewhere

 private:
  std::array<Interval, kIntervalsMax> intervals_;
  size_t size_ = 0;
  uint32_t dropped_ = 0;
  TimeNs begin_ns_ = 0;
  TimeNs end_ns_ = 0;
  TimeNs last_ns_ = 0;
};

// The times between consecutive tokens are counted in ranges with these upper ends (inclusive), and
// one range above them all: from a tiny model alone to a stream that was held up. From 10 ms on
// they hold those of docs/metrics.md. Archives number the ranges: a change needs a migration.
inline constexpr auto kGapBoundsNs = std::to_array<int64_t>(
    {100'000,       250'000,       500'000,        1'000'000,      2'000'000,      3'000'000,
     5'000'000,     7'500'000,     10'000'000,     15'000'000,     20'000'000,     25'000'000,
     35'000'000,    50'000'000,    75'000'000,     100'000'000,    150'000'000,    200'000'000,
     300'000'000,   400'000'000,   500'000'000,    750'000'000,    1'000'000'000,  2'500'000'000,
     5'000'000'000, 7'500'000'000, 10'000'000'000, 20'000'000'000, 40'000'000'000, 80'000'000'000});
using GapCounts = std::array<uint32_t, kGapBoundsNs.size() + 1>;
void count_gap(int64_t gap_ns, GapCounts& counts);

// What the engine counts for one task beside the stages; trace/task_counters.h says what each is.
struct TaskCounters {
  uint32_t prompt_tokens = 0;
  uint32_t cached_tokens = 0;
  uint32_t completion_tokens = 0;
  uint32_t prefill_steps = 0;
  uint32_t decode_steps = 0;
  uint32_t batch_max = 0;
  uint64_t batch_sum = 0;
  uint32_t queued_ahead = 0;
  TimeNs submitted_ns = 0;
  TimeNs scheduled_ns = 0;
  TimeNs first_token_ns = 0;
  TimeNs last_token_ns = 0;
  int64_t gap_min_ns = 0;
  int64_t gap_max_ns = 0;
  GapCounts gap_counts{};  // by kGapBoundsNs
  int64_t forward_ns = 0;  // decode or score split: model, sampling, detokenizing
  int64_t sample_ns = 0;
  int64_t detokenize_ns = 0;
  uint32_t questions = 0;
  uint32_t question_tokens = 0;
  uint32_t options = 0;
};

}  // namespace qaio
