#include "server/http/admission.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace qaio {
namespace {

constexpr double kPaceWeight = 0.1;  // of the newest in the mean
constexpr double kRetryMaxS = 3600;
// What is over sooner was refused for its body, and says nothing of the model's pace.
constexpr TimeNs kWorkMinNs = 1'000'000;

}  // namespace

std::optional<HttpResponse> Admission::admit(const std::string& client,
                                             std::shared_ptr<void>& ticket) {
  const TimeNs now_ns = clock_.now_ns();
  {
    const MutexLock lock(mutex_);
    if (admitted_ >= limits_.requests_max) {
      return refusal(
          503, error_code_name(ErrorCode::kResourceExhausted),
          fmt::format("the server is busy with {} requests, its limit; try again later", admitted_),
          admitted_);
    }
    if (admitted_ * pace_ns_ > static_cast<double>(limits_.time_max.count())) {
      return refusal(503, error_code_name(ErrorCode::kResourceExhausted),
                     fmt::format("the server is busy with {} requests, which will take longer than "
                                 "a request may; try again later",
                                 admitted_),
                     admitted_);
    }
    int& of_client = clients_[client];
    if (limits_.client_requests_max > 0 && of_client >= limits_.client_requests_max) {
      return refusal(429, "too_many_requests",
                     fmt::format("{} requests of this client are running, its limit; wait for one "
                                 "of them",
                                 of_client),
                     static_cast<double>(admitted_) / of_client);
    }
    ++of_client;
    if (admitted_++ == 0) busy_since_ns_ = now_ns;
  }
  ticket = std::shared_ptr<void>(
      nullptr, [self = shared_from_this(), client, now_ns](void*) { self->leave(client, now_ns); });
  return std::nullopt;
}

HttpResponse Admission::refusal(int status, std::string_view code, const std::string& message,
                                double requests_ahead) const {
  HttpResponse response = error_response(status, code, message);
  const double seconds = std::clamp(std::ceil(requests_ahead * pace_ns_ / 1e9), 1.0, kRetryMaxS);
  set_retry_after(response, std::chrono::seconds(static_cast<int64_t>(seconds)));
  return response;
}

void Admission::leave(const std::string& client, TimeNs admitted_ns) {
  const MutexLock lock(mutex_);
  const TimeNs now_ns = clock_.now_ns();
  if (now_ns - admitted_ns >= kWorkMinNs) {
    const auto gap_ns = static_cast<double>(now_ns - busy_since_ns_);
    pace_ns_ = pace_ns_ == 0 ? gap_ns : pace_ns_ + kPaceWeight * (gap_ns - pace_ns_);
    busy_since_ns_ = now_ns;
  }
  --admitted_;
  const auto it = clients_.find(client);
  if (--it->second == 0) clients_.erase(it);
}

}  // namespace qaio
