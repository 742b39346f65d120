#include "server/admission.h"

#include <fmt/format.h>

namespace qaio {

std::optional<HttpResponse> Admission::admit(const std::string& client,
                                             std::shared_ptr<void>& ticket) {
  {
    const std::lock_guard lock(mutex_);
    if (admitted_ >= requests_max_) {
      return error_response(503, error_code_name(ErrorCode::kResourceExhausted),
                            fmt::format("the server is busy with {} requests, its limit; try again "
                                        "soon",
                                        admitted_));
    }
    int& of_client = clients_[client];
    if (client_requests_max_ > 0 && of_client >= client_requests_max_) {
      return error_response(429, "too_many_requests",
                            fmt::format("{} requests of this client are running, its limit; wait "
                                        "for one of them",
                                        of_client));
    }
    ++of_client;
    ++admitted_;
  }
  ticket = std::shared_ptr<void>(
      nullptr, [self = shared_from_this(), client](void*) { self->leave(client); });
  return std::nullopt;
}

void Admission::leave(const std::string& client) {
  const std::lock_guard lock(mutex_);
  --admitted_;
  const auto it = clients_.find(client);
  if (--it->second == 0) clients_.erase(it);
}

}  // namespace qaio
