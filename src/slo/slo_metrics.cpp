#include "slo/slo_metrics.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/duration_text.h"

namespace qaio {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Labels = std::vector<ClientMetric::Label>;

MetricFamily family(MetricType type, const char* name, const char* help) {
  return {.name = name, .help = help, .type = type, .metric = {}};
}

void add(MetricFamily& to, Labels labels, double value) {
  ClientMetric& metric = to.metric.emplace_back();
  metric.label = std::move(labels);
  (to.type == MetricType::Gauge ? metric.gauge.value : metric.counter.value) = value;
}

// Times in seconds, as everything there.
double base_unit(double value, SloUnit unit) {
  return unit == SloUnit::kMilliseconds ? value / 1e3 : value;
}

struct Families {
  MetricFamily state = family(MetricType::Gauge, "qaio_sla_state",
                              "1 for the state that the rule's alert is in, else 0.");
  MetricFamily value = family(MetricType::Gauge, "qaio_sla_value",
                              "What the rule compares: seconds, a ratio or a burn rate.");
  MetricFamily threshold = family(MetricType::Gauge, "qaio_sla_threshold",
                                  "What the value may be at most, in the same unit.");
  MetricFamily alerts =
      family(MetricType::Counter, "qaio_sla_alerts_total", "Times that the rule's alert fired.");
  MetricFamily budget =
      family(MetricType::Gauge, "qaio_error_budget_remaining_ratio",
             "Share of the error budget that is left; below 0 the objective is missed.");
  MetricFamily burn = family(MetricType::Gauge, "qaio_error_budget_burn_rate",
                             "Speed at which the budget is spent; at 1 it lasts its period.");

  void add_rule(const SloStatus& status);
};

void Families::add_rule(const SloStatus& status) {
  const SloRule& rule = status.rule;
  const Labels labels = {{"rule", rule.name}};
  const auto with = [&](std::string name, std::string of) {
    Labels both = labels;
    both.push_back({std::move(name), std::move(of)});
    return both;
  };
  for (size_t i = 0; i < kSloStateCount; ++i) {
    const auto one = static_cast<SloState>(i);
    add(state, with("state", std::string(slo_state_name(one))), status.state == one ? 1 : 0);
  }
  if (status.value) add(value, labels, base_unit(*status.value, rule.unit()));
  add(threshold, labels, base_unit(status.threshold, rule.unit()));
  add(alerts, labels, static_cast<double>(status.fired));
  add(budget, labels, budget_remaining(status.budget, rule.objective));
  if (!rule.by_burn_rate()) {
    add(burn, with("window", duration_text(rule.window_ns)), status.window_burn_rate);
  }
  std::vector<int64_t> seen;  // two limits may share a window
  const auto add_burn = [&](int64_t window_ns, double rate) {
    if (std::ranges::find(seen, window_ns) != seen.end()) return;
    seen.push_back(window_ns);
    add(burn, with("window", duration_text(window_ns)), rate);
  };
  for (const BurnStatus& one : status.burns) {
    add_burn(one.limit.long_ns, one.long_rate);
    add_burn(one.limit.short_ns, one.short_rate);
  }
}

MetricFamily notifications(std::span<const SloActionCounts> actions) {
  MetricFamily all =
      family(MetricType::Counter, "qaio_sla_notifications_total",
             "Notifications of alerts, by what became of them: sent, failed or dropped.");
  for (const SloActionCounts& action : actions) {
    const auto labels = [&](const char* result) -> Labels {
      return {{"action", action.name}, {"result", result}};
    };
    add(all, labels("sent"), static_cast<double>(action.sent));
    add(all, labels("failed"), static_cast<double>(action.failed));
    add(all, labels("dropped"), static_cast<double>(action.dropped));
  }
  return all;
}

}  // namespace

std::vector<MetricFamily> slo_metrics(std::span<const SloStatus> rules,
                                      std::span<const SloActionCounts> actions) {
  if (rules.empty()) return {};
  Families families;
  for (const SloStatus& status : rules) families.add_rule(status);
  std::vector<MetricFamily> all = {std::move(families.state),     std::move(families.value),
                                   std::move(families.threshold), std::move(families.alerts),
                                   std::move(families.budget),    std::move(families.burn)};
  if (!actions.empty()) all.push_back(notifications(actions));
  return all;
}

}  // namespace qaio
