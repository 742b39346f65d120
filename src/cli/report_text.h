// Reports and comparisons for terminals.
#pragma once

#include <string>

#include "observe/compare.h"
#include "observe/report.h"

namespace qaio {

std::string report_text(const Report& report);
std::string comparison_text(const Comparison& comparison);

}  // namespace qaio
