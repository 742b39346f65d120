// What became of a request: one rule for all who count it, from /stats to comparisons.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "record/record.h"

namespace qaio {

// docs/tracing.md gives the reasons.
enum class Outcome : uint8_t {
  kAnswered,
  kClientError,  // 4xx: neither a success nor a failure of the service
  kRefused,      // 429, 503: overload; the service was not available
  kFailed,       // other 5xx, or a stream that ended in an error
  kCancelled,    // the client left first: nobody knows what would have become of it
};
inline constexpr size_t kOutcomeCount = static_cast<size_t>(Outcome::kCancelled) + 1;
std::string_view outcome_name(Outcome outcome);  // snake_case, e.g. "client_error"

// What stands for a status in the record of a client that left.
inline constexpr int kClientClosedRequest = 499;

// `error`: whether the record has an error's code. A status says nothing of what came after it: a
// stream that ends in an error has 200.
Outcome outcome_of(int status, bool error);
inline Outcome outcome_of(const RequestRecord& record) {
  return outcome_of(record.status, !record.error_code.empty());
}

// Whether it counts against the availability of the service.
constexpr bool is_unavailability(Outcome outcome) {
  return outcome == Outcome::kRefused || outcome == Outcome::kFailed;
}

}  // namespace qaio
