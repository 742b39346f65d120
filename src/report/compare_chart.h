#pragma once

#include <optional>

#include "report/compare.h"
#include "report/report_charts.h"

namespace qaio {

// Nothing where nothing could be compared.
std::optional<Chart> comparison_chart(const Comparison& comparison);

}  // namespace qaio
