// A report as text: for terminals, and for those who ask a server from one.
#pragma once

#include <string>

#include "report/report.h"
#include "report/report_sections.h"

namespace qaio {

std::string report_text(const Report& report);
std::string grid_text(const Grid& grid);

}  // namespace qaio
