// TypeSafe's System One: a state and a map of questions.
#pragma once

#include <string_view>

#include "base/result.h"
#include "server/api/api.h"
#include "server/api/decision_request.h"

namespace qaio {

// kInvalidArgument with the field's path, such as questions.urgent.criteria, for whatever is
// malformed, out of range, or asks for something this server does not do.
Result<DecisionRequest> read_systemone(std::string_view body, const ApiLimits& limits);

}  // namespace qaio
