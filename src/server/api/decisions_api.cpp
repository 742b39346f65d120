// POST /v1/systemone, POST /v1/decisions
#include <utility>

#include "server/api/decision_run.h"
#include "server/api/decisions_request.h"
#include "server/api/endpoints.h"
#include "server/api/systemone_request.h"

namespace qaio {
namespace {

using Read = Result<DecisionRequest> (*)(std::string_view, const ApiLimits&);

// TypeSafe's SDK names a model that its user need not know of ("jev-latest"): any name will do. The
// clients of OpenAI's API send what their user wrote, as they do for a chat completion, and the
// same name is right or wrong for both: whoever means another model should not be answered by this
// one. `--alias gpt-6-luna` is for programs that cannot be told.
bool is_served(const DecisionRequest& request, const Backend& backend) {
  return request.api == DecisionApi::kSystemOne || request.model.empty() ||
         backend.is_called(request.model);
}

BackendHandler decisions(Read read, const ApiLimits& limits) {
  return [read, limits](const auto& call, const auto& backend) {
    Result<DecisionRequest> request = read(call->request().body, limits);
    if (!request) {
      refuse_unread(*call, error_response(request.error()));
    } else if (!is_served(*request, *backend)) {
      refuse_unread(*call, no_such_model(request->model, *backend, "model"));
    } else {
      run_decision(call, backend, std::move(*request));
    }
  };
}

}  // namespace

void add_decisions_api(Router& router, const BackendSlot& slot, const ModelGate& gate,
                       const ApiLimits& limits) {
  router.add("POST", "/v1/systemone", Scope::kRun,
             when_ready(slot, gate.guard(decisions(read_systemone, limits))));
  router.add("POST", "/v1/decisions", Scope::kRun,
             when_ready(slot, gate.guard(decisions(read_decisions, limits))));
}

}  // namespace qaio
