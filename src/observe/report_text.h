// Reports and comparisons as text: for terminals, and for those who ask a server from one.
#pragma once

#include <string>

#include "observe/compare.h"
#include "observe/report.h"

namespace qaio {

std::string report_text(const Report& report);
std::string comparison_text(const Comparison& comparison);

}  // namespace qaio
