#include "slo/slo_json.h"

#include <fmt/format.h>

#include "base/utc_text.h"

namespace qaio {
namespace {

int64_t signed_of(uint64_t count) { return static_cast<int64_t>(count); }

void write_seconds(std::string_view name, int64_t ns, JsonWriter& json) {
  json.key(name).thousandths(ns / 1'000'000);
}

void write_text_or_null(std::string_view name, const std::string& text, JsonWriter& json) {
  json.key(name);
  text.empty() ? json.null() : json.string(text);
}

void write_value(const SloStatus& status, JsonWriter& json) {
  json.key("value");
  status.value ? json.number(*status.value) : json.null();
  json.key("threshold").number(status.threshold);
  json.key("unit").string(slo_unit_name(status.rule.unit()));
  json.key("samples").integer(signed_of(status.samples));
}

void write_rule(const SloRule& rule, JsonWriter& json) {
  json.key("name").string(rule.name);
  json.key("metric").string(rule.metric);
  write_text_or_null("task", rule.task, json);
  json.key("severity").string(rule.severity);
  json.key("condition").string(slo_condition(rule));
}

void write_limits(const SloRule& rule, JsonWriter& json) {
  if (rule.unit() == SloUnit::kMilliseconds) json.key("percentile").number(rule.percentile);
  if (!rule.of_errors())
    json.key("threshold_ms").number(static_cast<double>(rule.threshold_ns) / 1e6);
  if (!rule.by_burn_rate()) write_seconds("window_s", rule.window_ns, json);
  json.key("min_samples").integer(signed_of(rule.samples_min));
  write_seconds("for_s", rule.for_ns, json);
  write_seconds("keep_firing_for_s", rule.keep_firing_for_ns, json);
}

void write_state(const SloStatus& status, JsonWriter& json) {
  json.key("state").string(slo_state_name(status.state));
  json.key("since_unix_ms").integer(status.since_unix_ms);
  json.key("verdict").string(slo_verdict_name(status.verdict));
  json.key("last_transition");
  if (status.last) {
    json.begin_object().key("from").string(slo_state_name(status.last->from));
    json.key("to").string(slo_state_name(status.last->to));
    json.key("at_unix_ms").integer(status.since_unix_ms).end_object();
  } else {
    json.null();
  }
  json.key("alerts").integer(signed_of(status.fired));
}

void write_budget(const SloStatus& status, JsonWriter& json) {
  json.key("error_budget").begin_object();
  json.key("objective").number(status.rule.objective);
  write_seconds("period_s", status.rule.period_ns, json);
  write_seconds("covered_s", status.budget_covered_ns, json);
  json.key("good").integer(signed_of(status.budget.good));
  json.key("bad").integer(signed_of(status.budget.bad));
  json.key("remaining").number(budget_remaining(status.budget, status.rule.objective));
  json.end_object().key("burn_rates").begin_array();
  if (!status.rule.by_burn_rate()) {
    json.begin_object();
    write_seconds("window_s", status.rule.window_ns, json);
    json.key("rate").number(status.window_burn_rate).end_object();
  }
  for (const BurnStatus& burn : status.burns) {
    json.begin_object();
    write_seconds("window_s", burn.limit.long_ns, json);
    json.key("rate").number(burn.long_rate);
    write_seconds("short_window_s", burn.limit.short_ns, json);
    json.key("short_rate").number(burn.short_rate);
    json.key("limit").number(burn.limit.rate).end_object();
  }
  json.end_array();
}

}  // namespace

void write_slo(std::span<const SloStatus> rules, std::span<const SloActionCounts> actions,
               JsonWriter& json) {
  json.begin_object().key("rules").begin_array();
  for (const SloStatus& status : rules) {
    json.begin_object();
    write_rule(status.rule, json);
    write_limits(status.rule, json);
    write_state(status, json);
    write_value(status, json);
    write_budget(status, json);
    json.end_object();
  }
  json.end_array().key("actions").begin_array();
  for (const SloActionCounts& action : actions) {
    json.begin_object().key("name").string(action.name);
    json.key("sent").integer(signed_of(action.sent));
    json.key("failed").integer(signed_of(action.failed));
    json.key("dropped").integer(signed_of(action.dropped)).end_object();
  }
  json.end_array().end_object();
}

std::string alert_json(const SloStatus& status, const std::string& instance, int64_t now_unix_ms) {
  const std::string_view event = slo_state_name(status.state);
  std::string out;
  JsonWriter json(out);
  json.begin_object().key("version").integer(1);
  json.key("id").string(fmt::format("{}/{}/{}", status.rule.name, status.starts_unix_ms, event));
  json.key("event").string(event);
  json.key("sent_unix_ms").integer(now_unix_ms);
  json.key("instance").string(instance);
  json.key("summary").string(slo_sentence(status));
  json.key("rule").begin_object();
  write_rule(status.rule, json);
  json.end_object();
  json.key("starts_at").string(utc_text(status.starts_unix_ms));
  json.key("ends_at");
  status.ends_unix_ms == 0 ? json.null() : json.string(utc_text(status.ends_unix_ms));
  write_value(status, json);
  json.key("error_budget_remaining").number(budget_remaining(status.budget, status.rule.objective));
  json.end_object();
  return out;
}

}  // namespace qaio
