#include "load/load_json.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/json_writer.h"

namespace qaio {
namespace {

void write_latency(const Histogram& values, JsonWriter& json) {
  const auto ms = [&json](double ns) { json.thousandths(static_cast<int64_t>(ns / 1e3)); };
  json.begin_object().key("count").integer(static_cast<int64_t>(values.count()));
  if (values.count() > 0) {
    json.key("mean");
    ms(values.mean_ns());
    for (const double percent : LoadSummary::kPercents) {
      json.key(fmt::format("p{:g}", percent));
      ms(static_cast<double>(values.percentile_ns(percent)));
    }
    json.key("max");
    ms(static_cast<double>(values.max_ns()));
  }
  json.end_object();
}

// In order of their times, one array per figure; null: it has none. What a comparison needs, which
// percentiles do not tell.
void write_samples(const LoadReport& report, JsonWriter& json) {
  std::vector<RequestSample> samples = report.summary.samples();
  std::ranges::stable_sort(samples, {}, &RequestSample::intended_ns);
  const auto column = [&](std::string_view name, const auto& write) {
    json.key(name).begin_array();
    for (const RequestSample& sample : samples) write(sample);
    json.end_array();
  };
  const auto ms = [&json](std::optional<int64_t> ns) {
    ns ? json.thousandths(*ns / 1000) : json.null();
  };
  json.key("samples").begin_object();
  column("due_ms", [&](const RequestSample& one) { ms(one.intended_ns - report.start_ns); });
  column("total_ms", [&](const RequestSample& one) { ms(one.total_ns()); });
  column("ttft_ms", [&](const RequestSample& one) { ms(one.ttft_ns()); });
  column("tpot_ms", [&](const RequestSample& one) { ms(one.tpot_ns()); });
  column("prompt_tokens", [&](const RequestSample& one) { json.integer(one.prompt_tokens()); });
  column("output_tokens", [&](const RequestSample& one) { json.integer(one.output_tokens()); });
  json.end_object();
}

void write_counts(const LoadReport& report, const LoadSetting& setting, JsonWriter& json) {
  const LoadSummary& summary = report.summary;
  const auto count = [&json](std::string_view name, uint64_t value) {
    json.key(name).integer(static_cast<int64_t>(value));
  };
  json.key("requests").begin_object();
  count("succeeded", summary.succeeded());
  count("failed", summary.failed());
  count("abandoned", summary.abandoned());
  count("never_sent", report.never_sent);
  count("empty", summary.without_text());
  if (decides(setting.api)) count("questions_answered", static_cast<uint64_t>(summary.answers()));
  count("warmup_succeeded", report.warmup_succeeded);
  count("warmup_failed", report.warmup_failed);
  json.end_object();
  json.key("failures").begin_array();
  for (const auto& [name, failure] : summary.failures()) {
    json.begin_object().key("kind").string(name);
    count("count", failure.total.count());
    json.key("total_ms");
    write_latency(failure.total, json);
    json.key("example").string(failure.example).end_object();
  }
  json.end_array();
  const TokenUsage& tokens = summary.tokens();
  json.key("tokens").begin_object();
  json.key("prompt").integer(tokens.prompt).key("cached").integer(tokens.cached);
  json.key("output").integer(tokens.output).key("counted_by").string(summary.tokens_counted_by());
  json.key("prompt_lengths").string(setting.prompt_lengths).end_object();
  json.key("throughput").begin_object();
  json.key("requests_s").number(report.per_second(summary.succeeded()));
  if (decides(setting.api)) json.key("questions_s").number(report.per_second(summary.answers()));
  json.key("output_tok_s").number(report.per_second(tokens.output));
  json.key("total_tok_s").number(report.per_second(tokens.prompt + tokens.output));
  json.end_object();
}

void write_connections(const LoadSummary& summary, JsonWriter& json) {
  json.key("connections").begin_object();
  json.key("opened").integer(static_cast<int64_t>(summary.connect().count()));
  json.key("connect_ms");
  write_latency(summary.connect(), json);
  json.key("tls_handshake_ms");
  write_latency(summary.tls_handshake(), json);
  json.end_object();
}

void write_slo(const LoadReport& report, const LoadSetting& setting, JsonWriter& json) {
  const Slo& slo = report.summary.slo();
  json.key("sla");
  if (!slo.any()) {
    json.null();
    return;
  }
  const auto limit = [&json](std::string_view name, std::optional<double> ms) {
    if (ms) json.key(name).number(*ms);
  };
  json.begin_object().key("limits_ms").begin_object();
  limit("ttft", slo.ttft_ms);
  limit("tpot", slo.tpot_ms);
  limit("total", slo.total_ms);
  json.end_object();
  json.key("wanted_percent").number(setting.slo_percent);
  json.key("kept_percent").number(report.slo_kept_percent());
  json.key("kept").integer(static_cast<int64_t>(report.summary.kept_slo()));
  json.key("goodput_requests_s");
  json.number(report.per_second(report.summary.kept_slo()));
  json.key("met").boolean(report.slo_met(setting.slo_percent)).end_object();
}

}  // namespace

std::string load_json(const LoadReport& report, const LoadSetting& setting) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().key("url").string(setting.url);
  json.key("api").string(traits_of(setting.api).name);
  json.key("model").string(setting.model);
  json.key("loop").string(setting.rate ? "open" : "closed");
  json.key("concurrency").integer(setting.concurrency);
  if (setting.rate) json.key("rate").number(*setting.rate);
  json.key("seed").integer(static_cast<int64_t>(setting.seed));
  json.key("started_unix_ms").integer(report.started_unix_ms);
  json.key("duration_s").number(report.seconds);
  json.key("interrupted").boolean(report.interrupted);
  json.key("in_flight_max").integer(report.in_flight_max);
  json.key("client_cpu").number(report.client_cpu);
  write_counts(report, setting, json);
  for (const auto& [name, values] : report.summary.latencies()) {
    json.key(fmt::format("{}_ms", name));
    write_latency(*values, json);
  }
  json.key("send_delay_ms");
  write_latency(report.summary.send_delay(), json);
  write_connections(report.summary, json);
  write_slo(report, setting, json);
  write_samples(report, json);
  json.end_object();
  return out + "\n";
}

}  // namespace qaio
