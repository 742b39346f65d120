#include "observe/report_text.h"

#include <fmt/format.h>

#include "base/text_table.h"
#include "observe/report_sections.h"

namespace qaio {
namespace {

using enum Table::Align;

std::string grid_text(const Grid& grid) {
  std::vector<Table::Align> columns;
  for (const bool right : grid.right) columns.push_back(right ? kRight : kLeft);
  Table table(std::move(columns));
  for (const auto& row : grid.rows) table.row(row);
  return table.text();
}

std::string findings_text(const Report& report) {
  std::string out;
  size_t number = 0;
  for (const Finding& finding : report.findings) {
    out += fmt::format("{}. {}\n", ++number, finding.statement);
    for (const std::string& sentence : finding.evidence) out += "   " + sentence + '\n';
  }
  return out;
}

std::string interval_text(const std::optional<Interval>& interval) {
  return interval ? fmt::format("{}-{}", ms_text(interval->low), ms_text(interval->high)) : "";
}

}  // namespace

std::string report_text(const Report& report) {
  std::string out;
  for (const Section& section : report_sections(report)) {
    if (!out.empty()) out += "\n" + section.title + "\n\n";
    if (section.kind == Section::Kind::kFindings) out += findings_text(report);
    for (const std::string& sentence : section.sentences) out += sentence + '\n';
    if (section.grid) out += (section.sentences.empty() ? "" : "\n") + grid_text(*section.grid);
  }
  return out;
}

std::string comparison_text(const Comparison& comparison) {
  Table table({kLeft, kRight, kRight, kRight, kRight, kRight, kRight, kRight, kRight, kLeft});
  table.row({"ms", "A p50", "95 %", "A p95", "B p50", "95 %", "B p95", "change", "p", "verdict"});
  bool at_equal_tokens = false;
  for (const MeasureComparison& measure : comparison.measures) {
    at_equal_tokens |= measure.at_equal_tokens;
    const bool tested = measure.verdict != Verdict::kTooFew && !measure.immaterial;
    table.row({measure.name, ms_text(measure.a.median), interval_text(measure.a.median_interval),
               ms_text(measure.a.p95), ms_text(measure.b.median),
               interval_text(measure.b.median_interval), ms_text(measure.b.p95),
               tested ? fmt::format("{:+.1f} %{}", 100 * measure.change,
                                    measure.at_equal_tokens ? "*" : " ")
                      : "",
               measure.p ? fmt::format("{:.2g}", *measure.p) : "",
               std::string(verdict_name(measure.verdict))});
  }
  std::string out = table.text() + "\n";
  if (at_equal_tokens)
    out += "* compared at equal numbers of prompt and output tokens, which explain most of it\n";
  for (const std::string& note : comparison.notes) out += note + '\n';
  return out + comparison.sentence + '\n';
}

}  // namespace qaio
