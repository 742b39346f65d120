// The trend part of a report: groups by day or version, and where the level changed.
#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <utility>

#include "base/utc_text.h"
#include "report/report.h"
#include "report/service_fit.h"
#include "stats/change_points.h"

namespace qaio {
namespace {

constexpr size_t kSeriesMax = 1000;  // values in which changes are sought
constexpr size_t kSegmentsMax = 40;  // so many levels at most
constexpr double kExplainedMin = 0.25;
constexpr double kExpectedMin = 0.1;  // of the median: a fit means nothing below it
constexpr uint64_t kSeed = 1;
constexpr std::array<std::string_view, 3> kTrendMeasures = {"total", "ttft", "tpot"};

constexpr int64_t kDayMs = int64_t{24} * 60 * 60 * 1000;

// The label of a request's group; that of a day is made once for the requests in a row that it has.
class Labels {
 public:
  Labels(const CompactRecords& set, TrendBy by) : set_(set), by_(by) {}

  const std::string& of(const CompactRecord& request) {
    if (by_ == TrendBy::kVersion) {
      const std::string& version = set_.run_of(request).version;
      return version.empty() ? unknown_ : version;
    }
    const int64_t day = request.arrived_unix_ms / kDayMs;
    if (std::exchange(day_, day) != day || label_.empty()) {
      label_ = utc_day_text(request.arrived_unix_ms);
    }
    return label_;
  }

 private:
  const CompactRecords& set_;
  const TrendBy by_;
  const std::string unknown_ = "unknown";
  int64_t day_ = 0;
  std::string label_;
};

struct Column {
  std::vector<double> total;
  std::vector<double> ttft;
  std::vector<double> tpot;
};

// Medians of consecutive values, so that a million requests take no longer than a thousand.
std::vector<double> condensed(const std::vector<double>& values, size_t step) {
  std::vector<double> out;
  for (size_t i = 0; i < values.size(); i += step) {
    const auto begin = values.begin() + static_cast<ptrdiff_t>(i);
    const auto end = values.begin() + static_cast<ptrdiff_t>(std::min(i + step, values.size()));
    out.push_back(median({begin, end}));
  }
  return out;
}

// Tokens of all tasks: of prompts, as far as they were given, generated, and of questions.
std::vector<double> tokens_of(const CompactRecord& request) {
  std::vector<double> sums(3, 0);
  for (const CompactTask& task : request.tasks) {
    sums[0] += task.prompt_tokens;
    sums[1] += task.completion_tokens;
    sums[2] += task.question_tokens;
  }
  return sums;
}

// What requests of one kind take by their tokens.
class Expected {
 public:
  Expected(const CompactRecords& set, const Measure& measure, const std::vector<size_t>& places) {
    std::vector<std::vector<double>> rows;
    std::vector<double> ms;
    for (const size_t i : stratified_indices(places.size())) {
      rows.push_back(tokens_of(*set.requests[measure.item(places[i])]));
      ms.push_back(measure.ms[places[i]]);
    }
    fit_ = fit_times(rows, ms, kExplainedMin);
    least_ms_ = std::max(kExpectedMin * median(ms), 1e-9);
  }
  double ms(const CompactRecord& request) const {
    return std::max(fit_.predict(tokens_of(request)), least_ms_);
  }

 private:
  TimeFit fit_;
  double least_ms_ = 0;
};

// The times relative to what requests that ran the same tasks take for as many tokens, in ms of the
// median: other tasks or lengths from some day on are no change of the program's.
std::vector<double> at_equal_work(const CompactRecords& set, const Measure& measure) {
  std::map<std::vector<uint32_t>, std::vector<size_t>> kinds;  // by tasks: places in the measure
  for (size_t i = 0; i < measure.ms.size(); ++i) {
    std::vector<uint32_t> tasks;
    for (const CompactTask& task : set.requests[measure.item(i)]->tasks) tasks.push_back(task.name);
    std::ranges::sort(tasks);
    kinds[std::move(tasks)].push_back(i);
  }
  const double middle_ms = median(measure.ms);
  std::vector<double> values(measure.ms.size());
  for (const auto& [tasks, places] : kinds) {
    const Expected expected(set, measure, places);
    for (const size_t i : places)
      values[i] = measure.ms[i] / expected.ms(*set.requests[measure.item(i)]) * middle_ms;
  }
  return values;
}

void add_changes(const CompactRecords& set, TrendBy by, const Measure& measure, Report& report) {
  Labels labels(set, by);
  const size_t step = (measure.ms.size() + kSeriesMax - 1) / kSeriesMax;
  if (step == 0) return;
  const std::vector<double> series = condensed(at_equal_work(set, measure), step);
  ChangePointOptions options;
  options.segment_min = std::max(options.segment_min, series.size() / kSegmentsMax);
  for (const ChangePoint& change : find_change_points(series, options)) {
    const size_t item = measure.item(change.index * step);
    const CompactRecord& request = *set.requests[item];
    report.changes.push_back({.label = labels.of(request),
                              .measure = measure.name,
                              .item = item,
                              .arrived_unix_ms = request.arrived_unix_ms,
                              .request_id = set.id_of(request),
                              .before_ms = change.before,
                              .after_ms = change.after,
                              .p = change.p});
  }
}

// The largest ones, in order of time.
void keep_largest_changes(Report& report) {
  const auto size = [](const TrendChange& change) {
    return std::abs(std::log(std::max(change.after_ms, 1e-9) / std::max(change.before_ms, 1e-9)));
  };
  std::ranges::stable_sort(report.changes, std::ranges::greater(), size);
  if (report.changes.size() > Report::kChangesMax) {
    report.changes_left_out = report.changes.size() - Report::kChangesMax;
    report.changes.resize(Report::kChangesMax);
  }
  std::ranges::sort(report.changes, {}, [](const TrendChange& change) {
    return std::pair(change.item, std::ranges::find(kTrendMeasures, change.measure));
  });
}

TrendGroup summarize(std::string label, Column& column, Random& random) {
  for (auto* values : {&column.total, &column.ttft, &column.tpot}) std::ranges::sort(*values);
  return {.label = std::move(label),
          .count = column.total.size(),
          .p50 = percentile(column.total, 50),
          .p50_interval = bootstrap_interval(column.total, 50, random),
          .p95 = percentile(column.total, 95),
          .ttft_p50 = percentile(column.ttft, 50),
          .tpot_p50 = percentile(column.tpot, 50)};
}

// Where within their groups: how many of the group's requests came before.
void place_changes(const CompactRecords& set, TrendBy by, Report& report) {
  Labels labels(set, by);
  std::map<std::string, size_t> seen;  // answered requests so far
  auto change = report.changes.begin();
  for (size_t i = 0; i < set.requests.size() && change != report.changes.end(); ++i) {
    if (!set.requests[i]->answered()) continue;
    const std::string& label = labels.of(*set.requests[i]);
    for (; change != report.changes.end() && change->item == i; ++change) {
      const auto group = std::ranges::find(report.trend, label, &TrendGroup::label);
      change->fraction = static_cast<double>(seen[label]) / static_cast<double>(group->count);
    }
    ++seen[label];
  }
}

}  // namespace

void add_trend(const CompactRecords& set, const std::vector<Measure>& measures, TrendBy by,
               Report& report) {
  report.trend_by = by;
  Labels labels(set, by);
  std::vector<std::pair<std::string, Column>> groups;  // in order of their first request
  size_t last = 0;                                     // most requests are of the one before's
  const auto group = [&](const CompactRecord& request) -> Column& {
    const std::string& label = labels.of(request);
    if (last < groups.size() && groups[last].first == label) return groups[last].second;
    const auto it = std::ranges::find(groups, label, &std::pair<std::string, Column>::first);
    last = static_cast<size_t>(it - groups.begin());
    if (it == groups.end()) groups.emplace_back(label, Column());
    return groups[last].second;
  };
  for (const std::string_view name : kTrendMeasures) {
    const Measure* measure = find_measure(measures, name);
    if (measure == nullptr) continue;
    for (size_t i = 0; i < measure->ms.size(); ++i) {
      Column& column = group(*set.requests[measure->item(i)]);
      (name == "total"  ? column.total
       : name == "ttft" ? column.ttft
                        : column.tpot)
          .push_back(measure->ms[i]);
    }
    add_changes(set, by, *measure, report);
  }
  keep_largest_changes(report);
  Random random(kSeed);
  for (auto& [label, column] : groups)
    report.trend.push_back(summarize(std::move(label), column, random));
  place_changes(set, by, report);
}

}  // namespace qaio
