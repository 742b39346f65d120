#include "cli/load_table.h"

#include <fmt/format.h>

#include "cli/terminal.h"

namespace qaio {
namespace {

constexpr double kClientCpuBusy = 0.8;

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
  if (decides(setting.api))
    table.row({"questions",
               fmt::format("{} answered", count_text(static_cast<uint64_t>(summary.answers())))});
  const TokenUsage& tokens = summary.tokens();
  table.row({"tokens", fmt::format("{} prompt ({} cached), {} output", count_text(tokens.prompt),
                                   count_text(tokens.cached), count_text(tokens.output))});
  if (summary.tokens_counted_by() != "usage") {
    table.row({"", decides(setting.api)
                       ? "the server sent no usage for all: the lengths of the texts counted"
                       : "the server sent no usage for all: pieces of text counted as tokens"});
  }
  if (setting.prompt_lengths == "approximate" && summary.tokens_counted_by() != "usage")
    table.row({"", "prompt lengths are approximate: the server has no /tokenize"});
  const std::string second =
      decides(setting.api) ? fmt::format("{:.1f} questions/s", report.per_second(summary.answers()))
                           : fmt::format("{:.1f} output tok/s", report.per_second(tokens.output));
  table.row({"throughput", fmt::format("{:.2f} requests/s, {}, {:.1f} total tok/s",
                                       report.per_second(summary.succeeded()), second,
                                       report.per_second(tokens.prompt + tokens.output))});
  table.row({"connections", fmt::format("{} opened", count_text(summary.connect().count()))});
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
    for (const double percent : LoadSummary::kPercents)
      cells.push_back(ms_text(static_cast<double>(values.percentile_ns(percent))));
    cells.push_back(ms_text(static_cast<double>(values.max_ns())));
    table.row(std::move(cells));
  };
  for (const auto& [name, values] : report.summary.latencies()) add(name, *values);
  if (setting.rate) add("send_delay", report.summary.send_delay());
  add("connect", report.summary.connect());
  add("tls_handshake", report.summary.tls_handshake());
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
      fmt::join(limits, ", "), report.slo_met(setting.slo_percent) ? "kept" : "BROKEN, kept",
      report.slo_kept_percent(), setting.slo_percent, report.per_second(report.summary.kept_slo()));
}

}  // namespace

std::string load_table(const LoadReport& report, const LoadSetting& setting) {
  return head_line(report, setting) + counts_table(report, setting) +
         latency_table(report, setting) + failure_table(report.summary) + slo_text(report, setting);
}

}  // namespace qaio
