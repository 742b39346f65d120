// A report as one HTML file that needs nothing else: no network, no scripts; charts are inline SVG.
#pragma once

#include <string>

#include "report/report.h"

namespace qaio {

std::string report_html(const Report& report);

}  // namespace qaio
