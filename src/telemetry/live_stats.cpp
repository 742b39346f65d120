#include "telemetry/live_stats.h"

#include <utility>

namespace qaio {
namespace {

constexpr size_t kErrorCodesMax = 64;  // the program has fewer

void add_errors(const std::string& code, uint64_t count, std::map<std::string, uint64_t>& errors) {
  const bool room = errors.size() < kErrorCodesMax;
  if (room || errors.contains(code)) errors[code] += count;
}

DurationSummary summary_of(std::string_view name, const Histogram& times) {
  return {.name = name,
          .count = times.count(),
          .mean_ns = static_cast<int64_t>(times.mean_ns()),
          .p50_ns = times.percentile_ns(50),
          .p95_ns = times.percentile_ns(95),
          .p99_ns = times.percentile_ns(99),
          .max_ns = times.max_ns()};
}

template <typename Names, typename Series>
std::vector<DurationSummary> summaries(const Names& names, const Series& series, size_t window,
                                       TimeNs now) {
  std::vector<DurationSummary> all;
  all.reserve(names.size());
  for (size_t i = 0; i < names.size(); ++i) {
    all.push_back(summary_of(names[i], series[i].windowed.sum(window, now)));
  }
  return all;
}

template <typename Times, typename Series>
void add_times(const Times& times, TimeNs now, Series& series) {
  for (size_t i = 0; i < times.size(); ++i) {
    if (!times[i]) continue;
    series[i].windowed.update(now, [&](Histogram& part) { part.add(*times[i]); });
  }
}

template <typename Series>
size_t bytes_of(const Series& series) {
  size_t bytes = sizeof(series);
  for (const auto& times : series) {
    times.windowed.each_part([&](const Histogram& part) { bytes += part.memory_bytes(); });
  }
  return bytes;
}

}  // namespace

void LiveStats::Counts::merge(const Counts& other) {
  requests.merge(other.requests);
  for (const auto& [code, count] : other.errors) add_errors(code, count, errors);
  if (other.begin_ns >= 0 && (begin_ns < 0 || other.begin_ns < begin_ns)) {
    begin_ns = other.begin_ns;
    usage_at_begin = other.usage_at_begin;
  }
}

LiveStats::LiveStats(const Clock& clock) : clock_(clock), start_ns_(clock.now_ns()) { consume({}); }

void LiveStats::consume(std::span<const RecordPtr> records) {
  const MutexLock lock(mutex_);
  const TimeNs now = now_ns();
  const ProcessUsage usage = process_usage();
  counts_.update(now, [&](Counts& part) {
    if (part.begin_ns >= 0) return;
    part.begin_ns = now;
    part.usage_at_begin = usage;
  });
  for (const RecordPtr& record : records) {
    if (!only_observes(*record)) add(*record, now);
  }
}

void LiveStats::add(const RequestRecord& record, TimeNs now) {
  counts_.update(now, [&](Counts& part) {
    part.requests.add(record);
    if (!record.error_code.empty()) add_errors(record.error_code, 1, part.errors);
  });
  if (record.tasks.empty()) return;
  add_times(named_times(record), now, request_);
  for (const TaskRecord& task : record.tasks) {
    auto found = tasks_.find(task.task);
    if (found == tasks_.end()) {
      if (tasks_.size() == kTasksMax) continue;
      found = tasks_.try_emplace(task.task).first;
    }
    add_times(named_times(task), now, found->second);
  }
}

WindowStats LiveStats::window_stats(size_t window, TimeNs now) const {
  WindowStats stats;
  stats.name = kWindows[window].name;
  Counts counts = counts_.sum(window, now);
  const ProcessUsage usage = process_usage();
  const ProcessUsage& begin = counts.usage_at_begin;
  stats.covered_ns = counts.begin_ns < 0 ? 0 : now - counts.begin_ns;
  if (stats.covered_ns > 0) {
    stats.usage = {.cpu_ns = usage.cpu_ns - begin.cpu_ns,
                   .minor_faults = usage.minor_faults - begin.minor_faults,
                   .major_faults = usage.major_faults - begin.major_faults,
                   .context_switches = usage.context_switches - begin.context_switches};
  }
  stats.counts = counts.requests;
  stats.errors = std::move(counts.errors);
  stats.request = summaries(kRequestTimeNames, request_, window, now);
  for (const auto& [name, series] : tasks_) {
    WindowStats::Task task{name, summaries(kTaskTimeNames, series, window, now)};
    if (task.times.front().count > 0) stats.tasks.push_back(std::move(task));
  }
  return stats;
}

std::vector<WindowStats> LiveStats::snapshot() const {
  const MutexLock lock(mutex_);
  const TimeNs now = now_ns();
  std::vector<WindowStats> all;
  for (size_t window = 0; window < kWindows.size(); ++window) {
    all.push_back(window_stats(window, now));
  }
  return all;
}

size_t LiveStats::memory_bytes() const {
  const MutexLock lock(mutex_);
  size_t bytes = sizeof(*this) + bytes_of(request_);
  for (const auto& [name, series] : tasks_) bytes += bytes_of(series);
  return bytes;
}

}  // namespace qaio
