#include "observe/sla_rule.h"

#include <fmt/format.h>

#include <algorithm>

#include "observe/duration_text.h"
#include "observe/record_times.h"

namespace qaio {
namespace {

std::string subject(const SlaRule& rule) {
  return rule.task.empty() ? rule.metric : fmt::format("{} of {}", rule.metric, rule.task);
}

double threshold_ms(const SlaRule& rule) { return static_cast<double>(rule.threshold_ns) / 1e6; }

}  // namespace

std::string_view sla_unit_name(SlaUnit unit) {
  switch (unit) {
    case SlaUnit::kMs:
      return "ms";
    case SlaUnit::kRatio:
      return "ratio";
    case SlaUnit::kBurnRate:
      return "burn_rate";
  }
  return "unknown";
}

std::string sla_promise(const SlaRule& rule) {
  if (rule.of_errors()) {
    return rule.task.empty() ? "no error" : fmt::format("no error of {}", rule.task);
  }
  return fmt::format("{} within {:g} ms", subject(rule), threshold_ms(rule));
}

std::string sla_condition(const SlaRule& rule) {
  if (rule.by_burn_rate()) {
    std::vector<std::string> limits;
    for (const BurnLimit& limit : rule.burn_limits) {
      limits.push_back(fmt::format("above {:g} over {} and {}", limit.rate,
                                   duration_text(limit.long_ns), duration_text(limit.short_ns)));
    }
    return fmt::format("burn rate of the budget for {:g} % with {} {}", 100 * rule.objective,
                       sla_promise(rule), fmt::join(limits, ", or "));
  }
  const std::string window = duration_text(rule.window_ns);
  if (rule.of_errors()) {
    return fmt::format("{} over {} above {:g} %", subject(rule), window,
                       100 * rule.threshold_ratio);
  }
  return fmt::format("p{:g} of {} over {} above {:g} ms", rule.percentile, subject(rule), window,
                     threshold_ms(rule));
}

bool is_sla_metric(std::string_view name) {
  const auto among = [name](const auto& names) {
    return std::ranges::find(names, name) != names.end();
  };
  return name == kErrorRateMetric || among(kRequestTimeNames) || among(kTaskTimeNames);
}

std::vector<double> threshold_edges_s(const std::vector<SlaRule>& rules) {
  std::vector<double> edges;
  for (const SlaRule& rule : rules) {
    if (!rule.of_errors()) edges.push_back(static_cast<double>(rule.threshold_ns) / 1e9);
  }
  return edges;
}

}  // namespace qaio
