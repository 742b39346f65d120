#include "report/html_page.h"

#include "report/charts_css.h"
#include "report/svg.h"

namespace qaio {
namespace {

constexpr std::string_view kPageCss = R"(
:root { color-scheme: light dark; }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--chart-ink); background: var(--chart-page);
  max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.7rem; margin: 0 0 1rem; } h2 { font-size: 1.2rem; margin: 2.2rem 0 .6rem; }
h3 { font-size: 1rem; margin: 1.2rem 0 .3rem; } p { margin: .3rem 0; }
.soft, figcaption, details { color: var(--chart-soft); } figure { margin: 1rem 0; }
ol { padding-left: 1.4rem; } li { margin: .9rem 0; } .meaning { font-weight: 600; }
summary { cursor: pointer; } .scroll { overflow-x: auto; }
table { border-collapse: collapse; margin: .8rem 0; }
th, td { padding: .2rem .8rem .2rem 0; border-bottom: 1px solid var(--chart-grid); text-align: left;
  font-variant-numeric: tabular-nums; white-space: nowrap; } .right { text-align: right; }
)";

}  // namespace

std::string html_head(std::string_view title, Language language) {
  return fmt::format(
      "<!doctype html>\n<html lang=\"{}\">\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width\">\n<title>{}</title>\n"
      "<style>\n{}{}</style>\n<h1>{}</h1>\n",
      language == Language::kChinese ? "zh-CN" : "en", html_escaped(title), kChartsCss, kPageCss,
      html_escaped(title));
}

std::string html_table(const Grid& grid) {
  std::string out = "<div class=\"scroll\" tabindex=\"0\"><table>\n";
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

std::string html_chart(const Chart& chart) {
  std::string out = "<figure><h3>" + html_escaped(chart.title) + "</h3>\n" +
                    "<div class=\"scroll\" tabindex=\"0\">" + chart.svg + "</div>\n";
  if (!chart.caption.empty())
    out += "<figcaption>" + html_escaped(chart.caption) + "</figcaption>\n";
  return out + "</figure>\n";
}

std::string html_soft(std::string_view sentence) {
  return "<p class=\"soft\">" + html_escaped(sentence) + "</p>\n";
}

}  // namespace qaio
