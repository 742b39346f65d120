#include "report/report_sections.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/printable.h"
#include "base/utc_text.h"

namespace qaio {
namespace {

constexpr int kBarWidth = 40;

std::string plural(size_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

std::string run_text(const RunInfo& run) {
  if (run.version.empty()) return "an unknown run";
  return fmt::format("version {}, model {}, {}, {}", run.version,
                     run.model.empty() ? "unknown" : run.model, run.isa,
                     plural(static_cast<size_t>(std::max(run.threads, 0)), "thread"));
}

Section overview(const Report& report) {
  Section section{.kind = Section::Kind::kOverview, .title = "Overview"};
  if (report.requests == 0) {
    section.sentences.emplace_back("No records.");
    return section;
  }
  section.sentences.push_back(fmt::format(
      "{}, {} answered, from {} to {}.", plural(report.requests, "request"), report.answered,
      utc_second_text(report.first_unix_ms), utc_second_text(report.last_unix_ms)));
  for (const auto& [name, count] : report.others)
    section.sentences.push_back(fmt::format("Not counted: {} ({}).", count, name));
  std::vector<std::string> seen;
  for (const RunInfo& run : report.runs) {
    std::string text = run_text(run);
    if (std::ranges::find(seen, text) == seen.end()) seen.push_back(std::move(text));
  }
  section.sentences.push_back(
      fmt::format("{}: {}.", plural(report.runs.size(), "run"), fmt::join(seen, "; ")));
  if (report.answered == 0) return section;
  const Throughput& rate = report.throughput;
  section.sentences.push_back(fmt::format(
      "{:.2f} requests/s, {:.1f} prompt tokens/s ({:.0f} % from the prefix cache), "
      "{:.1f} output tokens/s over {:.1f} s; {:.1f} requests at once, {:.2f} cores, "
      "{:.0f} MiB resident.",
      rate.requests_s, rate.prompt_tokens_s, 100 * rate.cached_share, rate.output_tokens_s,
      rate.seconds, rate.in_flight, rate.cpu_cores, rate.resident_mib));
  return section;
}

Section findings(const Report& report) {
  Section section{.kind = Section::Kind::kFindings, .title = "Findings"};
  if (report.findings.empty())
    section.sentences.emplace_back("Nothing that these records support.");
  if (!report.limits_known && report.answered > 0) {
    section.sentences.emplace_back(
        "How near prefill and decode come to the hardware's limits was not measured; qaio report "
        "--limits does that, on the machine that served.");
  }
  return section;
}

Section stages(const Report& report) {
  Section section{.kind = Section::Kind::kStages, .title = "Stages, in ms"};
  Grid grid{.right = {false, true, true, true, true, true, true, true}, .rows = {}};
  grid.rows.push_back({"stage", "count", "mean", "share", "p50", "p95", "p99", "max"});
  for (const StageRow& row : report.stages) {
    const bool of_time =
        row.name != "tpot" && row.name != "ttft" && row.name != "ttft_since_scheduled";
    grid.rows.push_back({row.name, std::to_string(row.count), ms_text(row.mean),
                         of_time ? fmt::format("{:.1f} %", 100 * row.share) : "", ms_text(row.p50),
                         ms_text(row.p95), ms_text(row.p99), ms_text(row.max)});
  }
  section.grid = std::move(grid);
  section.sentences.emplace_back(
      "Shares are of the time of all requests. Tasks run side by side within the stage tasks, so "
      "their shares do not add up.");
  if (std::ranges::any_of(report.stages,
                          [](const StageRow& row) { return row.kind == MeasureKind::kClient; })) {
    section.sentences.emplace_back(
        "What clients reported is beside the server's time; its shares are of the whole time of "
        "those clients.");
  }
  return section;
}

std::string_view slo_word(SloVerdict verdict) {
  switch (verdict) {
    case SloVerdict::kKept:
      return "kept";
    case SloVerdict::kBroken:
      return "BROKEN";
    case SloVerdict::kTooFew:
      return "too few";
  }
  return "";
}

// A percentile, or the share of bad requests.
std::string slo_value(double value, SloUnit unit) {
  return unit == SloUnit::kMilliseconds ? ms_text(value) + " ms"
                                        : fmt::format("{:.3g} %", 100 * value);
}

Section slo(const Report& report) {
  Section section{.kind = Section::Kind::kSlo, .title = "SLA rules"};
  Grid grid{.right = {false, false, true, true, true, true, true, true, false}, .rows = {}};
  grid.rows.push_back({"rule", "good is", "requests", "good", "objective", "value", "at most",
                       "budget left", "verdict"});
  for (const SloCompliance& one : report.slo) {
    const SloUnit unit = one.rule.unit();
    grid.rows.push_back(
        {one.rule.name, slo_promise(one.rule), std::to_string(one.counts.total()),
         fmt::format("{:.2f} %", 100 * one.good_share()),
         fmt::format("{:g} %", 100 * one.rule.objective),
         one.value ? slo_value(*one.value, unit) : "", slo_value(one.threshold, unit),
         fmt::format("{:.0f} %", 100 * one.budget_left()), std::string(slo_word(one.verdict))});
  }
  section.grid = std::move(grid);
  section.sentences.emplace_back(
      "The value is the rule's percentile, or its share of bad requests, over all requests of this "
      "report. The budget is what may be bad.");
  return section;
}

// "      ██████  " of a bar in time.
std::string text_bar(double begin_ms, double end_ms, double total_ms) {
  const auto column = [&](double ms) {
    return static_cast<int>(std::lround(std::clamp(ms / total_ms, 0.0, 1.0) * kBarWidth));
  };
  const int begin = std::clamp(column(begin_ms), 0, kBarWidth - 1);
  const int end = std::clamp(column(end_ms), begin, kBarWidth);
  std::string bar(static_cast<size_t>(begin), ' ');
  if (end == begin) return bar + "▏";
  for (int i = begin; i < end; ++i) bar += "█";
  return bar;
}

Section slowest(const Report& report, size_t number) {
  const Waterfall& fall = report.slowest[number];
  Section section{.kind = Section::Kind::kSlowest,
                  .title = fmt::format("Slowest {}: {} ms", number + 1, ms_text(fall.total_ms)),
                  .sentences = {},
                  .grid = {},
                  .waterfall = number};
  section.sentences.push_back(fmt::format(
      "Request {}, {}, {}; {} prompt and {} output tokens.",
      printable(fall.request_id, PrintableAs::kWord), printable(fall.path, PrintableAs::kWord),
      utc_second_text(fall.arrived_unix_ms), fall.prompt_tokens, fall.output_tokens));
  Grid grid{.right = {false, true, true, false}, .rows = {}, .bars = true};
  grid.rows.push_back({"stage", "begin ms", "ms", ""});
  for (const WaterfallBar& bar : fall.bars) {
    const std::string stage(stage_name(bar.stage));
    grid.rows.push_back({bar.task.empty() ? stage : bar.task + "." + stage, ms_text(bar.begin_ms),
                         ms_text(bar.end_ms - bar.begin_ms),
                         text_bar(bar.begin_ms, bar.end_ms, std::max(fall.total_ms, 1e-9))});
  }
  section.grid = std::move(grid);
  return section;
}

Section trend(const Report& report) {
  const bool by_day = report.trend_by == TrendBy::kDay;
  Section section{.kind = Section::Kind::kTrend,
                  .title = by_day ? "Trend by day, in ms" : "Trend by version, in ms"};
  Grid grid{.right = {false, true, true, true, true, true, true, false}, .rows = {}};
  grid.rows.push_back({by_day ? "day" : "version", "requests", "p50", "95 % interval", "p95",
                       "ttft p50", "tpot p50", "changes"});
  for (const TrendGroup& group : report.trend) {
    std::vector<std::string> marks;
    for (const TrendChange& change : report.changes) {
      if (change.label != group.label) continue;
      marks.push_back(fmt::format("{} {:+.0f} %", change.measure,
                                  100 * (change.after_ms / change.before_ms - 1)));
    }
    grid.rows.push_back(
        {group.label, std::to_string(group.count), ms_text(group.p50),
         fmt::format("{}-{}", ms_text(group.p50_interval.low), ms_text(group.p50_interval.high)),
         ms_text(group.p95), ms_text(group.ttft_p50), ms_text(group.tpot_p50),
         fmt::format("{}", fmt::join(marks, ", "))});
  }
  section.grid = std::move(grid);
  for (const TrendChange& change : report.changes) {
    section.sentences.push_back(
        fmt::format("{} changed from {} to {} ms at {} with request {} (p = {:.1g}).",
                    change.measure, ms_text(change.before_ms), ms_text(change.after_ms),
                    utc_second_text(change.arrived_unix_ms), change.request_id, change.p));
  }
  section.sentences.push_back(
      fmt::format("{} of total, ttft or tpot at equal tasks and tokens{}.",
                  report.changes.empty() ? "No lasting change" : "These are the lasting changes",
                  report.changes_left_out == 0
                      ? ""
                      : fmt::format("; {} smaller ones are left out", report.changes_left_out)));
  return section;
}

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '|' || c == '*' || c == '_' || c == '<' || c == '[' || c == '`' || c == '\\')
      out += '\\';
    out += c;
  }
  return out;
}

// In a fixed width, with spaces that stay.
std::string markdown_bar(std::string_view bar) {
  std::string out = "`";
  for (const char c : bar) c == ' ' ? out += "\u00a0" : out += c;
  return out + '`';
}

std::string markdown_row(const std::vector<std::string>& cells, bool last_is_bar) {
  std::string row = "|";
  for (const std::string& cell : cells) {
    const bool bar = last_is_bar && &cell == &cells.back() && !cell.empty();
    row += ' ' + (bar ? markdown_bar(cell) : escaped(cell)) + " |";
  }
  return row + '\n';
}

std::string markdown_table(const Grid& grid) {
  std::string out = markdown_row(grid.rows[0], false) + '|';
  for (const bool right : grid.right) out += right ? "---:|" : "---|";
  out += '\n';
  for (size_t i = 1; i < grid.rows.size(); ++i) out += markdown_row(grid.rows[i], grid.bars);
  return out;
}

std::string markdown_findings(const Report& report) {
  std::string out;
  for (const Finding& finding : report.findings) {
    out += "- **" + escaped(finding.statement) + "**";
    for (const std::string& sentence : finding.evidence) out += ' ' + escaped(sentence);
    out += '\n';
  }
  return out;
}

}  // namespace

std::vector<Section> report_sections(const Report& report) {
  std::vector<Section> sections = {overview(report)};
  if (report.answered > 0) {
    sections.push_back(findings(report));
    sections.push_back(stages(report));
  }
  if (report.requests > 0 && !report.slo.empty()) sections.push_back(slo(report));
  if (report.answered > 0) {
    for (size_t i = 0; i < report.slowest.size(); ++i) sections.push_back(slowest(report, i));
  }
  if (report.trend_by != TrendBy::kNone && !report.trend.empty()) sections.push_back(trend(report));
  return sections;
}

std::string report_markdown(const Report& report) {
  std::string out = "# Where the time goes\n";
  for (const Section& section : report_sections(report)) {
    std::vector<std::string> blocks = {"## " + escaped(section.title) + '\n'};
    if (section.kind == Section::Kind::kFindings) blocks.push_back(markdown_findings(report));
    std::string paragraph;
    for (const std::string& sentence : section.sentences)  // two spaces: the line ends
      paragraph += escaped(sentence) + (&sentence == &section.sentences.back() ? "\n" : "  \n");
    blocks.push_back(std::move(paragraph));
    if (section.grid) blocks.push_back(markdown_table(*section.grid));
    for (const std::string& block : blocks)
      if (!block.empty()) out += '\n' + block;
  }
  return out;
}

}  // namespace qaio
