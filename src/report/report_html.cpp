#include "report/report_html.h"

#include "report/report_charts.h"
#include "report/report_sections.h"

namespace qaio {
namespace {

constexpr std::string_view kHead = R"(<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Where the time goes</title>
<style>
:root { --ink: #1c2430; --soft: #667085; --line: #e4e7ec; --page: #fff; --mean: #2f6fde;
  --p95: #c9dbfa; --sum: #475467; --slow: #d9482b; --prefill: #2f6fde; --decode: #12805c;
  --score: #8a4fd3; --queue: #e0a100; --tasks: #d0d5dd; --other: #98a2b3; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e9ef; --soft: #98a2b3; --line: #2d3644; --page: #12161d; --p95: #274472;
    --sum: #98a2b3; --tasks: #475467; --other: #667085; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--page);
  max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.7rem; margin: 0 0 1rem; } h2 { font-size: 1.2rem; margin: 2.2rem 0 .6rem; }
p { margin: .3rem 0; } .soft, svg text { color: var(--soft); fill: var(--soft); }
ul { padding-left: 1.2rem; } li { margin: .6rem 0; } li p { color: var(--soft); }
.scroll { overflow-x: auto; } table { border-collapse: collapse; margin: .8rem 0; }
th, td { padding: .2rem .8rem .2rem 0; border-bottom: 1px solid var(--line); text-align: left;
  font-variant-numeric: tabular-nums; white-space: nowrap; } .right { text-align: right; }
svg { width: 100%; height: auto; font: 12px system-ui, sans-serif; }
.mean { fill: var(--mean); } .p95 { fill: var(--p95); } .sum { fill: var(--sum); }
.prefill { fill: var(--prefill); } .decode { fill: var(--decode); } .score { fill: var(--score); }
.queue { fill: var(--queue); } .tasks { fill: var(--tasks); } .other { fill: var(--other); }
.grid { stroke: var(--line); } .point { fill: var(--mean); opacity: .6; }
.slow { fill: var(--slow); } .median { fill: var(--mean); }
.interval { stroke: var(--mean); stroke-width: 2; } .line { fill: none; stroke: var(--mean); }
.change { stroke: var(--slow); stroke-dasharray: 4 3; }
</style>
<h1>Where the time goes</h1>
)";

std::string table_html(const Grid& grid) {
  std::string out = "<div class=\"scroll\"><table>\n";
  for (size_t i = 0; i < grid.rows.size(); ++i) {
    const std::string tag = i == 0 ? "th" : "td";
    out += "<tr>";
    for (size_t j = 0; j < grid.rows[i].size(); ++j) {
      out += "<" + tag + (grid.right[j] ? " class=\"right\">" : ">");
      out += html_escaped(grid.rows[i][j]) + "</" + tag + ">";
    }
    out += "</tr>\n";
  }
  return out + "</table></div>\n";
}

std::string findings_html(const Report& report) {
  if (report.findings.empty()) return {};
  std::string out = "<ul>\n";
  for (const Finding& finding : report.findings) {
    out += "<li><strong>" + html_escaped(finding.statement) + "</strong>";
    for (const std::string& sentence : finding.evidence)
      out += "<p>" + html_escaped(sentence) + "</p>";
    out += "</li>\n";
  }
  return out + "</ul>\n";
}

std::string section_html(const Section& section, const Report& report) {
  std::string out = "<h2>" + html_escaped(section.title) + "</h2>\n";
  if (section.kind == Section::Kind::kFindings) out += findings_html(report);
  for (const std::string& sentence : section.sentences)
    out += "<p class=\"soft\">" + html_escaped(sentence) + "</p>\n";
  switch (section.kind) {
    case Section::Kind::kOverview:
      if (!report.timeline.empty()) out += timeline_chart(report);
      break;
    case Section::Kind::kStages:
      out += "<p class=\"soft\">Bars and figures: mean and 95th percentile.</p>\n";
      out += stages_chart(report) + table_html(*section.grid);
      break;
    case Section::Kind::kSlowest:  // the chart says what the table's text bars say
      out += waterfall_chart(report.slowest[section.waterfall]);
      break;
    case Section::Kind::kTrend:
      out += trend_chart(report) + table_html(*section.grid);
      break;
    case Section::Kind::kSlo:
      out += table_html(*section.grid);
      break;
    case Section::Kind::kFindings:
      break;
  }
  return out;
}

}  // namespace

std::string report_html(const Report& report) {
  std::string out(kHead);
  for (const Section& section : report_sections(report)) out += section_html(section, report);
  return out + "</html>\n";
}

}  // namespace qaio
