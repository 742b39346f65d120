// What a model fills in memory, held against what there may be: before the kernel ends the process
// for it in the middle of a request.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/memory_limit.h"
#include "base/result.h"

namespace qaio {

// `held`: what the process has filled already. Errors are kResourceExhausted and say what takes how
// much, what allows how much, and which option to give.
Result<void> check_weights_fit(size_t bytes, const MemoryLimit& limit, int64_t held);

struct WorkingMemory {
  int kv_tokens = 0;
  size_t kv_bytes = 0;
  size_t state_bytes = 0;  // of recurrent layers
  size_t step_bytes = 0;   // of a step's buffers
};
Result<void> check_working_memory_fits(const WorkingMemory& need, const MemoryLimit& limit,
                                       int64_t held);

// The error of what the system refused at once, as a limit on the process's address space makes it.
tl::unexpected<Error> refused_memory(const std::string& what, const Error& error,
                                     const std::string& instead);

}  // namespace qaio
