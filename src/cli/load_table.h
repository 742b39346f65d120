// What `qaio load` prints for people.
#pragma once

#include <string>

#include "load/load_report.h"

namespace qaio {

std::string load_table(const LoadReport& report, const LoadSetting& setting);

}  // namespace qaio
