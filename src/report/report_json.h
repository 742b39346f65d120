// A report for programs; docs/report.md defines every member.
#pragma once

#include <string>

#include "report/report.h"

namespace qaio {

std::string report_json(const Report& report);  // one line with its newline

}  // namespace qaio
