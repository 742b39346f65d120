#include "server/api.h"

#include "server/endpoints.h"

namespace qaio {

Handler when_ready(const BackendSlot& slot, BackendHandler handler) {
  return [&slot, handler = std::move(handler)](const std::shared_ptr<Call>& call) {
    if (const auto backend = slot.get()) {
      handler(call, backend);
    } else {
      call->respond(error_response(503, "not_ready", "the model is being loaded, try again soon"));
    }
  };
}

BackendHandler admitted(std::shared_ptr<Admission> admission, BackendHandler handler) {
  return [admission = std::move(admission), handler = std::move(handler)](const auto& call,
                                                                          const auto& backend) {
    std::shared_ptr<void> ticket;
    call->record().requests_ahead = admission->admitted();
    if (auto refusal = admission->admit(call->request().client, ticket)) {
      call->respond(std::move(*refusal));
      return;
    }
    call->hold(std::move(ticket));
    handler(call, backend);
  };
}

void add_api(Router& router, const BackendSlot& slot, const ApiLimits& limits) {
  add_health_api(router, slot);
  const auto admission =
      std::make_shared<Admission>(limits.requests_max, limits.client_requests_max);
  add_chat_api(router, slot, admission, limits);
  add_task_api(router, slot, admission, limits);
  add_openai_api(router, slot, admission, limits);
  add_text_api(router, slot);
}

}  // namespace qaio
