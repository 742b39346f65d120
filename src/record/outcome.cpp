#include "record/outcome.h"

#include <array>

namespace qaio {

std::string_view outcome_name(Outcome outcome) {
  constexpr std::array<std::string_view, kOutcomeCount> kNames = {"answered", "client_error",
                                                                  "refused", "failed", "cancelled"};
  return kNames[static_cast<size_t>(outcome)];
}

Outcome outcome_of(int status, bool error) {
  constexpr int kClientErrors = 400;
  constexpr int kTooManyRequests = 429;
  constexpr int kServerErrors = 500;
  constexpr int kServiceUnavailable = 503;
  if (status == kClientClosedRequest) return Outcome::kCancelled;
  if (status == kTooManyRequests || status == kServiceUnavailable) return Outcome::kRefused;
  if (status >= kServerErrors) return Outcome::kFailed;
  if (status >= kClientErrors) return Outcome::kClientError;
  return error ? Outcome::kFailed : Outcome::kAnswered;
}

}  // namespace qaio
