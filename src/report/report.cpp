#include "report/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <numeric>

#include "base/run_in_parallel.h"

namespace qaio {
namespace {

constexpr double kGapShown = 0.01;  // of the total: a stage that goes on sooner is one bar

double share_of(double part, double whole) { return whole > 0 ? part / whole : 0; }

StageRow stage_row(const Measure& measure, double all_ms) {
  constexpr std::array<double, 3> kPercents = {50, 95, 99};
  const std::vector<double>& values = measure.ms;
  const double sum_ms = std::accumulate(values.begin(), values.end(), 0.0);
  const std::vector<double> at = percentiles(values, kPercents);
  return {.name = measure.name,
          .kind = measure.kind,
          .task = measure.task,
          .count = values.size(),
          .mean = share_of(sum_ms, static_cast<double>(values.size())),
          .p50 = at[0],
          .p95 = at[1],
          .p99 = at[2],
          .max = *std::ranges::max_element(values),
          .share = share_of(sum_ms, all_ms)};
}

Throughput throughput_of(const CompactRecords& set) {
  struct Span {
    double begin_ms = INFINITY;
    double end_ms = -INFINITY;
  };
  std::vector<Span> spans(set.runs.size());  // from a run's first arrival here to the last end
  Throughput out;
  double count = 0;
  double prompt = 0;
  double cached = 0;
  double output = 0;
  double questions = 0;
  double asking = 0;
  double wall_ns = 0;
  double cpu_ns = 0;
  int64_t resident_bytes = 0;
  for (const CompactRecord* request : set.requests) {
    if (!request->answered()) continue;
    Span& span = spans[request->run];
    const auto arrived = static_cast<double>(request->arrived_unix_ms);
    span.begin_ms = std::min(span.begin_ms, arrived);
    span.end_ms = std::max(span.end_ms, arrived + to_ms(request->lane.wall_ns()));
    ++count;
    wall_ns += static_cast<double>(request->lane.wall_ns());
    cpu_ns += static_cast<double>(request->cpu_ns);
    resident_bytes = std::max(resident_bytes, request->resident_bytes);
    for (const CompactTask& task : request->tasks) {
      prompt += task.prompt_tokens;
      cached += task.cached_tokens;
      output += task.completion_tokens;
      questions += task.questions;
      asking += task.questions > 0 ? 1 : 0;
    }
  }
  for (const Span& span : spans) out.seconds += std::max(0.0, span.end_ms - span.begin_ms) / 1e3;
  out.requests_s = share_of(count, out.seconds);
  out.prompt_tokens_s = share_of(prompt, out.seconds);
  out.output_tokens_s = share_of(output, out.seconds);
  out.cached_share = share_of(cached, prompt);
  out.questions_s = share_of(questions, out.seconds);
  out.questions_per_request = share_of(questions, asking);
  out.in_flight = share_of(wall_ns / 1e9, out.seconds);
  // CPU time per wall time of each request, weighted with its wall time; requests at once see the
  // same CPU time, so a mean over requests is right where a sum would not be.
  out.cpu_cores = share_of(cpu_ns, wall_ns);
  out.resident_mib = static_cast<double>(resident_bytes) / (1 << 20);
  return out;
}

void count_requests(const CompactRecords& set, Report& report) {
  std::vector<bool> runs(set.runs.size());
  report.requests = set.requests.size();
  for (const CompactRecord* request : set.requests) {
    if (!runs[request->run]) report.runs.push_back(set.run_of(*request));
    runs[request->run] = true;
    if (request->answered()) {
      ++report.answered;
    } else if (request->error != 0) {
      ++report.others[set.errors[request->error]];
    } else {
      ++report.others[request->status >= 400 ? fmt::format("{}{}", Report::kStatus, request->status)
                                             : std::string(Report::kWithoutTasks)];
    }
  }
  if (set.requests.empty()) return;
  report.first_unix_ms = set.requests.front()->arrived_unix_ms;
  report.last_unix_ms = set.requests.back()->arrived_unix_ms;
}

void add_slowest(const CompactRecords& set, const Measure& total, size_t count, Report& report) {
  std::vector<size_t> order(total.ms.size());
  std::iota(order.begin(), order.end(), size_t{0});
  count = std::min(count, order.size());
  std::ranges::partial_sort(order, order.begin() + static_cast<ptrdiff_t>(count),
                            std::ranges::greater(), [&](size_t i) { return total.ms[i]; });
  for (size_t i = 0; i < count; ++i) {
    const RecordPtr record = set.record_of(*set.requests[total.item(order[i])]);
    if (record != nullptr) report.slowest.push_back(waterfall_of(*record));
  }
}

void add_timeline(const CompactRecords& set, const Measure& total, Report& report) {
  const size_t step = (total.ms.size() + Report::kTimelineMax - 1) / Report::kTimelineMax;
  for (size_t i = 0; i < total.ms.size(); i += step)
    report.timeline.push_back({set.requests[total.item(i)]->arrived_unix_ms, total.ms[i]});
}

}  // namespace

Waterfall waterfall_of(const RequestRecord& record) {
  Waterfall fall{.request_id = record.request_id,
                 .path = record.path,
                 .arrived_unix_ms = record.arrived_unix_ms,
                 .total_ms = to_ms(record.lane.wall_ns())};
  const auto add = [&](const std::string& task, const StageLane& lane) {
    const size_t first = fall.bars.size();
    for (size_t i = 0; i < lane.size(); ++i) {
      const WaterfallBar bar{.task = task,
                             .stage = lane[i].stage,
                             .begin_ms = to_ms(lane[i].begin_ns - record.lane.begin_ns()),
                             .end_ms = to_ms(lane[i].end_ns - record.lane.begin_ns())};
      const auto same = std::find_if(fall.bars.begin() + static_cast<ptrdiff_t>(first),
                                     fall.bars.end(), [&](const WaterfallBar& one) {
                                       return one.stage == bar.stage &&
                                              bar.begin_ms - one.end_ms < kGapShown * fall.total_ms;
                                     });
      if (same == fall.bars.end()) {
        fall.bars.push_back(bar);
      } else {
        same->end_ms += bar.end_ms - bar.begin_ms;
      }
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

Report make_report(const CompactRecords& set, const ReportOptions& options) {
  Report report;
  report.language = options.language;
  count_requests(set, report);
  report.limits_known = options.limits.has_value();
  const std::vector<Measure> measures = collect_measures(set, options.threads);
  if (const Measure* total = find_measure(measures, "total")) {
    const double all_ms = std::accumulate(total->ms.begin(), total->ms.end(), 0.0);
    const FindingInput input =
        finding_input(set, options.limits, options.language, options.threads);
    report.stages.resize(measures.size());
    std::vector<std::function<void()>> jobs = {
        [&] { report.throughput = throughput_of(set); },
        [&] { add_slowest(set, *total, options.slowest, report); },
        [&] { add_timeline(set, *total, report); }};
    for (size_t i = 0; i < measures.size(); ++i)
      jobs.emplace_back([&, i] {
        const bool of_client = measures[i].kind == MeasureKind::kClient;
        report.stages[i] = stage_row(measures[i], of_client ? input.clients.total_ms() : all_ms);
      });
    run_in_parallel(jobs, options.threads);
    report.findings = find_findings(input, options.threads);
    report.lengths = length_plots(input);
  }
  report.slo = slo_compliance(set, options.rules);
  if (options.trend != TrendBy::kNone) add_trend(set, measures, options.trend, report);
  return report;
}

Report make_report(const RecordSet& set, const ReportOptions& options) {
  return make_report(compact_records(set), options);
}

}  // namespace qaio
