// What a comparison comes to.
#pragma once

#include "report/compare.h"

namespace qaio {

// Once its measures and shares are there: corrects the p-values of everything that was tested, and
// judges each and the whole.
void conclude(const CompareOptions& options, Comparison& comparison);

}  // namespace qaio
