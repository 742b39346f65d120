#include "report/report_html.h"

#include "report/html_page.h"
#include "report/svg.h"

namespace qaio {
namespace {

// What it means and what to do; the evidence folds out.
std::string findings_html(const Report& report) {
  if (report.findings.empty()) return {};
  std::string out = "<ol>\n";
  for (const Finding& finding : report.findings) {
    out += "<li><p class=\"meaning\">" + html_escaped(finding.meaning) + "</p>\n";
    if (!finding.advice.empty()) out += "<p>" + html_escaped(finding.advice) + "</p>\n";
    out += "<details><summary>" + say(report.language, "Evidence", "依据") + "</summary>\n<p>" +
           html_escaped(finding.statement) + "</p>\n";
    for (const std::string& sentence : finding.evidence)
      out += "<p>" + html_escaped(sentence) + "</p>\n";
    out += "</details></li>\n";
  }
  return out + "</ol>\n";
}

std::string overview_charts(const Report& report) {
  std::string out = html_chart(shares_chart(report));
  if (!report.timeline.empty()) out += html_chart(timeline_chart(report));
  return out;
}

std::string section_html(const Section& section, const Report& report) {
  std::string out = "<h2>" + html_escaped(section.title) + "</h2>\n";
  if (section.kind == Section::Kind::kFindings) out += findings_html(report);
  for (const std::string& sentence : section.sentences) out += html_soft(sentence);
  switch (section.kind) {
    case Section::Kind::kOverview:
      break;
    case Section::Kind::kFindings:  // what people read first, before any picture
      out += overview_charts(report);
      for (const LengthPlot& plot : report.lengths)
        out += html_chart(length_chart(plot, report.language));
      break;
    case Section::Kind::kStages:
      out += html_chart(stages_chart(report)) + html_table(*section.grid);
      break;
    case Section::Kind::kSlowest:  // the chart says what the table's text bars say
      out += html_chart(waterfall_chart(report, section.waterfall));
      break;
    case Section::Kind::kTrend:
      out += html_chart(trend_chart(report)) + html_table(*section.grid);
      break;
    case Section::Kind::kSlo:
      out += html_table(*section.grid);
      break;
  }
  return out;
}

}  // namespace

std::string report_html(const Report& report) {
  std::string out = html_head(report_title(report.language), report.language);
  for (const Section& section : report_sections(report)) out += section_html(section, report);
  return out + "</html>\n";
}

}  // namespace qaio
