// OpenAI's Decisions: an input and an array of questions.
#pragma once

#include <string_view>

#include "base/result.h"
#include "server/api/api.h"
#include "server/api/decision_request.h"

namespace qaio {

// kInvalidArgument with the field's path, such as questions[2].choices, for whatever is malformed,
// out of range, or asks for something this server does not do; and for SGLang's requests to a path
// of the same name.
Result<DecisionRequest> read_decisions(std::string_view body, const ApiLimits& limits);

}  // namespace qaio
