#include "slo/slo_compliance.h"

#include <algorithm>

#include "slo/slo_event.h"
#include "stats/statistics.h"

namespace qaio {
namespace {

struct Column {
  explicit Column(const SloRule& rule) : metric(rule) {}
  SloMetric metric;
  SloCounts counts;
  std::vector<double> ms;

  void add(const SloEvent& event) {
    if (event.kind == SloEvent::Kind::kGood) ++counts.good;
    if (event.kind == SloEvent::Kind::kBad) ++counts.bad;
    if (event.time_ns) ms.push_back(static_cast<double>(*event.time_ns) / 1e6);
  }
};

SloCompliance compliance_of(const SloRule& rule, Column& column) {
  SloCompliance out;
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
    out.verdict = broken ? SloVerdict::kBroken : SloVerdict::kKept;
  }
  return out;
}

}  // namespace

std::vector<SloCompliance> slo_compliance(const CompactRecords& set,
                                          std::span<const SloRule> rules) {
  std::vector<Column> columns(rules.begin(), rules.end());
  for (const CompactRecord* request : set.requests) {
    RecordPtr record;  // fetched for the first rule that needs it
    for (Column& column : columns) {
      std::optional<SloEvent> event = column.metric.of(*request);
      if (!event) {
        if (record == nullptr) record = set.record_of(*request);
        if (record == nullptr) continue;  // gone from its archive meanwhile
        event = column.metric.of(RecordTimes(*record));
      }
      column.add(*event);
    }
  }
  std::vector<SloCompliance> all;
  all.reserve(rules.size());
  for (size_t i = 0; i < rules.size(); ++i) all.push_back(compliance_of(rules[i], columns[i]));
  return all;
}

}  // namespace qaio
