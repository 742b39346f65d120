#include "report/report_text.h"

#include <fmt/format.h>

#include "base/printable.h"
#include "base/text_table.h"

namespace qaio {
namespace {

std::string findings_text(const Report& report) {
  std::string out;
  size_t number = 0;
  for (const Finding& finding : report.findings) {
    out += fmt::format("{}. {}\n", ++number, finding.meaning);
    if (!finding.advice.empty()) out += "   " + finding.advice + '\n';
    out += "   " + finding.statement + '\n';
    for (const std::string& sentence : finding.evidence) out += "   " + sentence + '\n';
  }
  return out;
}

}  // namespace

std::string grid_text(const Grid& grid) {
  std::vector<Table::Align> columns;
  for (const bool right : grid.right) {
    columns.push_back(right ? Table::Align::kRight : Table::Align::kLeft);
  }
  Table table(std::move(columns));
  for (const auto& row : grid.rows) table.row(row);
  return table.text();
}

std::string report_text(const Report& report) {
  std::string out;
  for (const Section& section : report_sections(report)) {
    if (!out.empty()) out += "\n" + section.title + "\n\n";
    if (section.kind == Section::Kind::kFindings && !report.findings.empty())
      out += findings_text(report) + (section.sentences.empty() ? "" : "\n");
    for (const std::string& sentence : section.sentences) out += sentence + '\n';
    if (section.grid) out += (section.sentences.empty() ? "" : "\n") + grid_text(*section.grid);
  }
  // Ids and paths are what clients chose.
  return printable(out, PrintableAs::kText);
}

}  // namespace qaio
