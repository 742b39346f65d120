#include "telemetry/live_series.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <utility>

#include "base/process_stats.h"
#include "record/request_times.h"

namespace qaio {
namespace {

constexpr HeatBounds kBoundsNs = heat_bounds_ns();

// The labels of points stay where they are while the system's time is only adjusted.
constexpr int64_t kTimeWasSetMs = 500;

float to_ms(double ns) { return static_cast<float>(ns / 1e6); }

Histogram empty_histogram() { return Histogram(Histogram::Precision::kCoarse); }

LiveTimes times_of(const Histogram& times) {
  const auto percentile = [&](double percent) {
    return to_ms(static_cast<double>(times.percentile_ns(percent)));
  };
  return {.count = static_cast<uint32_t>(times.count()),
          .p50_ms = percentile(50),
          .p95_ms = percentile(95),
          .p99_ms = percentile(99),
          .max_ms = to_ms(static_cast<double>(times.max_ns()))};
}

struct StageSums {
  std::array<int64_t, kStageCount> ns{};  // by Stage
  int64_t unattributed_ns = 0;

  void add(const StageLane& lane) {
    for (size_t i = 0; i < lane.size(); ++i)
      ns[static_cast<size_t>(lane[i].stage)] += lane[i].end_ns - lane[i].begin_ns;
    unattributed_ns += lane.unattributed_ns();
  }
  void merge(const StageSums& other) {
    for (size_t i = 0; i < kStageCount; ++i) ns[i] += other.ns[i];
    unattributed_ns += other.unattributed_ns;
  }
  LiveStages mean(uint64_t count) const {
    LiveStages stages;
    const auto mean_ms = [&](int64_t sum_ns) {
      return to_ms(static_cast<double>(sum_ns) / static_cast<double>(count));
    };
    for (size_t i = 0; i < kStageCount; ++i) stages.mean_ms[i] = mean_ms(ns[i]);
    stages.unattributed_ms = mean_ms(unattributed_ns);
    return stages;
  }
};

struct TaskSums {
  Histogram total = empty_histogram();
  StageSums stages;
};

// `later`, with what it had at one moment as large as either saw it.
EngineState busiest(const EngineState& earlier, EngineState later) {
  for (const auto gauge : {&EngineState::waiting, &EngineState::running,
                           &EngineState::kv_blocks_used, &EngineState::kv_blocks_pinned,
                           &EngineState::kv_blocks_cached, &EngineState::kv_blocks_total,
                           &EngineState::states_used, &EngineState::states_cached,
                           &EngineState::states_total}) {
    later.*gauge = std::max(earlier.*gauge, later.*gauge);
  }
  return later;
}

void take_engine(const std::optional<EngineState>& seen, std::optional<EngineState>& sum) {
  if (seen) sum = sum ? busiest(*sum, *seen) : *seen;
}

}  // namespace

// What a step has so far.
struct LiveSeries::Sums {
  RequestCounts counts;
  Histogram total = empty_histogram();
  Histogram ttft = empty_histogram();
  Histogram tpot = empty_histogram();
  StageSums stages;
  std::array<uint32_t, kHeatBounds + 1> heat{};
  std::vector<TaskSums> tasks;  // by number
  uint32_t clients = 0;
  int64_t network_ns = 0;  // of these, as the next one
  int64_t rendering_ns = 0;
  std::optional<EngineState> engine;
  int64_t cpu_ns = 0;
  int64_t resident_bytes = 0;
  uint64_t records_dropped = 0;
  uint64_t dropped_total = 0;
  uint64_t lost_total = 0;

  // `later` comes after this one.
  void merge(const Sums& later) {
    counts.merge(later.counts);
    total.merge(later.total);
    ttft.merge(later.ttft);
    tpot.merge(later.tpot);
    stages.merge(later.stages);
    for (size_t i = 0; i < heat.size(); ++i) heat[i] += later.heat[i];
    if (tasks.size() < later.tasks.size()) tasks.resize(later.tasks.size());
    for (size_t i = 0; i < later.tasks.size(); ++i) {
      tasks[i].total.merge(later.tasks[i].total);
      tasks[i].stages.merge(later.tasks[i].stages);
    }
    clients += later.clients;
    network_ns += later.network_ns;
    rendering_ns += later.rendering_ns;
    take_engine(later.engine, engine);
    cpu_ns += later.cpu_ns;
    resident_bytes = std::max(resident_bytes, later.resident_bytes);
    records_dropped += later.records_dropped;
    dropped_total = later.dropped_total;
    lost_total = later.lost_total;
  }

  size_t memory_bytes() const {
    size_t bytes = sizeof(*this) + total.memory_bytes() + ttft.memory_bytes() + tpot.memory_bytes();
    for (const TaskSums& task : tasks) bytes += sizeof(task) + task.total.memory_bytes();
    return bytes;
  }
};

struct LiveSeries::Level {
  explicit Level(const LiveRangeShape& of, TimeNs start_ns) : shape(of), begin_ns(start_ns) {
    ring.reserve(of.points_max);
  }

  const LiveRangeShape& shape;
  TimeNs begin_ns;  // of the step that `sums` are of
  Sums sums;
  std::vector<LivePointPtr> ring;  // point number n stands at n % points_max
  uint64_t end = 0;                // how many there have been

  void push(LivePointPtr point) {
    if (ring.size() < shape.points_max) {
      ring.push_back(std::move(point));
    } else {
      ring[end % shape.points_max] = std::move(point);
    }
    ++end;
  }
  std::vector<LivePointPtr> oldest_first() const {
    std::vector<LivePointPtr> points;
    points.reserve(ring.size() + 1);
    for (uint64_t n = end - ring.size(); n < end; ++n) points.push_back(ring[n % shape.points_max]);
    return points;
  }
};

LiveSeries::LiveSeries(const Clock& clock)
    : clock_(clock),
      start_ns_(clock.now_ns()),
      epoch_unix_ms_(clock.wall_unix_ms() - start_ns_ / 1'000'000),
      cpu_ns_(process_usage().cpu_ns) {
  levels_.reserve(kLiveRanges.size());
  for (const LiveRangeShape& shape : kLiveRanges) levels_.emplace_back(shape, start_ns_);
}

LiveSeries::~LiveSeries() = default;

void LiveSeries::set_state(std::function<State()> state) {
  const MutexLock lock(mutex_);
  state_ = std::move(state);
}

void LiveSeries::consume(std::span<const RecordPtr> records) {
  const MutexLock lock(mutex_);
  const TimeNs now_ns = clock_.now_ns();
  const State state = state_ ? state_() : State();
  take_engine(state.engine, levels_.front().sums.engine);
  if (now_ns - levels_.front().begin_ns >= kSecondNs) end_second(now_ns, state);
  for (const RecordPtr& record : records) {
    if (!only_observes(*record)) add(*record);
  }
}

void LiveSeries::amend(const RecordPtr& amended) {
  const std::optional<ClientSplit> split = client_split(*amended);
  if (!split) return;
  const MutexLock lock(mutex_);
  Sums& sums = levels_.front().sums;
  ++sums.clients;
  sums.network_ns += split->network_ns;
  sums.rendering_ns += split->rendering_ns;
}

void LiveSeries::add(const RequestRecord& record) {
  Sums& sums = levels_.front().sums;
  sums.counts.add(record);
  if (record.tasks.empty()) return;
  const int64_t total_ns = record.lane.wall_ns();
  sums.total.add(total_ns);
  ++sums.heat[static_cast<size_t>(std::ranges::lower_bound(kBoundsNs, total_ns) -
                                  kBoundsNs.begin())];
  const RequestTimes times = request_times(record);
  if (times.ttft_ns) sums.ttft.add(*times.ttft_ns);
  if (times.tpot_ns) sums.tpot.add(static_cast<int64_t>(*times.tpot_ns));
  sums.stages.add(record.lane);
  for (const TaskRecord& task : record.tasks) {
    const std::optional<size_t> number = number_of(task.task);
    if (!number) continue;
    if (sums.tasks.size() <= *number) sums.tasks.resize(*number + 1);
    sums.tasks[*number].total.add(task.lane.wall_ns());
    sums.tasks[*number].stages.add(task.lane);
  }
}

std::optional<size_t> LiveSeries::number_of(std::string_view task) {
  const auto found = numbers_.find(task);
  if (found != numbers_.end()) return found->second;
  if (numbers_.size() == kTasksMax) return std::nullopt;
  return numbers_.emplace(task, numbers_.size()).first->second;
}

// Of a program that was held up for longer, one point tells all that time: nothing is known of the
// seconds in between.
void LiveSeries::end_second(TimeNs now_ns, const State& state) {
  const TimeNs end_ns = now_ns - (now_ns - start_ns_) % kSecondNs;
  const int64_t epoch_unix_ms = clock_.wall_unix_ms() - now_ns / 1'000'000;
  if (std::abs(epoch_unix_ms - epoch_unix_ms_) > kTimeWasSetMs) epoch_unix_ms_ = epoch_unix_ms;

  Sums& second = levels_.front().sums;
  const int64_t cpu_ns = process_usage().cpu_ns;
  second.cpu_ns = cpu_ns - std::exchange(cpu_ns_, cpu_ns);
  second.resident_bytes = process_resident_bytes();
  second.records_dropped = state.records_dropped - std::exchange(dropped_, state.records_dropped);
  second.dropped_total = state.records_dropped;
  second.lost_total = state.records_lost;

  for (size_t i = 0; i < levels_.size(); ++i) {
    Level& level = levels_[i];
    const auto steps_until = [&](TimeNs time_ns) {
      return (time_ns - start_ns_) / level.shape.step_ns;
    };
    if (steps_until(end_ns) == steps_until(level.begin_ns)) break;
    level.push(point_of(level.sums, level.begin_ns, end_ns));
    if (i + 1 < levels_.size()) levels_[i + 1].sums.merge(level.sums);
    level.sums = Sums();
    level.begin_ns = end_ns;
  }
}

LivePointPtr LiveSeries::point_of(const Sums& sums, TimeNs begin_ns, TimeNs end_ns) const {
  auto point = std::make_shared<LivePoint>();
  point->end_ns = end_ns;
  point->covered_ns = end_ns - begin_ns;
  point->counts = sums.counts;
  point->engine = sums.engine;
  if (sums.clients > 0) {
    point->clients = {.count = sums.clients,
                      .network_ms = to_ms(static_cast<double>(sums.network_ns) / sums.clients),
                      .rendering_ms = to_ms(static_cast<double>(sums.rendering_ns) / sums.clients)};
  }
  point->cpu_cores =
      static_cast<float>(sums.cpu_ns) / static_cast<float>(std::max<int64_t>(end_ns - begin_ns, 1));
  point->resident_mib = static_cast<float>(sums.resident_bytes) / (1 << 20);
  point->records_dropped = sums.records_dropped;
  point->dropped_total = sums.dropped_total;
  point->lost_total = sums.lost_total;
  if (sums.total.count() == 0) return point;

  point->total = times_of(sums.total);
  point->ttft = times_of(sums.ttft);
  point->tpot = times_of(sums.tpot);
  point->stages = sums.stages.mean(sums.total.count());
  for (size_t i = 0; i < sums.heat.size(); ++i) {
    if (sums.heat[i] > 0)
      point->heat.push_back({.range = static_cast<uint8_t>(i), .count = sums.heat[i]});
  }
  for (const auto& [name, number] : numbers_) {
    if (number >= sums.tasks.size() || sums.tasks[number].total.count() == 0) continue;
    const TaskSums& task = sums.tasks[number];
    point->tasks.push_back({.name = name,
                            .total = times_of(task.total),
                            .stages = task.stages.mean(task.total.count())});
  }
  point->heat.shrink_to_fit();
  point->tasks.shrink_to_fit();
  return point;
}

LiveRange LiveSeries::range(size_t index) const {
  const MutexLock lock(mutex_);
  const Level& level = levels_[index];
  LiveRange range{.points = level.oldest_first(), .epoch_unix_ms = epoch_unix_ms_};
  const TimeNs so_far_ns = levels_.front().begin_ns;
  if (index == 0 || level.begin_ns == so_far_ns) return range;
  Sums sums = level.sums;
  for (size_t i = index - 1; i > 0; --i) sums.merge(levels_[i].sums);
  range.points.push_back(point_of(sums, level.begin_ns, so_far_ns));
  if (range.points.size() > level.shape.points_max) range.points.erase(range.points.begin());
  return range;
}

LivePointPtr LiveSeries::latest() const {
  const MutexLock lock(mutex_);
  const Level& seconds = levels_.front();
  if (seconds.end == 0) return nullptr;
  return seconds.ring[(seconds.end - 1) % seconds.shape.points_max];
}

int64_t LiveSeries::unix_ms(TimeNs time_ns) const {
  const MutexLock lock(mutex_);
  return LiveRange{.points = {}, .epoch_unix_ms = epoch_unix_ms_}.unix_ms(time_ns);
}

size_t LiveSeries::memory_bytes() const {
  const MutexLock lock(mutex_);
  size_t bytes = sizeof(*this);
  for (const Level& level : levels_) {
    bytes += level.sums.memory_bytes() + level.ring.capacity() * sizeof(LivePointPtr);
    for (const LivePointPtr& point : level.ring) {
      bytes += sizeof(LivePoint) + point->heat.capacity() * sizeof(HeatCell) +
               point->tasks.capacity() * sizeof(LiveTask);
    }
  }
  return bytes;
}

}  // namespace qaio
