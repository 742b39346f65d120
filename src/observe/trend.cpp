// The trend part of a report: groups by day or version, and where the level changed.
#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "observe/change_points.h"
#include "observe/report.h"

namespace qaio {
namespace {

constexpr size_t kSeriesMax = 1000;  // values in which changes are sought
constexpr uint64_t kSeed = 1;
constexpr std::array<std::string_view, 3> kTrendMeasures = {"total", "ttft", "tpot"};

constexpr int64_t kDayMs = int64_t{24} * 60 * 60 * 1000;

// The label of a request's group; that of a day is made once for the requests in a row that it has.
class Labels {
 public:
  Labels(const FactSet& set, TrendBy by) : set_(set), by_(by) {}

  const std::string& of(const RequestFacts& request) {
    if (by_ == TrendBy::kVersion) {
      const std::string& version = set_.run_of(request).version;
      return version.empty() ? unknown_ : version;
    }
    const int64_t day = request.arrived_unix_ms / kDayMs;
    if (std::exchange(day_, day) != day || label_.empty()) {
      label_ = fmt::format("{:%Y-%m-%d}",
                           fmt::gmtime(static_cast<time_t>(request.arrived_unix_ms / 1000)));
    }
    return label_;
  }

 private:
  const FactSet& set_;
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

void add_changes(const FactSet& set, TrendBy by, const Measure& measure, Report& report) {
  Labels labels(set, by);
  const size_t step = (measure.ms.size() + kSeriesMax - 1) / kSeriesMax;
  if (step == 0) return;
  for (const ChangePoint& change : find_change_points(condensed(measure.ms, step), {})) {
    const RequestFacts& request = *set.requests[measure.item(change.index * step)];
    report.changes.push_back({.label = labels.of(request),
                              .measure = measure.name,
                              .arrived_unix_ms = request.arrived_unix_ms,
                              .request_id = set.id_of(request),
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

void add_trend(const FactSet& set, const std::vector<Measure>& measures, TrendBy by,
               Report& report) {
  report.trend_by = by;
  Labels labels(set, by);
  std::vector<std::pair<std::string, Column>> groups;  // in order of their first request
  size_t last = 0;                                     // most requests are of the one before's
  const auto group = [&](const RequestFacts& request) -> Column& {
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
  Random random(kSeed);
  for (auto& [label, column] : groups)
    report.trend.push_back(summarize(std::move(label), column, random));
}

}  // namespace qaio
