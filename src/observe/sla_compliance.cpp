#include "observe/sla_compliance.h"

#include <algorithm>

#include "observe/sla_event.h"
#include "observe/statistics.h"

namespace qaio {
namespace {

struct Column {
  explicit Column(const SlaRule& rule) : metric(rule) {}
  SlaMetric metric;
  SlaCounts counts;
  std::vector<double> ms;
};

SlaCompliance compliance_of(const SlaRule& rule, Column& column) {
  SlaCompliance out;
  out.rule = rule;
  out.counts = column.counts;
  bool broken = false;
  if (rule.of_errors() || rule.by_burn_rate()) {
    out.samples = column.counts.total();
    out.threshold = rule.by_burn_rate() ? 1 - rule.objective : rule.threshold_ratio;
    if (out.samples > 0) out.value = column.counts.bad_share();
    broken = column.counts.bad_share() > out.threshold;
  } else {
    std::ranges::sort(column.ms);
    out.samples = column.ms.size();
    out.threshold = static_cast<double>(rule.threshold_ns) / 1e6;
    if (out.samples > 0) out.value = percentile(column.ms, rule.percentile);
    broken = out.value.value_or(0) > out.threshold;
  }
  if (out.samples > 0 && out.samples >= rule.samples_min) {
    out.verdict = broken ? SlaVerdict::kBroken : SlaVerdict::kKept;
  }
  return out;
}

}  // namespace

std::vector<SlaCompliance> sla_compliance(const RecordSet& set, std::span<const SlaRule> rules) {
  std::vector<Column> columns(rules.begin(), rules.end());
  for (const RecordSet::Item& item : set.items) {
    const RecordTimes times(*item.record);
    for (Column& column : columns) {
      const SlaEvent event = column.metric.of(times);
      if (event.kind == SlaEvent::Kind::kGood) ++column.counts.good;
      if (event.kind == SlaEvent::Kind::kBad) ++column.counts.bad;
      if (event.time_ns) column.ms.push_back(static_cast<double>(*event.time_ns) / 1e6);
    }
  }
  std::vector<SlaCompliance> all;
  all.reserve(rules.size());
  for (size_t i = 0; i < rules.size(); ++i) all.push_back(compliance_of(rules[i], columns[i]));
  return all;
}

}  // namespace qaio
