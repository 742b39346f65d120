// GET /health/live, /health/ready, /health
#include "server/api/endpoints.h"

namespace qaio {

void add_health_api(Router& router, const BackendSlot& slot) {
  const auto ok = [](const std::shared_ptr<Call>& call) {
    HttpResponse response;
    response.body = R"({"status":"ok"})";
    call->respond(std::move(response));
  };
  router.add("GET", "/health/live", kPublic, ok);
  const Handler ready = when_ready(slot, [ok](const auto& call, const auto&) { ok(call); });
  router.add("GET", "/health/ready", kPublic, ready);
  router.add("GET", "/health", kPublic, ready);
}

}  // namespace qaio
