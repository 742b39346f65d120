// What `qaio load --json` prints; load_result.h reads it.
#pragma once

#include <string>

#include "load/load_report.h"

namespace qaio {

std::string load_json(const LoadReport& report, const LoadSetting& setting);

}  // namespace qaio
