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

void add_api(Router& router, const BackendSlot& slot, const ApiLimits& limits) {
  add_health_api(router, slot);
  add_chat_api(router, slot, limits);
  add_task_api(router, slot, limits);
  add_text_api(router, slot);
}

}  // namespace qaio
