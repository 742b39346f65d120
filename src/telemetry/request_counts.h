// How many requests there were in some time, what became of them, their tokens and questions.
#pragma once

#include <array>
#include <cstdint>

#include "record/outcome.h"
#include "record/record.h"

namespace qaio {

// Of all requests but those that only observe (record.h).
struct RequestCounts {
  uint64_t requests = 0;
  std::array<uint64_t, kOutcomeCount> outcomes{};  // by Outcome
  uint64_t prompt_tokens = 0;
  uint64_t cached_tokens = 0;
  uint64_t completion_tokens = 0;
  uint64_t questions = 0;

  void add(const RequestRecord& record);
  void merge(const RequestCounts& other);
};

}  // namespace qaio
