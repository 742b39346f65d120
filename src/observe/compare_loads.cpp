#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "observe/compare.h"

namespace qaio {

Comparison compare_loads(const LoadResult& a, const LoadResult& b, const CompareOptions& options) {
  Comparison out;
  for (const LoadLatency& one : a.latencies) {
    const auto other = std::ranges::find(b.latencies, one.name, &LoadLatency::name);
    if (other == b.latencies.end()) continue;
    const auto side = [](const LoadLatency& latency) {
      return SideFigures{.count = static_cast<size_t>(latency.count),
                         .median = latency.p50_ms,
                         .p95 = latency.p95_ms,
                         .median_interval = {},
                         .p95_interval = {}};
    };
    MeasureComparison measure{.name = one.name, .a = side(one), .b = side(*other)};
    measure.change_ms = other->p50_ms - one.p50_ms;
    measure.change = one.p50_ms > 0 ? measure.change_ms / one.p50_ms : 0;
    if (std::min(measure.a.count, measure.b.count) >= options.count_min) {
      measure.verdict = std::abs(measure.change) < options.change_min ? Verdict::kSame
                        : measure.change > 0                          ? Verdict::kSlower
                                                                      : Verdict::kFaster;
    }
    out.measures.push_back(std::move(measure));
  }
  out.notes.emplace_back(
      "Results of qaio load hold percentiles only: the verdicts rest on the change of the median, "
      "untested. Compare records to know what is chance and which stage it is.");
  if (a.setting != b.setting)
    out.notes.push_back(fmt::format("The loads differ: {} and {}.", a.setting, b.setting));
  if (a.failed + b.failed > 0)
    out.notes.push_back(fmt::format("Failed requests: {} of A, {} of B.", a.failed, b.failed));
  conclude(out);
  return out;
}

}  // namespace qaio
