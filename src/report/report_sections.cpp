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

std::string run_text(Language in, const RunInfo& run) {
  if (run.version.empty()) return say(in, "an unknown run", "未知的一次运行");
  const auto threads = static_cast<size_t>(std::max(run.threads, 0));
  return say(in, "version {}, model {}, {}, {}", "版本 {}，模型 {}，{}，{}", run.version,
             run.model.empty() ? say(in, "unknown", "未知") : run.model, run.isa,
             say(in, "{}", "{1} 个线程", plural(threads, "thread"), threads));
}

// What a request that is not counted ended with: error codes are the same everywhere.
std::string other_text(Language in, const std::string& name) {
  if (in == Language::kEnglish) return name;
  if (name == Report::kWithoutTasks) return "没有运行任务";
  if (name.starts_with(Report::kStatus)) return "状态码 " + name.substr(Report::kStatus.size());
  return name;
}

Section overview(const Report& report) {
  const Language in = report.language;
  Section section{.kind = Section::Kind::kOverview, .title = say(in, "Overview", "概况")};
  if (report.requests == 0) {
    section.sentences.push_back(say(in, "No records.", "没有记录。"));
    return section;
  }
  section.sentences.push_back(say(
      in, "{0}, {1} answered, from {2} to {3}.", "{4} 个请求，{1} 个得到回答，从 {2} 到 {3}。",
      plural(report.requests, "request"), report.answered, utc_second_text(report.first_unix_ms),
      utc_second_text(report.last_unix_ms), report.requests));
  for (const auto& [name, count] : report.others)
    section.sentences.push_back(
        say(in, "Not counted: {} ({}).", "未计入：{} 个（{}）。", count, other_text(in, name)));
  std::vector<std::string> seen;
  for (const RunInfo& run : report.runs) {
    std::string text = run_text(in, run);
    if (std::ranges::find(seen, text) == seen.end()) seen.push_back(std::move(text));
  }
  section.sentences.push_back(say(in, "{0}: {1}.", "{2} 次运行：{1}。",
                                  plural(report.runs.size(), "run"), clauses_text(in, seen),
                                  report.runs.size()));
  if (report.answered == 0) return section;
  const Throughput& rate = report.throughput;
  section.sentences.push_back(
      say(in,
          "{:.2f} requests/s, {:.1f} prompt tokens/s ({:.0f} % from the prefix cache), "
          "{:.1f} output tokens/s over {:.1f} s; {:.1f} requests at once, {:.2f} cores, "
          "{:.0f} MiB resident.",
          "每秒 {:.2f} 个请求、{:.1f} 个提示词元（{:.0f} % 来自前缀缓存）、{:.1f} 个输出词元，"
          "历时 {:.1f} s；平均 {:.1f} 个请求同时进行，{:.2f} 个核心，常驻内存 {:.0f} MiB。",
          rate.requests_s, rate.prompt_tokens_s, 100 * rate.cached_share, rate.output_tokens_s,
          rate.seconds, rate.in_flight, rate.cpu_cores, rate.resident_mib));
  if (rate.questions_per_request > 1) {  // where each asks one, they are what requests are
    section.sentences.push_back(say(in, "{:.2f} questions/s, {:.1f} in a request on average.",
                                    "每秒 {:.2f} 个问题，平均每个请求 {:.1f} 个。",
                                    rate.questions_s, rate.questions_per_request));
  }
  return section;
}

Section findings(const Report& report) {
  const Language in = report.language;
  Section section{.kind = Section::Kind::kFindings, .title = say(in, "Findings", "结论")};
  if (report.findings.empty()) {
    section.sentences.push_back(
        say(in, "Nothing that these records support.", "这些记录不足以得出结论。"));
  }
  if (!report.limits_known) {
    section.sentences.push_back(say(
        in,
        "How near prefill and decode come to the hardware's limits was not measured; qaio "
        "report --limits does that, on the machine that served.",
        "没有测量读取和生成离硬件极限有多近；在提供服务的机器上运行 qaio report --limits 即可。"));
  }
  return section;
}

Section stages(const Report& report) {
  const Language in = report.language;
  Section section{.kind = Section::Kind::kStages,
                  .title = say(in, "Stages, in ms", "各阶段，单位 ms")};
  Grid grid{.right = {false, true, true, true, true, true, true, true}, .rows = {}};
  grid.rows.push_back({say(in, "stage", "阶段"), say(in, "count", "次数"), say(in, "mean", "平均"),
                       say(in, "share", "占比"), "p50", "p95", "p99", say(in, "max", "最大")});
  for (const StageRow& row : report.stages) {
    const bool of_time =
        row.name != "tpot" && row.name != "ttft" && row.name != "ttft_since_scheduled";
    grid.rows.push_back({row.name, std::to_string(row.count), ms_text(row.mean),
                         of_time ? fmt::format("{:.1f} %", 100 * row.share) : "", ms_text(row.p50),
                         ms_text(row.p95), ms_text(row.p99), ms_text(row.max)});
  }
  section.grid = std::move(grid);
  section.sentences.push_back(
      say(in,
          "Shares are of the time of all requests. Tasks run side by side within the stage tasks, "
          "so their shares do not add up.",
          "占比以所有请求的总时间为基准。各任务在 tasks 阶段内并行，因此其占比相加不等于整体。"));
  if (std::ranges::any_of(report.stages,
                          [](const StageRow& row) { return row.kind == MeasureKind::kClient; })) {
    section.sentences.push_back(
        say(in,
            "What clients reported is beside the server's time; its shares are of the whole time "
            "of those clients.",
            "客户端报告的用时不在服务器的时间之内；其占比以这些客户端的全部时间为基准。"));
  }
  return section;
}

std::string slo_word(Language in, SloVerdict verdict) {
  switch (verdict) {
    case SloVerdict::kKept:
      return say(in, "kept", "达标");
    case SloVerdict::kBroken:
      return say(in, "BROKEN", "未达标");
    case SloVerdict::kTooFew:
      return say(in, "too few", "请求太少");
  }
  return "";
}

// A percentile, or the share of bad requests.
std::string slo_value(double value, SloUnit unit) {
  return unit == SloUnit::kMilliseconds ? ms_text(value) + " ms"
                                        : fmt::format("{:.3g} %", 100 * value);
}

// As slo_promise() says it.
std::string promise_text(Language in, const SloRule& rule) {
  if (in == Language::kEnglish) return slo_promise(rule);
  if (rule.of_errors()) return rule.task.empty() ? "没有错误" : rule.task + " 没有错误";
  return fmt::format("{}{} 不超过 {:g} ms", rule.task.empty() ? "" : rule.task + " 的 ",
                     rule.metric, to_ms(rule.threshold_ns));
}

Section slo(const Report& report) {
  const Language in = report.language;
  Section section{.kind = Section::Kind::kSlo, .title = say(in, "SLA rules", "SLA 规则")};
  Grid grid{.right = {false, false, true, true, true, true, true, true, false}, .rows = {}};
  grid.rows.push_back(
      {say(in, "rule", "规则"), say(in, "good is", "合格条件"), say(in, "requests", "请求"),
       say(in, "good", "合格"), say(in, "objective", "目标"), say(in, "value", "实际"),
       say(in, "at most", "上限"), say(in, "budget left", "剩余预算"), say(in, "verdict", "判定")});
  for (const SloCompliance& one : report.slo) {
    const SloUnit unit = one.rule.unit();
    grid.rows.push_back(
        {one.rule.name, promise_text(in, one.rule), std::to_string(one.counts.total()),
         fmt::format("{:.2f} %", 100 * one.good_share()),
         fmt::format("{:g} %", 100 * one.rule.objective),
         one.value ? slo_value(*one.value, unit) : "", slo_value(one.threshold, unit),
         fmt::format("{:.0f} %", 100 * one.budget_left()), slo_word(in, one.verdict)});
  }
  section.grid = std::move(grid);
  section.sentences.push_back(
      say(in,
          "The value is the rule's percentile, or its share of bad requests, over all requests of "
          "this report. The budget is what may be bad.",
          "实际值是本报告全部请求上该规则的分位数，或不合格请求的占比；预算是允许不合格的部分。"));
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
  const Language in = report.language;
  const Waterfall& fall = report.slowest[number];
  Section section{.kind = Section::Kind::kSlowest,
                  .title = say(in, "Slowest {}: {} ms", "最慢第 {} 名：{} ms", number + 1,
                               ms_text(fall.total_ms)),
                  .sentences = {},
                  .grid = {},
                  .waterfall = number};
  section.sentences.push_back(
      say(in, "Request {}, {}, {}; {} prompt and {} output tokens.",
          "请求 {}，{}，{}；提示词 {} 个词元，输出 {} 个词元。",
          printable(fall.request_id, PrintableAs::kWord), printable(fall.path, PrintableAs::kWord),
          utc_second_text(fall.arrived_unix_ms), fall.prompt_tokens, fall.output_tokens));
  Grid grid{.right = {false, true, true, false}, .rows = {}, .bars = true};
  grid.rows.push_back({say(in, "stage", "阶段"), say(in, "begin ms", "开始 ms"), "ms", ""});
  for (const WaterfallBar& bar : fall.bars) {
    grid.rows.push_back({stage_text(bar.task, bar.stage), ms_text(bar.begin_ms),
                         ms_text(bar.end_ms - bar.begin_ms),
                         text_bar(bar.begin_ms, bar.end_ms, std::max(fall.total_ms, 1e-9))});
  }
  section.grid = std::move(grid);
  return section;
}

Section trend(const Report& report) {
  const Language in = report.language;
  const bool by_day = report.trend_by == TrendBy::kDay;
  Section section{.kind = Section::Kind::kTrend,
                  .title = by_day ? say(in, "Trend by day, in ms", "按天的趋势，单位 ms")
                                  : say(in, "Trend by version, in ms", "按版本的趋势，单位 ms")};
  Grid grid{.right = {false, true, true, true, true, true, true, false}, .rows = {}};
  grid.rows.push_back({by_day ? say(in, "day", "日期") : say(in, "version", "版本"),
                       say(in, "requests", "请求"), "p50", say(in, "95 % interval", "95 % 区间"),
                       "p95", "ttft p50", "tpot p50", say(in, "changes", "变化")});
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
        say(in, "{} changed from {} to {} ms at {} with request {} (p = {:.1g}).",
            "{} 从 {} 变为 {} ms，自 {} 的请求 {} 起（p = {:.1g}）。", change.measure,
            ms_text(change.before_ms), ms_text(change.after_ms),
            utc_second_text(change.arrived_unix_ms), change.request_id, change.p));
  }
  section.sentences.push_back(
      say(in, "{} of total, ttft or tpot at equal tasks and tokens{}.",
          "{}（total、ttft 或 tpot，按相同任务和词元数）{}。",
          report.changes.empty() ? say(in, "No lasting change", "没有持续的变化")
                                 : say(in, "These are the lasting changes", "以上是持续的变化"),
          report.changes_left_out == 0 ? ""
                                       : say(in, "; {} smaller ones are left out",
                                             "；略去 {} 个较小的变化", report.changes_left_out)));
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
    out += "- **" + escaped(finding.meaning) + "**";
    // In Chinese too: after a full stop, only a space lets ** end.
    if (!finding.advice.empty()) out += ' ' + escaped(finding.advice);
    std::vector<std::string> sentences = {finding.statement};
    sentences.insert(sentences.end(), finding.evidence.begin(), finding.evidence.end());
    out += "\n  " + escaped(sentences_text(report.language, sentences)) + '\n';
  }
  return out;
}

}  // namespace

std::string report_title(Language language) {
  return say(language, "Where the time goes", "时间花在哪里");
}

std::vector<Section> report_sections(const Report& report) {
  std::vector<Section> sections = {overview(report)};
  if (report.answered > 0) {
    sections.push_back(findings(report));
    sections.push_back(stages(report));
  }
  if (report.requests > 0 && !report.slo.empty()) sections.push_back(slo(report));
  for (size_t i = 0; i < report.slowest.size(); ++i) sections.push_back(slowest(report, i));
  if (!report.trend.empty()) sections.push_back(trend(report));
  return sections;
}

std::string report_markdown(const Report& report) {
  std::string out = "# " + report_title(report.language) + "\n";
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
