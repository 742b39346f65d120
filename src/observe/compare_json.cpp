#include "base/json_writer.h"
#include "observe/compare.h"

namespace qaio {
namespace {

void write_interval(std::string_view name, const std::optional<Interval>& interval,
                    JsonWriter& json) {
  json.key(name);
  if (!interval) {
    json.null();
    return;
  }
  json.begin_array().number(interval->low).number(interval->high).end_array();
}

void write_side(std::string_view name, const SideFigures& side, JsonWriter& json) {
  json.key(name).begin_object().key("count").integer(static_cast<int64_t>(side.count));
  json.key("median_ms").number(side.median).key("p95_ms").number(side.p95);
  write_interval("median_interval_ms", side.median_interval, json);
  write_interval("p95_interval_ms", side.p95_interval, json);
  json.end_object();
}

}  // namespace

std::string comparison_json(const Comparison& comparison) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().key("verdict").string(verdict_name(comparison.verdict));
  json.key("stage");
  comparison.stage.empty() ? json.null() : json.string(comparison.stage);
  json.key("sentence").string(comparison.sentence).key("notes").begin_array();
  for (const std::string& note : comparison.notes) json.string(note);
  json.end_array().key("measures").begin_array();
  for (const MeasureComparison& measure : comparison.measures) {
    json.begin_object().key("name").string(measure.name);
    json.key("verdict").string(verdict_name(measure.verdict));
    write_side("a", measure.a, json);
    write_side("b", measure.b, json);
    json.key("change").number(measure.change);
    write_interval("change_interval", measure.change_interval, json);
    json.key("change_ms").number(measure.change_ms).key("p");
    measure.p ? json.number(*measure.p) : json.null();
    json.key("at_equal_tokens").boolean(measure.at_equal_tokens);
    json.key("in_turns").boolean(measure.in_turns).end_object();
  }
  json.end_array().end_object();
  return out + '\n';
}

}  // namespace qaio
