#include "model/memory_need.h"

#include <algorithm>

namespace qaio {
namespace {

// Less is nothing that a server would be started with.
constexpr int64_t kKvTokensLeast = 512;
constexpr int64_t kKvTokensStep = 256;

std::string mib(int64_t bytes) { return std::to_string((bytes + (1 << 20) - 1) >> 20) + " MiB"; }

bool fits(int64_t bytes, const MemoryLimit& limit, int64_t held) {
  return limit.bytes == 0 || bytes <= limit.bytes - std::min(held, limit.bytes);
}

std::string but(const MemoryLimit& limit, int64_t held) {
  return ", " + mib(held) + " are in use, and " + limit.of + " has " + mib(limit.bytes) +
         " in all: allow more";
}

}  // namespace

Result<void> check_weights_fit(size_t bytes, const MemoryLimit& limit, int64_t held) {
  const auto need = static_cast<int64_t>(bytes);
  if (fits(need, limit, held)) return {};
  return fail(ErrorCode::kResourceExhausted, "the weights take " + mib(need) + " of memory" +
                                                 but(limit, held) +
                                                 ", or choose a smaller model or --weights q4");
}

Result<void> check_working_memory_fits(const WorkingMemory& need, const MemoryLimit& limit,
                                       int64_t held) {
  const auto kv = static_cast<int64_t>(need.kv_bytes);
  const auto states = static_cast<int64_t>(need.state_bytes);
  const auto step = static_cast<int64_t>(need.step_bytes);
  if (fits(kv + states + step, limit, held)) return {};
  const std::string of_states =
      states == 0 ? "" : ", recurrent states " + mib(states) + " (--state-mib)";
  std::string text = "KV memory of " + std::to_string(need.kv_tokens) + " tokens takes " + mib(kv) +
                     of_states + ", a step's buffers " + mib(step) + but(limit, held);
  const int64_t left = limit.bytes - std::min(limit.bytes, held + states + step);
  const int64_t tokens = need.kv_bytes == 0 ? 0 : left / (kv / need.kv_tokens);
  const int64_t whole = tokens / kKvTokensStep * kKvTokensStep;
  if (whole >= kKvTokensLeast) {
    text += ", or choose at most --kv-tokens " + std::to_string(whole) + ", or --kv-type q8";
  }
  return fail(ErrorCode::kResourceExhausted, std::move(text));
}

tl::unexpected<Error> refused_memory(const std::string& what, const Error& error,
                                     const std::string& instead) {
  return fail(error.code,
              what + ": " + error.message + "; allow more (ulimit -v, -d), or choose " + instead);
}

}  // namespace qaio
