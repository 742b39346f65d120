// A comparison as one HTML file that needs nothing else.
#include "report/compare.h"
#include "report/compare_chart.h"
#include "report/html_page.h"
#include "report/svg.h"

namespace qaio {
namespace {

Grid measures_grid(const Comparison& comparison) {
  const Language in = comparison.language;
  Grid grid{.right = {false, true, true, true, true, true, true, false}, .rows = {}};
  grid.rows.push_back({"ms", "A p50", "B p50", say(in, "change", "变化"), "A p95", "B p95",
                       say(in, "change", "变化"), say(in, "verdict", "判定")});
  for (const MeasureComparison& measure : comparison.measures) {
    grid.rows.push_back({measure.name, ms_text(measure.a.median), ms_text(measure.b.median),
                         change_text(measure, measure.median), ms_text(measure.a.p95),
                         ms_text(measure.b.p95), change_text(measure, measure.p95),
                         verdict_text(in, measure)});
  }
  return grid;
}

}  // namespace

std::string comparison_html(const Comparison& comparison) {
  const Language in = comparison.language;
  std::string out = html_head(say(in, "Is B slower than A?", "B 比 A 慢吗？"), in);
  out += "<p class=\"meaning\">" + html_escaped(comparison.sentence) + "</p>\n";
  out += html_table(comparison_sides(comparison));
  for (const std::string& note : comparison.notes) out += html_soft(note);
  if (const std::optional<Chart> chart = comparison_chart(comparison)) {
    out += html_chart(*chart) + "<details><summary>" + say(in, "All figures", "全部数字") +
           "</summary>\n" + html_table(measures_grid(comparison)) + "</details>\n";
  }
  return out + "</html>\n";
}

}  // namespace qaio
