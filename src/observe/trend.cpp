// The trend part of a report: groups by day or version, and where the level changed.
#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "observe/change_points.h"
#include "observe/report.h"

namespace qaio {
namespace {

constexpr size_t kSeriesMax = 1000;  // values in which changes are sought
constexpr uint64_t kSeed = 1;
constexpr std::array<std::string_view, 3> kTrendMeasures = {"total", "ttft", "tpot"};

std::string label_of(const RecordSet& set, const RecordSet::Item& item, TrendBy by) {
  if (by == TrendBy::kVersion) {
    const std::string& version = set.run_of(item).version;
    return version.empty() ? "unknown" : version;
  }
  return fmt::format("{:%Y-%m-%d}",
                     fmt::gmtime(static_cast<time_t>(item.record->arrived_unix_ms / 1000)));
}

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

void add_changes(const RecordSet& set, TrendBy by, const Measure& measure, Report& report) {
  const size_t step = (measure.ms.size() + kSeriesMax - 1) / kSeriesMax;
  if (step == 0) return;
  for (const ChangePoint& change : find_change_points(condensed(measure.ms, step), {})) {
    const RecordSet::Item& item = set.items[measure.items[change.index * step]];
    report.changes.push_back({.label = label_of(set, item, by),
                              .measure = measure.name,
                              .arrived_unix_ms = item.record->arrived_unix_ms,
                              .request_id = item.record->request_id,
                              .before_ms = change.before,
                              .after_ms = change.after,
                              .p = change.p});
  }
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

}  // namespace

void add_trend(const RecordSet& set, TrendBy by, Report& report) {
  report.trend_by = by;
  const std::vector<Measure> measures = collect_measures(set);
  std::vector<std::pair<std::string, Column>> groups;  // in order of their first request
  const auto group = [&](const RecordSet::Item& item) -> Column& {
    std::string label = label_of(set, item, by);
    const auto it = std::ranges::find(groups, label, &std::pair<std::string, Column>::first);
    return it != groups.end() ? it->second : groups.emplace_back(std::move(label), Column()).second;
  };
  for (const std::string_view name : kTrendMeasures) {
    const Measure* measure = find_measure(measures, name);
    if (measure == nullptr) continue;
    for (size_t i = 0; i < measure->ms.size(); ++i) {
      Column& column = group(set.items[measure->items[i]]);
      (name == "total"  ? column.total
       : name == "ttft" ? column.ttft
                        : column.tpot)
          .push_back(measure->ms[i]);
    }
    add_changes(set, by, *measure, report);
  }
  Random random(kSeed);
  for (auto& [label, column] : groups)
    report.trend.push_back(summarize(std::move(label), column, random));
}

}  // namespace qaio
