#include "observe/report.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

namespace qaio {
namespace {

double share_of(double part, double whole) { return whole > 0 ? part / whole : 0; }

std::vector<StageRow> stage_rows(const std::vector<Measure>& measures) {
  const Measure* total = find_measure(measures, "total");
  const double all_ms =
      total == nullptr ? 0 : mean(total->ms) * static_cast<double>(total->ms.size());
  std::vector<StageRow> rows;
  for (const Measure& measure : measures) {
    const std::vector<double> sorted = measure.sorted();
    const double sum_ms = mean(sorted) * static_cast<double>(sorted.size());
    rows.push_back({.name = measure.name,
                    .kind = measure.kind,
                    .count = sorted.size(),
                    .mean = mean(sorted),
                    .p50 = percentile(sorted, 50),
                    .p95 = percentile(sorted, 95),
                    .p99 = percentile(sorted, 99),
                    .max = sorted.back(),
                    .share = share_of(sum_ms, all_ms)});
  }
  return rows;
}

// Of one run: from its first arrival here to the last end.
double span_seconds(const std::vector<const RequestRecord*>& run) {
  double begin_ms = INFINITY;
  double end_ms = 0;
  for (const RequestRecord* record : run) {
    const auto arrived = static_cast<double>(record->arrived_unix_ms);
    begin_ms = std::min(begin_ms, arrived);
    end_ms = std::max(end_ms, arrived + to_ms(record->lane.wall_ns()));
  }
  return (end_ms - begin_ms) / 1e3;
}

// CPU time per wall time of each request, weighted with its wall time; requests at once see the
// same CPU time, so a mean over requests is right where a sum would not be.
double mean_cores(const std::vector<const RequestRecord*>& records) {
  double cpu_ns = 0;
  double wall_ns = 0;
  for (const RequestRecord* record : records) {
    cpu_ns += static_cast<double>(record->cpu_ns);
    wall_ns += static_cast<double>(record->lane.wall_ns());
  }
  return share_of(cpu_ns, wall_ns);
}

Throughput throughput_of(const RecordSet& set) {
  std::map<uint32_t, std::vector<const RequestRecord*>> runs;
  std::vector<const RequestRecord*> all;
  Throughput out;
  double prompt = 0;
  double cached = 0;
  double output = 0;
  double wall_s = 0;
  for (const RecordSet::Item& item : set.items) {
    if (!answered(*item.record)) continue;
    runs[item.run].push_back(item.record.get());
    all.push_back(item.record.get());
    wall_s += to_ms(item.record->lane.wall_ns()) / 1e3;
    out.resident_mib =
        std::max(out.resident_mib, static_cast<double>(item.record->resident_bytes) / (1 << 20));
    for (const TaskRecord& task : item.record->tasks) {
      prompt += task.counters.prompt_tokens;
      cached += task.counters.cached_tokens;
      output += task.counters.completion_tokens;
    }
  }
  for (const auto& [number, run] : runs) out.seconds += span_seconds(run);
  out.requests_s = share_of(static_cast<double>(all.size()), out.seconds);
  out.prompt_tokens_s = share_of(prompt, out.seconds);
  out.output_tokens_s = share_of(output, out.seconds);
  out.cached_share = share_of(cached, prompt);
  out.in_flight = share_of(wall_s, out.seconds);
  out.cpu_cores = mean_cores(all);
  return out;
}

void count_requests(const RecordSet& set, Report& report) {
  std::set<uint32_t> runs;
  report.requests = set.items.size();
  for (const RecordSet::Item& item : set.items) {
    const RequestRecord& record = *item.record;
    if (runs.insert(item.run).second) report.runs.push_back(set.run_of(item));
    if (answered(record)) {
      ++report.answered;
    } else if (!record.error_code.empty()) {
      ++report.others[record.error_code];
    } else {
      ++report.others[record.status >= 400 ? fmt::format("status {}", record.status)
                                           : "without tasks"];
    }
  }
  if (set.items.empty()) return;
  report.first_unix_ms = set.items.front().record->arrived_unix_ms;
  report.last_unix_ms = set.items.back().record->arrived_unix_ms;
}

void add_slowest(const RecordSet& set, const Measure& total, size_t count, Report& report) {
  std::vector<size_t> order(total.ms.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  count = std::min(count, order.size());
  std::ranges::partial_sort(order, order.begin() + static_cast<ptrdiff_t>(count),
                            std::ranges::greater(), [&](size_t i) { return total.ms[i]; });
  for (size_t i = 0; i < count; ++i)
    report.slowest.push_back(waterfall_of(*set.items[total.items[order[i]]].record));
}

void add_timeline(const RecordSet& set, const Measure& total, Report& report) {
  const size_t step = (total.ms.size() + Report::kTimelineMax - 1) / Report::kTimelineMax;
  for (size_t i = 0; i < total.ms.size(); i += step)
    report.timeline.push_back({set.items[total.items[i]].record->arrived_unix_ms, total.ms[i]});
}

}  // namespace

Waterfall waterfall_of(const RequestRecord& record) {
  Waterfall fall{.request_id = record.request_id,
                 .path = record.path,
                 .arrived_unix_ms = record.arrived_unix_ms,
                 .total_ms = to_ms(record.lane.wall_ns())};
  const auto add = [&](const std::string& task, const Lane& lane) {
    for (size_t i = 0; i < lane.size(); ++i) {
      fall.bars.push_back({.task = task,
                           .stage = lane[i].stage,
                           .begin_ms = to_ms(lane[i].begin_ns - record.lane.begin_ns()),
                           .end_ms = to_ms(lane[i].end_ns - record.lane.begin_ns())});
    }
  };
  add("", record.lane);
  for (const TaskRecord& task : record.tasks) {
    fall.prompt_tokens += task.counters.prompt_tokens;
    fall.output_tokens += task.counters.completion_tokens;
    add(task.task, task.lane);
  }
  return fall;
}

Report make_report(const RecordSet& set, const ReportOptions& options) {
  Report report;
  count_requests(set, report);
  report.limits_known = options.limits.has_value();
  const std::vector<Measure> measures = collect_measures(set);
  if (const Measure* total = find_measure(measures, "total")) {
    report.stages = stage_rows(measures);
    report.throughput = throughput_of(set);
    add_slowest(set, *total, options.slowest, report);
    add_timeline(set, *total, report);
    report.findings = find_findings({set, measures, options.limits});
  }
  report.sla = sla_compliance(set, options.rules);
  if (options.trend != TrendBy::kNone) add_trend(set, options.trend, report);
  return report;
}

std::string shown_time(int64_t unix_ms) {
  return fmt::format("{:%Y-%m-%d %H:%M:%S} UTC", fmt::gmtime(static_cast<time_t>(unix_ms / 1000)));
}

std::string ms_text(double ms) {
  const double size = std::abs(ms);
  return fmt::format("{:.{}f}", ms, size < 1 ? 3 : size < 10 ? 2 : size < 1000 ? 1 : 0);
}

}  // namespace qaio
