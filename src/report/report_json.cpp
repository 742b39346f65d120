#include "report/report_json.h"

#include "report/svg.h"

namespace qaio {
namespace {

void write_ms(std::string_view name, double ms, JsonWriter& json) {
  json.key(name).thousandths(static_cast<int64_t>(ms * 1e3 + (ms < 0 ? -0.5 : 0.5)));
}

std::string_view kind_name(MeasureKind kind) {
  switch (kind) {
    case MeasureKind::kHeadline:
      return "headline";
    case MeasureKind::kStage:
      return "stage";
    case MeasureKind::kLane:
      return "lane";
    case MeasureKind::kClient:
      return "client";
  }
  return "unknown";
}

void write_overview(const Report& report, JsonWriter& json) {
  json.key("requests").integer(static_cast<int64_t>(report.requests));
  json.key("answered").integer(static_cast<int64_t>(report.answered));
  json.key("others").begin_object();
  for (const auto& [name, count] : report.others)
    json.key(name).integer(static_cast<int64_t>(count));
  json.end_object();
  json.key("first_unix_ms").integer(report.first_unix_ms);
  json.key("last_unix_ms").integer(report.last_unix_ms);
  json.key("runs").begin_array();
  for (const RunInfo& run : report.runs) {
    json.begin_object().key("version").string(run.version).key("model").string(run.model);
    json.key("model_hash").string(run.model_hash).key("isa").string(run.isa);
    json.key("threads").integer(run.threads);
    json.key("started_unix_ms").integer(run.started_unix_ms).end_object();
  }
  json.end_array();
  const Throughput& rate = report.throughput;
  json.key("throughput").begin_object();
  json.key("seconds").number(rate.seconds).key("requests_s").number(rate.requests_s);
  json.key("prompt_tokens_s").number(rate.prompt_tokens_s);
  json.key("cached_share").number(rate.cached_share);
  json.key("output_tokens_s").number(rate.output_tokens_s);
  json.key("questions_s").number(rate.questions_s);
  json.key("in_flight").number(rate.in_flight).key("cpu_cores").number(rate.cpu_cores);
  json.key("resident_mib").number(rate.resident_mib).end_object();
}

void write_stages(const Report& report, JsonWriter& json) {
  json.key("stages").begin_array();
  for (const StageRow& row : report.stages) {
    json.begin_object().key("name").string(row.name).key("kind").string(kind_name(row.kind));
    json.key("count").integer(static_cast<int64_t>(row.count));
    write_ms("mean_ms", row.mean, json);
    json.key("share").number(row.share);
    write_ms("p50_ms", row.p50, json);
    write_ms("p95_ms", row.p95, json);
    write_ms("p99_ms", row.p99, json);
    write_ms("max_ms", row.max, json);
    json.end_object();
  }
  json.end_array();
}

void write_findings(const Report& report, JsonWriter& json) {
  json.key("findings").begin_array();
  for (const Finding& finding : report.findings) {
    json.begin_object().key("id").string(finding.id).key("found").boolean(finding.found);
    json.key("meaning").string(finding.meaning).key("advice").string(finding.advice);
    json.key("statement").string(finding.statement);
    json.key("evidence").begin_array();
    for (const std::string& sentence : finding.evidence) json.string(sentence);
    json.end_array().key("figures").begin_object();
    for (const auto& [name, value] : finding.figures) json.key(name).number(value);
    json.end_object().end_object();
  }
  json.end_array();
  json.key("limits_known").boolean(report.limits_known);
}

// Without the points: each is a request, and those are in the archive.
void write_lengths(const Report& report, JsonWriter& json) {
  json.key("lengths").begin_array();
  for (const LengthPlot& plot : report.lengths) {
    json.begin_object().key("task").string(plot.task).key("stage").string(stage_name(plot.stage));
    json.key("requests").integer(static_cast<int64_t>(plot.requests));
    json.key("ms_at_zero").number(plot.ms_at_zero);
    json.key("ms_per_token").number(plot.ms_per_token);
    json.key("explained").number(plot.explained);
    json.key("outliers").begin_array();
    for (const LengthPlot::Outlier& one : plot.outliers) {
      json.begin_object().key("request_id").string(one.request_id);
      json.key("tokens").number(one.at.tokens);
      write_ms("ms", one.at.ms, json);
      write_ms("beyond_ms", one.beyond_ms, json);
      json.end_object();
    }
    json.end_array();
    json.key("outliers_all").integer(static_cast<int64_t>(plot.outliers_all)).end_object();
  }
  json.end_array();
}

void write_slo(const Report& report, JsonWriter& json) {
  json.key("sla").begin_array();
  for (const SloCompliance& one : report.slo) {
    json.begin_object().key("rule").string(one.rule.name);
    json.key("condition").string(slo_condition(one.rule));
    json.key("verdict").string(slo_verdict_name(one.verdict));
    json.key("samples").integer(static_cast<int64_t>(one.samples)).key("value");
    one.value ? json.number(*one.value) : json.null();
    json.key("threshold").number(one.threshold);
    json.key("unit").string(one.rule.unit() == SloUnit::kMilliseconds ? "ms" : "ratio");
    json.key("good").integer(static_cast<int64_t>(one.counts.good));
    json.key("bad").integer(static_cast<int64_t>(one.counts.bad));
    json.key("objective").number(one.rule.objective);
    json.key("error_budget_remaining").number(one.budget_left()).end_object();
  }
  json.end_array();
}

void write_slowest(const Report& report, JsonWriter& json) {
  json.key("slowest").begin_array();
  for (const Waterfall& fall : report.slowest) {
    json.begin_object().key("request_id").string(fall.request_id).key("path").string(fall.path);
    json.key("arrived_unix_ms").integer(fall.arrived_unix_ms);
    write_ms("total_ms", fall.total_ms, json);
    json.key("prompt_tokens").integer(fall.prompt_tokens);
    json.key("output_tokens").integer(fall.output_tokens).key("bars").begin_array();
    for (const WaterfallBar& bar : fall.bars) {
      json.begin_object().key("task").string(bar.task).key("stage").string(stage_name(bar.stage));
      write_ms("begin_ms", bar.begin_ms, json);
      write_ms("end_ms", bar.end_ms, json);
      json.end_object();
    }
    json.end_array().end_object();
  }
  json.end_array();
}

void write_trend(const Report& report, JsonWriter& json) {
  json.key("trend").begin_array();
  for (const TrendGroup& group : report.trend) {
    json.begin_object().key("label").string(group.label);
    json.key("count").integer(static_cast<int64_t>(group.count));
    write_ms("p50_ms", group.p50, json);
    write_ms("p50_low_ms", group.p50_interval.low, json);
    write_ms("p50_high_ms", group.p50_interval.high, json);
    write_ms("p95_ms", group.p95, json);
    write_ms("ttft_p50_ms", group.ttft_p50, json);
    write_ms("tpot_p50_ms", group.tpot_p50, json);
    json.end_object();
  }
  json.end_array().key("changes").begin_array();
  for (const TrendChange& change : report.changes) {
    json.begin_object().key("label").string(change.label).key("measure").string(change.measure);
    json.key("arrived_unix_ms").integer(change.arrived_unix_ms);
    json.key("request_id").string(change.request_id);
    write_ms("before_ms", change.before_ms, json);
    write_ms("after_ms", change.after_ms, json);
    json.key("p").number(change.p).end_object();
  }
  json.end_array();
  json.key("changes_left_out").integer(static_cast<int64_t>(report.changes_left_out));
}

}  // namespace

void write_charts(const std::vector<Chart>& charts, JsonWriter& json) {
  json.key("charts").begin_array();
  for (const Chart& chart : charts) {
    json.begin_object().key("name").string(chart.name).key("title").string(chart.title);
    json.key("caption").string(chart.caption);
    json.key("svg").string(standalone_svg(chart.svg)).end_object();
  }
  json.end_array();
}

std::string report_json(const Report& report, bool charts) {
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  write_overview(report, json);
  write_findings(report, json);
  write_lengths(report, json);
  write_stages(report, json);
  write_slo(report, json);
  write_slowest(report, json);
  if (report.trend_by != TrendBy::kNone) write_trend(report, json);
  if (charts) write_charts(report_charts(report), json);
  json.end_object();
  return out + '\n';
}

}  // namespace qaio
