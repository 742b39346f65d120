#pragma once

#include <string>
#include <vector>

#include "report/report_charts.h"
#include "stats/reliability.h"

namespace qaio {

// How often answers of each confidence are right, against the line on which both are the same, and
// below it how many there are.
Chart reliability_chart(std::string title, const std::vector<ReliabilityBin>& bins,
                        Language language);

}  // namespace qaio
