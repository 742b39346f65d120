#include "report/compare.h"
#include "report/compare_chart.h"
#include "report/report_json.h"

namespace qaio {
namespace {

void write_interval(const std::optional<Interval>& interval, JsonWriter& json) {
  if (!interval) {
    json.null();
    return;
  }
  json.begin_array().number(interval->low).number(interval->high).end_array();
}

void write_names(std::string_view name, const std::vector<std::string>& names, JsonWriter& json) {
  json.key(name).begin_array();
  for (const std::string& one : names) json.string(one);
  json.end_array();
}

void write_summary(std::string_view name, const SideSummary& side, JsonWriter& json) {
  json.key(name).begin_object().key("source").string(side.source);
  write_names("versions", side.versions, json);
  write_names("models", side.models, json);
  if (!side.setting.empty()) json.key("setting").string(side.setting);
  const auto time = [&json](std::string_view key, int64_t unix_ms) {
    json.key(key);
    unix_ms > 0 ? json.integer(unix_ms) : json.null();
  };
  time("first_unix_ms", side.first_unix_ms);
  time("last_unix_ms", side.last_unix_ms);
  json.key("requests").integer(static_cast<int64_t>(side.requests));
  json.key("answered").integer(static_cast<int64_t>(side.answered)).end_object();
}

void write_side(std::string_view name, const SideFigures& side, JsonWriter& json) {
  json.key(name).begin_object().key("count").integer(static_cast<int64_t>(side.count));
  json.key("median_ms").number(side.median).key("p95_ms").number(side.p95);
  json.key("median_interval_ms");
  write_interval(side.median_interval, json);
  json.key("p95_interval_ms");
  write_interval(side.p95_interval, json);
  json.end_object();
}

// `prefix` tells those of the p95 from those of the median.
void write_change(const std::string& prefix, const Change& change, JsonWriter& json) {
  json.key(prefix + "change").number(change.relative);
  json.key(prefix + "change_interval");
  write_interval(change.interval, json);
  json.key(prefix + "change_ms").number(change.ms);
  json.key(prefix + "p");
  change.p ? json.number(*change.p) : json.null();
}

void write_measure(const MeasureComparison& measure, JsonWriter& json) {
  json.begin_object().key("name").string(measure.name);
  json.key("verdict").string(verdict_name(measure.verdict));
  json.key("median_verdict").string(verdict_name(measure.median.verdict));
  json.key("p95_verdict").string(verdict_name(measure.p95.verdict));
  write_side("a", measure.a, json);
  write_side("b", measure.b, json);
  write_change("", measure.median, json);
  write_change("p95_", measure.p95, json);
  json.key("at_equal_tokens").boolean(measure.at_equal_tokens);
  json.key("in_turns").boolean(measure.in_turns).end_object();
}

void write_share(const ShareComparison& share, JsonWriter& json) {
  const auto count = [&json](std::string_view name, size_t value) {
    json.key(name).integer(static_cast<int64_t>(value));
  };
  json.begin_object().key("name").string(share.name);
  json.key("verdict").string(verdict_name(share.verdict));
  count("a", share.count_a);
  count("of_a", share.of_a);
  count("b", share.count_b);
  count("of_b", share.of_b);
  json.key("p");
  share.p ? json.number(*share.p) : json.null();
  json.end_object();
}

}  // namespace

std::string comparison_json(const Comparison& comparison, bool charts) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().key("verdict").string(verdict_name(comparison.verdict));
  json.key("stage");
  comparison.stage.empty() ? json.null() : json.string(comparison.stage);
  json.key("sentence").string(comparison.sentence);
  write_summary("a", comparison.a, json);
  write_summary("b", comparison.b, json);
  write_names("notes", comparison.notes, json);
  json.key("shares").begin_array();
  for (const ShareComparison& share : comparison.shares) write_share(share, json);
  json.end_array().key("measures").begin_array();
  for (const MeasureComparison& measure : comparison.measures) write_measure(measure, json);
  json.end_array();
  if (charts) {
    const std::optional<Chart> chart = comparison_chart(comparison);
    write_charts(chart ? std::vector<Chart>{*chart} : std::vector<Chart>(), json);
  }
  json.end_object();
  return out + '\n';
}

}  // namespace qaio
