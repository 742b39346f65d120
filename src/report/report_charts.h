// The charts of a report as SVG elements, in the colours of the style sheet of report_html.cpp.
#pragma once

#include <string>
#include <string_view>

#include "report/report.h"

namespace qaio {

std::string html_escaped(std::string_view text);
// Mean and 95th percentile of each stage, as horizontal bars.
std::string stages_chart(const Report& report);
// Every request's total against its time of arrival.
std::string timeline_chart(const Report& report);
std::string waterfall_chart(const Waterfall& fall);
// The groups' medians with their intervals, 95th percentiles and changes.
std::string trend_chart(const Report& report);

}  // namespace qaio
