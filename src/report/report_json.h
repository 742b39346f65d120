// A report for programs; docs/report.md defines every member.
#pragma once

#include <string>
#include <vector>

#include "base/json_writer.h"
#include "report/report.h"
#include "report/report_charts.h"

namespace qaio {

// One line with its newline. With `charts`: what the page shows, as SVG.
std::string report_json(const Report& report, bool charts = false);
// Appends the member "charts".
void write_charts(const std::vector<Chart>& charts, JsonWriter& json);

}  // namespace qaio
