// What is promised about requests. docs/slo.md says how a rule is written and what it means.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/time_units.h"

namespace qaio {

inline constexpr std::string_view kErrorRateMetric = "error_rate";

// Broken while the error budget burns at more than `rate` times the speed at which it would last
// exactly its period, over both windows: the long one says that it matters, the short one that it
// still goes on. Google's SRE workbook, "Alerting on SLOs".
struct BurnLimit {
  int64_t long_ns = 0;
  int64_t short_ns = 0;
  double rate = 0;
};

enum class SloUnit : uint8_t { kMilliseconds, kRatio, kBurnRate };
std::string_view slo_unit_name(SloUnit unit);  // "ms", "ratio", "burn_rate"

// As made here: the rule that holds without a configuration.
struct SloRule {
  static constexpr size_t kRulesMax = 32;

  std::string name = "response-time-p95";        // of all rules the only one
  std::string metric = "total_response_time";    // a name of named_times.h, or kErrorRateMetric
  std::string task = {};                         // empty: whole requests
  std::string severity = "warning";              // a label of its alerts
  double percentile = 95;                        // of a time
  int64_t threshold_ns = kSecondNs;              // of a time: beyond it a request is bad
  double threshold_ratio = 0;                    // of kErrorRateMetric: the share that may fail
  int64_t window_ns = 300 * kSecondNs;           // of percentile and share
  uint64_t samples_min = 20;                     // below it a window says nothing
  int64_t for_ns = 60 * kSecondNs;               // broken so long: firing
  int64_t keep_firing_for_ns = 300 * kSecondNs;  // not broken so long: resolved
  double objective = 0.95;                       // share of requests that must be good
  std::vector<BurnLimit> burn_limits = {};       // not empty: broken by these instead of the window
  int64_t period_ns = 30 * 86'400 * kSecondNs;   // of the error budget

  bool of_errors() const { return metric == kErrorRateMetric; }
  bool by_burn_rate() const { return !burn_limits.empty(); }
  // Of the figure that is compared and of its threshold.
  SloUnit unit() const {
    return by_burn_rate() ? SloUnit::kBurnRate
           : of_errors()  ? SloUnit::kRatio
                          : SloUnit::kMilliseconds;
  }
};

// When it is broken: "p95 of total_response_time over 5m above 1000 ms".
std::string slo_condition(const SloRule& rule);
// What makes a request good: "total_response_time of chat within 1000 ms".
std::string slo_promise(const SloRule& rule);

// Whether statistics are kept of such a time, or it is kErrorRateMetric.
bool is_slo_metric(std::string_view name);

// Every threshold of a time, in seconds, for the histograms.
std::vector<double> threshold_edges_s(const std::vector<SloRule>& rules);

}  // namespace qaio
