// What the HTML forms of a report and a comparison share.
#pragma once

#include <string>
#include <string_view>

#include "report/language.h"
#include "report/report_charts.h"
#include "report/report_sections.h"

namespace qaio {

// Up to the heading, which is the title.
std::string html_head(std::string_view title, Language language);
std::string html_table(const Grid& grid);
std::string html_chart(const Chart& chart);
std::string html_soft(std::string_view sentence);  // a paragraph of lesser weight

}  // namespace qaio
