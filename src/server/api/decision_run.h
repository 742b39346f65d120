// One request for decisions on the engine: prompts, scores, answers, record.
#pragma once

#include <memory>

#include "server/api/api.h"
#include "server/api/decision_request.h"
#include "server/http/call.h"

namespace qaio {

// Answers `call`, whose `parse` stage ends here, from the engine's threads.
void run_decision(const std::shared_ptr<Call>& call, const std::shared_ptr<const Backend>& backend,
                  DecisionRequest request);

}  // namespace qaio
