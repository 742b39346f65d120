// One request of an OpenAI client on the engine: prompt, tokens, answer, record.
#pragma once

#include <memory>

#include "server/api/api.h"
#include "server/api/openai_request.h"
#include "server/http/call.h"

namespace qaio {

// Answers `call`, whose `parse` stage ends here, from the engine's threads.
void run_openai(const std::shared_ptr<Call>& call, const std::shared_ptr<const Backend>& backend,
                OpenAiRequest request, const ApiLimits& limits);

}  // namespace qaio
