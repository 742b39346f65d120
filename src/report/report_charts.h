// The charts of a report as SVG elements, in the colours of charts.css.
#pragma once

#include <string>
#include <vector>

#include "report/report.h"

namespace qaio {

struct Chart {
  std::string name;  // "stages", "length.chat.decode"
  std::string title;
  std::string caption;  // how to read it; may be empty
  std::string svg;
};

// Where the time of each lane goes: its stages' means, side by side.
Chart shares_chart(const Report& report);
// Mean and 95th percentile of each stage, as horizontal bars.
Chart stages_chart(const Report& report);
// Every request's total against its time of arrival.
Chart timeline_chart(const Report& report);
// A stage's time against tokens, with the fitted line and its outliers by name.
Chart length_chart(const LengthPlot& plot, Language language);
Chart waterfall_chart(const Report& report, size_t number);
// The groups' medians with their intervals, 95th percentiles and changes.
Chart trend_chart(const Report& report);

// All that the report has something for, in the order in which they are best read.
std::vector<Chart> report_charts(const Report& report);

}  // namespace qaio
