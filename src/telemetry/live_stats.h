// What requests took over the last minute, five minutes, hour and since the start.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/histogram.h"
#include "base/mutex.h"
#include "base/process_stats.h"
#include "record/named_times.h"
#include "record/observer.h"
#include "stats/windows.h"
#include "telemetry/request_counts.h"

namespace qaio {

// Percentiles are at most 0.8 % above the exact ones and never below; the rest is exact.
struct DurationSummary {
  std::string_view name;  // of kRequestTimeNames or kTaskTimeNames
  uint64_t count = 0;
  int64_t mean_ns = 0;
  int64_t p50_ns = 0;
  int64_t p95_ns = 0;
  int64_t p99_ns = 0;
  int64_t max_ns = 0;
};

struct WindowStats {
  std::string_view name;   // of kWindows
  int64_t covered_ns = 0;  // how far back it reaches
  RequestCounts counts;
  std::map<std::string, uint64_t> errors;  // by code
  ProcessUsage usage;                      // of the process within that time
  // Of requests that reached the model, those that failed there included: a refusal takes
  // microseconds and would make any percentile look well.
  std::vector<DurationSummary> request;  // as kRequestTimeNames
  struct Task {
    std::string name;
    std::vector<DurationSummary> times;  // as kTaskTimeNames
  };
  std::vector<Task> tasks;  // those that ran in this window
};

// Memory: 8 bytes (16 while growing) per value range in use, part of a window and kind of time. Two
// tasks whose times spread over three powers of ten take up to 4 MiB after an hour of 10 requests
// per second, 12 MiB with hundreds; the unit test holds it. Thread-safe.
class LiveStats final : public RecordConsumer {
 public:
  static constexpr size_t kTasksMax =
      64;  // as many as a configuration may hold; others are left out

  explicit LiveStats(const Clock& clock);  // which outlives it

  void consume(std::span<const RecordPtr> records) override;

  std::vector<WindowStats> snapshot() const;  // of every window
  size_t memory_bytes() const;

 private:
  // A part of a window.
  struct Counts {
    RequestCounts requests;
    std::map<std::string, uint64_t> errors;  // by code
    TimeNs begin_ns = -1;                    // when it was first updated; -1: never
    ProcessUsage usage_at_begin;
    void merge(const Counts& other);
  };
  struct Times {
    Times() : windowed(Histogram(Histogram::Precision::kCoarse)) {}
    Windowed<Histogram> windowed;
  };
  using RequestSeries = std::array<Times, kRequestTimeNames.size()>;
  using TaskSeries = std::array<Times, kTaskTimeNames.size()>;

  TimeNs now_ns() const { return clock_.now_ns() - start_ns_; }
  void add(const RequestRecord& record, TimeNs now) QAIO_REQUIRES(mutex_);
  WindowStats window_stats(size_t window, TimeNs now) const QAIO_REQUIRES(mutex_);

  const Clock& clock_;
  const TimeNs start_ns_;
  mutable Mutex mutex_;
  Windowed<Counts> counts_ QAIO_GUARDED_BY(mutex_);
  RequestSeries request_ QAIO_GUARDED_BY(mutex_);
  std::map<std::string, TaskSeries, std::less<>> tasks_ QAIO_GUARDED_BY(mutex_);
};

}  // namespace qaio
