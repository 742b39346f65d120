#include "cli/load_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/json_writer.h"
#include "cli/terminal.h"

namespace qaio {
namespace {

struct Latency {
  std::string_view name;
  const Histogram* values;
};

std::array<Latency, 4> latencies(const LoadSummary& summary) {
  return {{{"ttft", &summary.ttft()},
           {"tpot", &summary.tpot()},
           {"inter_token", &summary.inter_token()},
           {"total", &summary.total()}}};
}

constexpr double kClientCpuBusy = 0.8;
constexpr std::array kPercents = {50.0, 90.0, 95.0, 99.0};

double rate_of(double count, const LoadReport& report) { return count / report.seconds; }

double tokens_per_second(int64_t tokens, const LoadReport& report) {
  return rate_of(static_cast<double>(tokens), report);
}

// How output tokens were counted.
std::string_view counted_by(const LoadSummary& summary) {
  if (summary.with_usage() == summary.succeeded()) return "usage";
  return summary.with_usage() == 0 ? "chunks" : "usage and chunks";
}

std::string ms_text(double ns) {
  const double ms = ns / 1e6;
  return fmt::format("{:.{}f}", ms, ms < 100 ? 2 : ms < 1000 ? 1 : 0);
}

std::string head_line(const LoadReport& report, const LoadSetting& setting) {
  const std::string loop = setting.rate
                               ? fmt::format("open loop, {:g} requests/s, at most {} in flight",
                                             *setting.rate, setting.concurrency)
                               : fmt::format("closed loop, {} client{}", setting.concurrency,
                                             setting.concurrency == 1 ? "" : "s");
  return fmt::format("{}{}: {}, {:.1f} s{}\n\n", setting.url,
                     setting.model.empty() ? "" : ", model " + setting.model, loop, report.seconds,
                     report.interrupted ? ", interrupted" : "");
}

std::string counts_table(const LoadReport& report, const LoadSetting& setting) {
  const LoadSummary& summary = report.summary;
  using enum Table::Align;
  Table table({kLeft, kLeft});
  std::string requests = fmt::format("{} ok, {} failed", count_text(summary.succeeded()),
                                     count_text(summary.failed()));
  if (summary.abandoned() > 0) requests += fmt::format(", {} cut short", summary.abandoned());
  if (report.never_sent > 0) requests += fmt::format(", {} never sent", report.never_sent);
  if (report.warmup_failed > 0)
    requests += fmt::format(", {} of warm-up failed", report.warmup_failed);
  if (summary.without_text() > 0) requests += fmt::format(", {} empty", summary.without_text());
  table.row({"requests", requests});
  const TokenUsage& tokens = summary.tokens();
  table.row({"tokens", fmt::format("{} prompt ({} cached), {} output", count_text(tokens.prompt),
                                   count_text(tokens.cached), count_text(tokens.output))});
  if (counted_by(summary) != "usage")
    table.row({"", "the server sent no usage for all: pieces of text counted as tokens"});
  if (setting.prompt_lengths == "approximate" && counted_by(summary) != "usage")
    table.row({"", "prompt lengths are approximate: the server has no /tokenize"});
  table.row({"throughput", fmt::format("{:.2f} requests/s, {:.1f} output tok/s, {:.1f} total tok/s",
                                       rate_of(static_cast<double>(summary.succeeded()), report),
                                       tokens_per_second(tokens.output, report),
                                       tokens_per_second(tokens.prompt + tokens.output, report))});
  if (report.client_cpu > kClientCpuBusy)
    table.row(
        {"", "qaio load itself was busy, times may be too long: give it more CPU, or less to do"});
  return table.text();
}

std::string latency_table(const LoadReport& report, const LoadSetting& setting) {
  if (report.summary.succeeded() == 0) return {};
  using enum Table::Align;
  Table table({kLeft, kRight, kRight, kRight, kRight, kRight, kRight});
  table.row({"ms", "mean", "p50", "p90", "p95", "p99", "max"});
  const auto add = [&](std::string_view name, const Histogram& values) {
    if (values.count() == 0) return;
    std::vector<std::string> cells = {std::string(name), ms_text(values.mean_ns())};
    for (const double percent : kPercents)
      cells.push_back(ms_text(static_cast<double>(values.percentile_ns(percent))));
    cells.push_back(ms_text(static_cast<double>(values.max_ns())));
    table.row(std::move(cells));
  };
  for (const auto& [name, values] : latencies(report.summary)) add(name, *values);
  if (setting.rate) add("send_delay", report.summary.send_delay());
  return "\n" + table.text();
}

std::string failure_table(const LoadSummary& summary) {
  if (summary.failed() == 0) return {};
  using enum Table::Align;
  Table table({kLeft, kRight, kRight, kRight, kLeft});
  table.row({"failures", "count", "p50", "max", "ms until it failed; the first one's message"});
  for (const auto& [name, failure] : summary.failures()) {
    const Histogram& total = failure.total;
    table.row({name, count_text(total.count()),
               ms_text(static_cast<double>(total.percentile_ns(50))),
               ms_text(static_cast<double>(total.max_ns())), failure.example});
  }
  return "\n" + table.text();
}

std::string slo_text(const LoadReport& report, const LoadSetting& setting) {
  const Slo& slo = report.summary.slo();
  if (!slo.any()) return {};
  std::vector<std::string> limits;
  if (slo.ttft_ms) limits.push_back(fmt::format("ttft {:g} ms", *slo.ttft_ms));
  if (slo.tpot_ms) limits.push_back(fmt::format("tpot {:g} ms", *slo.tpot_ms));
  if (slo.total_ms) limits.push_back(fmt::format("total {:g} ms", *slo.total_ms));
  return fmt::format(
      "\nSLA {}: {} by {:.1f} % of requests, {:g} % wanted\ngoodput {:.2f} requests/s\n",
      fmt::join(limits, ", "), slo_met(report, setting.slo_percent) ? "kept" : "BROKEN, kept",
      slo_kept_percent(report), setting.slo_percent,
      rate_of(static_cast<double>(report.summary.kept_slo()), report));
}

void write_latency(const Histogram& values, JsonWriter& json) {
  const auto ms = [&json](double ns) { json.thousandths(static_cast<int64_t>(ns / 1e3)); };
  json.begin_object().key("count").integer(static_cast<int64_t>(values.count()));
  if (values.count() > 0) {
    json.key("mean");
    ms(values.mean_ns());
    for (const double percent : kPercents) {
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
  json.key("output").integer(tokens.output).key("counted_by").string(counted_by(summary));
  json.key("prompt_lengths").string(setting.prompt_lengths).end_object();
  json.key("throughput").begin_object();
  json.key("requests_s").number(rate_of(static_cast<double>(summary.succeeded()), report));
  json.key("output_tok_s").number(tokens_per_second(tokens.output, report));
  json.key("total_tok_s").number(tokens_per_second(tokens.prompt + tokens.output, report));
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
  json.key("kept_percent").number(slo_kept_percent(report));
  json.key("kept").integer(static_cast<int64_t>(report.summary.kept_slo()));
  json.key("goodput_requests_s");
  json.number(rate_of(static_cast<double>(report.summary.kept_slo()), report));
  json.key("met").boolean(slo_met(report, setting.slo_percent)).end_object();
}

}  // namespace

double slo_kept_percent(const LoadReport& report) {
  const LoadSummary& summary = report.summary;
  const uint64_t due = summary.succeeded() + summary.failed() + report.never_sent;
  return due == 0 ? 100 : 100 * static_cast<double>(summary.kept_slo()) / static_cast<double>(due);
}

bool slo_met(const LoadReport& report, double slo_percent) {
  return !report.summary.slo().any() || slo_kept_percent(report) >= slo_percent;
}

std::string load_table(const LoadReport& report, const LoadSetting& setting) {
  return head_line(report, setting) + counts_table(report, setting) +
         latency_table(report, setting) + failure_table(report.summary) + slo_text(report, setting);
}

std::string load_json(const LoadReport& report, const LoadSetting& setting) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().key("url").string(setting.url);
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
  for (const auto& [name, values] : latencies(report.summary)) {
    json.key(fmt::format("{}_ms", name));
    write_latency(*values, json);
  }
  json.key("send_delay_ms");
  write_latency(report.summary.send_delay(), json);
  write_slo(report, setting, json);
  write_samples(report, json);
  json.end_object();
  return out + "\n";
}

}  // namespace qaio
