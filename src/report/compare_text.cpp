// A comparison for people at a terminal.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/text_table.h"
#include "base/utc_text.h"
#include "report/compare.h"
#include "report/report.h"

namespace qaio {
namespace {

using enum Table::Align;

std::string names_text(const std::vector<std::string>& names) {
  return fmt::format("{}", fmt::join(names, ", "));
}

// Rows that are empty on both sides are left out.
std::string sides_table(const Comparison& comparison) {
  Table table({kLeft, kLeft, kLeft});
  table.row({"", "A", "B"});
  const auto row = [&](const std::string& name, const auto& text_of) {
    std::string a = text_of(comparison.a);
    std::string b = text_of(comparison.b);
    if (!a.empty() || !b.empty()) table.row({name, std::move(a), std::move(b)});
  };
  const auto time_text = [](int64_t unix_ms) {
    return unix_ms > 0 ? utc_second_text(unix_ms) : "";
  };
  row("file", [](const SideSummary& side) { return side.source; });
  row("version", [](const SideSummary& side) { return names_text(side.versions); });
  row("model", [](const SideSummary& side) { return names_text(side.models); });
  row("load", [](const SideSummary& side) { return side.setting; });
  row("first", [&](const SideSummary& side) { return time_text(side.first_unix_ms); });
  row("last", [&](const SideSummary& side) { return time_text(side.last_unix_ms); });
  row("requests", [](const SideSummary& side) { return std::to_string(side.requests); });
  row("answered", [](const SideSummary& side) { return std::to_string(side.answered); });
  for (const ShareComparison& share : comparison.shares) {
    if (share.count_a + share.count_b == 0) continue;
    const auto text = [](size_t count, double of) {
      return fmt::format("{} ({:.3g} %)", count, 100 * of);
    };
    table.row(
        {share.name, text(share.count_a, share.share_a()),
         text(share.count_b, share.share_b()) +
             (share.verdict == Verdict::kSame ? ""
                                              : fmt::format("  {}", verdict_name(share.verdict)))});
  }
  return table.text();
}

// Whole percents where tenths say nothing.
std::string percent_text(double relative) {
  const double percent = 100 * relative;
  return fmt::format("{:+.{}f}", percent, std::abs(percent) < 100 ? 1 : 0);
}

std::string interval_text(const Change& change) {
  if (!change.interval) return "";
  return fmt::format("{} to {} %", percent_text(change.interval->low),
                     percent_text(change.interval->high));
}

std::string verdict_text(const MeasureComparison& measure) {
  if (measure.verdict != Verdict::kSlower && measure.verdict != Verdict::kFaster)
    return std::string(verdict_name(measure.verdict));
  const bool median = measure.median.verdict == measure.verdict;
  const bool tail = measure.p95.verdict == measure.verdict;
  return fmt::format("{}{}", verdict_name(measure.verdict),
                     median && tail ? " (median, p95)"
                     : tail         ? " (p95)"
                                    : "");
}

std::string measures_table(const std::vector<MeasureComparison>& measures) {
  Table table({kLeft, kRight, kRight, kRight, kRight, kRight, kRight, kRight, kRight, kLeft});
  table.row({"ms", "A p50", "B p50", "change", "95 % interval", "A p95", "B p95", "change",
             "95 % interval", "verdict"});
  for (const MeasureComparison& measure : measures) {
    const auto change = [&](const Change& its) {
      return its.verdict == Verdict::kTooFew
                 ? ""
                 : percent_text(its.relative) + (measure.at_equal_tokens ? " %*" : " % ");
    };
    table.row({measure.name, ms_text(measure.a.median), ms_text(measure.b.median),
               change(measure.median), interval_text(measure.median), ms_text(measure.a.p95),
               ms_text(measure.b.p95), change(measure.p95), interval_text(measure.p95),
               verdict_text(measure)});
  }
  return table.text();
}

}  // namespace

std::string comparison_text(const Comparison& comparison) {
  std::string out = sides_table(comparison);
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
  if (!shown.empty()) out += '\n' + measures_table(shown);
  std::string said;
  if (at_equal_tokens)
    said += "* compared at equal numbers of prompt and output tokens, which explain most of it\n";
  if (!small.empty()) said += fmt::format("Too small to matter: {}.\n", fmt::join(small, ", "));
  for (const std::string& note : comparison.notes) said += note + '\n';
  // Why there is no answer is the caller's to say, as an error.
  const bool answered =
      comparison.verdict != Verdict::kTooFew && comparison.verdict != Verdict::kUntested;
  if (answered) said += comparison.sentence + '\n';
  return said.empty() ? out : out + '\n' + said;
}

}  // namespace qaio
