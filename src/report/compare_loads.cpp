#include <algorithm>

#include "report/compare_measure.h"
#include "report/compare_shares.h"
#include "report/compare_verdict.h"

namespace qaio {
namespace {

// One time of a load's requests, of those that have it.
struct Column {
  std::vector<double> ms;
  std::vector<const LoadSample*> samples;
  int64_t started_unix_ms = 0;

  MeasuredSide side() const {
    return {
        .ms = ms,
        .arrived_unix_ms =
            [this](size_t i) { return started_unix_ms + static_cast<int64_t>(samples[i]->due_ms); },
        .tokens =
            [this](size_t i) {
              return std::vector<double>{samples[i]->prompt_tokens, samples[i]->output_tokens};
            }};
  }
};

Column column_of(const LoadResult& load, std::string_view name) {
  Column column{.ms = {}, .samples = {}, .started_unix_ms = load.started_unix_ms};
  for (const LoadSample& sample : load.samples) {
    const std::optional<double> ms = name == "total"  ? sample.total_ms
                                     : name == "ttft" ? sample.ttft_ms
                                     : name == "tpot" ? sample.tpot_ms
                                                      : std::nullopt;
    if (!ms) continue;
    column.ms.push_back(*ms);
    column.samples.push_back(&sample);
  }
  return column;
}

// The figures are those of all requests, not of a sample of them.
void take_figures(const LoadLatency& latency, SideFigures& side) {
  side.count = static_cast<size_t>(latency.count);
  side.median = latency.p50_ms;
  side.p95 = latency.p95_ms;
}

MeasureComparison untested(const LoadLatency& a, const LoadLatency& b,
                           const CompareOptions& options) {
  MeasureComparison out{.name = a.name};
  take_figures(a, out.a);
  take_figures(b, out.b);
  const auto change = [](double before, double after, Change& its) {
    its.ms = after - before;
    its.relative = before > 0 ? its.ms / before : 0;
    its.verdict = Verdict::kUntested;
  };
  if (std::min(out.a.count, out.b.count) < options.count_min) return out;
  change(a.p50_ms, b.p50_ms, out.median);
  change(a.p95_ms, b.p95_ms, out.p95);
  return out;
}

SideSummary summary_of(const LoadResult& load) {
  SideSummary summary{.source = load.url, .setting = load.setting};
  if (!load.model.empty()) summary.models.push_back(load.model);
  summary.first_unix_ms = load.started_unix_ms;
  if (load.started_unix_ms > 0)
    summary.last_unix_ms = load.started_unix_ms + static_cast<int64_t>(load.seconds * 1000);
  summary.requests = static_cast<size_t>(load.sent());
  summary.answered = static_cast<size_t>(load.succeeded);
  return summary;
}

void add_shares(const LoadResult& a, const LoadResult& b, Comparison& out) {
  const auto add = [&](const char* name, int64_t LoadResult::*count, int64_t of_a, int64_t of_b) {
    out.shares.push_back(compare_share(name, static_cast<size_t>(a.*count),
                                       static_cast<size_t>(of_a), static_cast<size_t>(b.*count),
                                       static_cast<size_t>(of_b)));
  };
  add("failed", &LoadResult::failed, a.sent(), b.sent());
  add("refused", &LoadResult::refused, a.sent(), b.sent());
  add("rejected", &LoadResult::rejected, a.sent(), b.sent());
  add("never sent", &LoadResult::never_sent, a.sent() + a.never_sent, b.sent() + b.never_sent);
}

}  // namespace

Comparison compare_loads(const LoadResult& a, const LoadResult& b, const CompareOptions& options) {
  Comparison out{.a = summary_of(a), .b = summary_of(b), .language = options.language};
  const Language in = options.language;
  Random random(options.seed);
  for (const LoadLatency& one : a.latencies) {
    const auto other = std::ranges::find(b.latencies, one.name, &LoadLatency::name);
    if (other == b.latencies.end()) continue;
    const Column column_a = column_of(a, one.name);
    const Column column_b = column_of(b, one.name);
    if (column_a.ms.empty() || column_b.ms.empty()) {
      out.measures.push_back(untested(one, *other, options));
      continue;
    }
    out.measures.push_back(compare_measure(one.name, MeasureKind::kHeadline, column_a.side(),
                                           column_b.side(), 0, options, random));
    take_figures(one, out.measures.back().a);
    take_figures(*other, out.measures.back().b);
  }
  add_shares(a, b, out);
  if (!a.has_samples || !b.has_samples) {
    out.untested =
        say(in,
            "{} only percentiles, as older versions of qaio load wrote, from which chance cannot "
            "be told; run the load again",
            "{}只有分位数（旧版本的 qaio load 所写），看不出是否出于偶然；请重新运行负载测试",
            a.has_samples   ? say(in, "B holds", "B ")
            : b.has_samples ? say(in, "A holds", "A ")
                            : say(in, "both hold", "两者都"));
  } else if (std::ranges::any_of(out.measures,
                                 [](const auto& one) { return one.name == "inter_token"; })) {
    out.notes.push_back(
        say(in, "inter_token is not tested: the pieces of one answer are not independent; tpot is.",
            "inter_token 未检验：同一回答的各片段并不独立；检验的是 tpot。"));
  }
  if (a.setting != b.setting)
    out.notes.push_back(
        say(in, "The loads differ: {} and {}.", "两次负载不同：{} 与 {}。", a.setting, b.setting));
  conclude(options, out);
  return out;
}

}  // namespace qaio
