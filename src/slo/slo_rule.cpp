#include "slo/slo_rule.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/duration_text.h"
#include "record/named_times.h"

namespace qaio {
namespace {

std::string subject(const SloRule& rule) {
  return rule.task.empty() ? rule.metric : fmt::format("{} of {}", rule.metric, rule.task);
}

double threshold_ms(const SloRule& rule) { return static_cast<double>(rule.threshold_ns) / 1e6; }

}  // namespace

std::string_view slo_unit_name(SloUnit unit) {
  switch (unit) {
    case SloUnit::kMilliseconds:
      return "ms";
    case SloUnit::kRatio:
      return "ratio";
    case SloUnit::kBurnRate:
      return "burn_rate";
  }
  return "unknown";
}

std::string slo_promise(const SloRule& rule) {
  if (rule.of_errors()) {
    return rule.task.empty() ? "no error" : fmt::format("no error of {}", rule.task);
  }
  return fmt::format("{} within {:g} ms", subject(rule), threshold_ms(rule));
}

std::string slo_condition(const SloRule& rule) {
  if (rule.by_burn_rate()) {
    std::vector<std::string> limits;
    for (const BurnLimit& limit : rule.burn_limits) {
      limits.push_back(fmt::format("above {:g} over {} and {}", limit.rate,
                                   duration_text(limit.long_ns), duration_text(limit.short_ns)));
    }
    return fmt::format("burn rate of the budget for {:g} % with {} {}", 100 * rule.objective,
                       slo_promise(rule), fmt::join(limits, ", or "));
  }
  const std::string window = duration_text(rule.window_ns);
  if (rule.of_errors()) {
    return fmt::format("{} over {} above {:g} %", subject(rule), window,
                       100 * rule.threshold_ratio);
  }
  return fmt::format("p{:g} of {} over {} above {:g} ms", rule.percentile, subject(rule), window,
                     threshold_ms(rule));
}

bool is_slo_metric(std::string_view name) {
  const auto among = [name](const auto& names) {
    return std::ranges::find(names, name) != names.end();
  };
  return name == kErrorRateMetric || among(kRequestTimeNames) || among(kTaskTimeNames);
}

std::vector<double> threshold_edges_s(const std::vector<SloRule>& rules) {
  std::vector<double> edges;
  for (const SloRule& rule : rules) {
    if (!rule.of_errors()) edges.push_back(static_cast<double>(rule.threshold_ns) / 1e9);
  }
  return edges;
}

}  // namespace qaio
