// How the last minutes, hours and the last day went, step by step: what a live view is drawn of.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/histogram.h"
#include "base/mutex.h"
#include "base/time_units.h"
#include "record/observer.h"
#include "telemetry/request_counts.h"
#include "telemetry/server_state.h"
#include "trace/trace.h"

namespace qaio {

// The upper ends (inclusive) of the ranges in which a heat map counts how long requests took, 8 per
// power of ten from 0.1 ms to 1000 s; one more range is above them all.
inline constexpr size_t kHeatBounds = 57;
using HeatBounds = std::array<int64_t, kHeatBounds>;
constexpr HeatBounds heat_bounds_ns() {
  HeatBounds bounds{};
  int64_t decade_ns = 100;
  for (size_t i = 0; i < kHeatBounds; ++i) {
    constexpr auto kSteps =
        std::to_array<int64_t>({1000, 1330, 1780, 2370, 3160, 4220, 5620, 7500});
    bounds[i] = decade_ns * kSteps[i % kSteps.size()];
    if (i % kSteps.size() == kSteps.size() - 1) decade_ns *= 10;
  }
  return bounds;
}

// Of durations; as Histogram has them. No percentile means anything if the count is 0.
struct LiveTimes {
  uint32_t count = 0;
  float p50_ms = 0;
  float p95_ms = 0;
  float p99_ms = 0;
  float max_ms = 0;
};

// Means over all whose total is counted beside them, those who never entered a stage included: so
// they add up to the mean total.
struct LiveStages {
  std::array<float, kStageCount> mean_ms{};  // by Stage
  float unattributed_ms = 0;
};

struct LiveTask {
  std::string_view name;  // lives as long as the series
  LiveTimes total;
  LiveStages stages;
};

struct HeatCell {
  uint8_t range = 0;  // of heat_bounds_ns()
  uint32_t count = 0;
};

// Means of what clients said of their requests' times.
struct LiveClients {
  uint32_t count = 0;
  float network_ms = 0;
  float rendering_ms = 0;
};

// What happened from the end of the point before to the end of this one, by the time at which it
// was observed. Without requests that only observe (record.h).
struct LivePoint {
  TimeNs end_ns = 0;       // on the steady clock
  int64_t covered_ns = 0;  // its step; more where the program was held up
  RequestCounts counts;
  // Of requests that reached the model, as in live_stats.h.
  LiveTimes total;
  LiveTimes ttft;
  LiveTimes tpot;
  LiveStages stages;
  std::vector<HeatCell> heat;   // of totals; ascending, none is 0
  std::vector<LiveTask> tasks;  // those that ran
  LiveClients clients;          // who told it in this time
  // What it was doing at most, as far as was seen: at least at the end of each second. Absent until
  // the model is ready.
  std::optional<EngineState> engine;
  float cpu_cores = 0;
  float resident_mib = 0;
  uint64_t records_dropped = 0;
  uint64_t dropped_total = 0;  // since the start, as the next one
  uint64_t lost_total = 0;     // records that archives could not write
};
using LivePointPtr = std::shared_ptr<const LivePoint>;

struct LiveRangeShape {
  std::string_view name;
  int64_t step_ns;
  size_t points_max;
};
inline constexpr auto kLiveRanges = std::to_array<LiveRangeShape>(
    {{"10m", kSecondNs, 600}, {"2h", 10 * kSecondNs, 720}, {"1d", 120 * kSecondNs, 720}});

// The points of a range, oldest first. The last one of longer steps is of what its step has so far.
struct LiveRange {
  std::vector<LivePointPtr> points;
  int64_t epoch_unix_ms = 0;  // when the steady clock was 0, as far as the system's time tells
  int64_t unix_ms(TimeNs time_ns) const { return epoch_unix_ms + time_ns / 1'000'000; }
};

// Percentiles of longer steps are of all their requests, not means of percentiles. A second without
// requests costs microseconds. Memory: some hundred bytes per point and a hundred for each task
// that ran in it, 16 MiB at most; the unit test holds it. Thread-safe.
class LiveSeries final : public RecordConsumer {
 public:
  static constexpr size_t kTasksMax = 64;  // as LiveStats has it
  // Of the server at this moment; on the observer's thread.
  struct State {
    std::optional<EngineState> engine;  // absent until the model is ready
    uint64_t records_dropped = 0;
    uint64_t records_lost = 0;
  };

  explicit LiveSeries(const Clock& clock);  // which outlives it
  ~LiveSeries() override;
  // Until then nothing is known of the server.
  void set_state(std::function<State()> state);

  void consume(std::span<const RecordPtr> records) override;
  void amend(const RecordPtr& amended) override;

  LiveRange range(size_t index) const;    // of kLiveRanges
  LivePointPtr latest() const;            // of the last second; null: none is over yet
  int64_t unix_ms(TimeNs time_ns) const;  // as the points of an answer have it
  size_t memory_bytes() const;

 private:
  struct Sums;
  struct Level;

  void add(const RequestRecord& record) QAIO_REQUIRES(mutex_);
  void end_second(TimeNs now_ns, const State& state) QAIO_REQUIRES(mutex_);
  std::optional<size_t> number_of(std::string_view task) QAIO_REQUIRES(mutex_);
  LivePointPtr point_of(const Sums& sums, TimeNs begin_ns, TimeNs end_ns) const
      QAIO_REQUIRES(mutex_);

  const Clock& clock_;
  const TimeNs start_ns_;
  mutable Mutex mutex_;
  std::function<State()> state_ QAIO_GUARDED_BY(mutex_);
  std::vector<Level> levels_ QAIO_GUARDED_BY(mutex_);                           // as kLiveRanges
  std::map<std::string, size_t, std::less<>> numbers_ QAIO_GUARDED_BY(mutex_);  // of tasks
  int64_t epoch_unix_ms_ QAIO_GUARDED_BY(mutex_);
  int64_t cpu_ns_ QAIO_GUARDED_BY(mutex_);  // of the process until the last second
  uint64_t dropped_ QAIO_GUARDED_BY(mutex_) = 0;
};

}  // namespace qaio
