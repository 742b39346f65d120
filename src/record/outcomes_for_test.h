// How requests can end, and what each counts as: for the tests of all who count them.
#pragma once

#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "record/outcome.h"
#include "record/record_for_test.h"

namespace qaio {

struct OutcomeCase {
  const char* what;
  int status;
  const char* error_code;  // "": none
  bool ran_task;
  Outcome outcome;

  // 200 ms in all.
  std::shared_ptr<RequestRecord> record() const {
    auto made = chat_record(200 * kMs);
    made->status = status;
    made->error_code = error_code;
    if (ran_task) made->tasks.push_back(generate_task("chat", 2 * kMs, 10 * kMs, 5, 3 * kMs));
    return made;
  }
};
// For the names of tests: without it they would be addresses.
inline void PrintTo(const OutcomeCase& one, std::ostream* out) { *out << one.what; }

inline const std::vector<OutcomeCase>& outcome_cases() {
  using enum Outcome;
  static const std::vector<OutcomeCase> kCases = {
      {"answered", 200, "", true, kAnswered},
      {"a stream that ended in an error", 200, "deadline_exceeded", true, kFailed},
      {"a stream that the server's end cut off", 200, "cancelled", true, kFailed},
      {"wrong", 400, "invalid_argument", false, kClientError},
      {"wrong, seen by a task", 400, "invalid_argument", true, kClientError},
      {"nobody knows the key", 401, "unauthorized", false, kClientError},
      {"not found", 404, "not_found", false, kClientError},
      {"too slow to arrive", 408, "timeout", false, kClientError},
      {"too large", 413, "too_large", false, kClientError},
      {"too many of one client", 429, "too_many_requests", false, kRefused},
      {"no place", 503, "resource_exhausted", false, kRefused},
      {"no memory while it ran", 503, "resource_exhausted", true, kRefused},
      {"a fault of the server", 500, "internal", true, kFailed},
      {"a fault without a code", 500, "", true, kFailed},
      {"not implemented", 501, "unsupported", false, kFailed},
      {"late", 504, "deadline_exceeded", true, kFailed},
      {"the client left", 499, "cancelled", true, kCancelled},
      {"the client did not read", 499, "client_too_slow", true, kCancelled},
  };
  return kCases;
}

}  // namespace qaio
