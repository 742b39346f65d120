// A comparison for people at a terminal.
#include <fmt/format.h>

#include <cmath>

#include "base/text_table.h"
#include "base/utc_text.h"
#include "report/compare.h"

namespace qaio {
namespace {

using enum Table::Align;

std::string share_name(Language in, const std::string& name) {
  if (in == Language::kEnglish) return name;
  if (name == "failed") return "失败";
  if (name == "refused") return "因过载被拒绝";
  return name == "rejected" ? "因错误被拒绝" : "从未发出";
}

std::string sides_table(const Grid& sides) {
  Table table({kLeft, kLeft, kLeft});
  for (const auto& row : sides.rows) table.row(row);
  return table.text();
}

// Whole percents where tenths say nothing.
std::string percent_text(double relative) {
  const double percent = 100 * relative;
  return fmt::format("{:+.{}f}", percent, std::abs(percent) < 100 ? 1 : 0);
}

std::string interval_text(Language in, const Change& change) {
  if (!change.interval) return "";
  return say(in, "{} to {} %", "{} 到 {} %", percent_text(change.interval->low),
             percent_text(change.interval->high));
}

std::string measures_table(const Comparison& comparison,
                           const std::vector<MeasureComparison>& measures) {
  const Language in = comparison.language;
  const std::string change = say(in, "change", "变化");
  const std::string interval = say(in, "95 % interval", "95 % 区间");
  Table table({kLeft, kRight, kRight, kRight, kRight, kRight, kRight, kRight, kRight, kLeft});
  table.row({"ms", "A p50", "B p50", change, interval, "A p95", "B p95", change, interval,
             say(in, "verdict", "判定")});
  for (const MeasureComparison& measure : measures) {
    const auto aligned = [&](const Change& its) {
      return change_text(measure, its) + (measure.at_equal_tokens ? "" : " ");
    };
    table.row({measure.name, ms_text(measure.a.median), ms_text(measure.b.median),
               aligned(measure.median), interval_text(in, measure.median), ms_text(measure.a.p95),
               ms_text(measure.b.p95), aligned(measure.p95), interval_text(in, measure.p95),
               verdict_text(in, measure)});
  }
  return table.text();
}

}  // namespace

std::string change_text(const MeasureComparison& measure, const Change& change) {
  if (change.verdict == Verdict::kTooFew) return "";
  return percent_text(change.relative) + (measure.at_equal_tokens ? " %*" : " %");
}

// Rows that are empty on both sides are left out.
Grid comparison_sides(const Comparison& comparison) {
  const Language in = comparison.language;
  Grid sides{.right = {false, false, false}, .rows = {{"", "A", "B"}}};
  const auto row = [&](const std::string& name, const auto& text_of) {
    std::string a = text_of(comparison.a);
    std::string b = text_of(comparison.b);
    if (!a.empty() || !b.empty()) sides.rows.push_back({name, std::move(a), std::move(b)});
  };
  const auto time_text = [](int64_t unix_ms) {
    return unix_ms > 0 ? utc_second_text(unix_ms) : "";
  };
  row(say(in, "file", "文件"), [](const SideSummary& side) { return side.source; });
  row(say(in, "version", "版本"),
      [&](const SideSummary& side) { return list_text(in, side.versions); });
  row(say(in, "model", "模型"),
      [&](const SideSummary& side) { return list_text(in, side.models); });
  row(say(in, "load", "负载"), [](const SideSummary& side) { return side.setting; });
  row(say(in, "first", "最早"),
      [&](const SideSummary& side) { return time_text(side.first_unix_ms); });
  row(say(in, "last", "最晚"),
      [&](const SideSummary& side) { return time_text(side.last_unix_ms); });
  row(say(in, "requests", "请求"),
      [](const SideSummary& side) { return std::to_string(side.requests); });
  row(say(in, "answered", "得到回答"),
      [](const SideSummary& side) { return std::to_string(side.answered); });
  for (const ShareComparison& share : comparison.shares) {
    if (share.count_a + share.count_b == 0) continue;
    const auto text = [](size_t count, double of) {
      return fmt::format("{} ({:.3g} %)", count, 100 * of);
    };
    sides.rows.push_back(
        {share_name(in, share.name), text(share.count_a, share.share_a()),
         text(share.count_b, share.share_b()) +
             (share.verdict == Verdict::kSame ? "" : "  " + verdict_text(in, share.verdict))});
  }
  return sides;
}

std::string comparison_text(const Comparison& comparison) {
  const Language in = comparison.language;
  std::string out = sides_table(comparison_sides(comparison));
  std::vector<MeasureComparison> shown;
  std::vector<std::string> small;
  bool at_equal_tokens = false;
  for (const MeasureComparison& measure : comparison.measures) {
    at_equal_tokens |= measure.at_equal_tokens;
    if (measure.immaterial) {
      small.push_back(measure.name);
    } else {
      shown.push_back(measure);
    }
  }
  if (!shown.empty()) out += '\n' + measures_table(comparison, shown);
  std::string said;
  if (at_equal_tokens) {
    said += say(in,
                "* compared at equal numbers of prompt and output tokens, which explain most of "
                "it\n",
                "* 按相同的提示词和输出词元数比较，这两者解释了大部分用时\n");
  }
  if (!small.empty())
    said += say(in, "Too small to matter: {}.\n", "小到无关紧要：{}。\n", list_text(in, small));
  for (const std::string& note : comparison.notes) said += note + '\n';
  // Why there is no answer is the caller's to say, as an error.
  const bool answered =
      comparison.verdict != Verdict::kTooFew && comparison.verdict != Verdict::kUntested;
  if (answered) said += comparison.sentence + '\n';
  return said.empty() ? out : out + '\n' + said;
}

}  // namespace qaio
