#include "trace/step_log.h"

#include <algorithm>

namespace qaio {

StepLog::StepLog(size_t steps_max)
    : size_(std::max<size_t>(steps_max, 1)), slots_(std::make_unique<Slot[]>(size_)) {}

// A reader that sees any field of this step also sees that its writing had begun: the fields are
// released behind `begun_`, and acquired by the reader before it looks there.
void StepLog::add(const EngineStep& step) {
  const uint64_t number = written_.load(std::memory_order_relaxed);
  begun_.store(number + 1, std::memory_order_relaxed);
  const std::array<int64_t, kFields> fields = {
      step.begin_ns,      step.end_ns,        step.forward_ns,   step.sequences,
      step.prompt_tokens, step.cached_tokens, step.decode_tokens};
  Slot& slot = slots_[number % size_];
  for (size_t i = 0; i < kFields; ++i) slot[i].store(fields[i], std::memory_order_release);
  written_.store(number + 1, std::memory_order_release);
}

std::vector<EngineStep> StepLog::between(TimeNs from_ns, TimeNs until_ns) const {
  const uint64_t end = written_.load(std::memory_order_acquire);
  std::vector<EngineStep> steps;
  // Newest first: what is overwritten meanwhile is at the far end.
  for (uint64_t number = end; number-- > end - std::min<uint64_t>(end, size_);) {
    const Slot& slot = slots_[number % size_];
    std::array<int64_t, kFields> fields;
    for (size_t i = 0; i < kFields; ++i) fields[i] = slot[i].load(std::memory_order_acquire);
    if (begun_.load(std::memory_order_relaxed) > number + size_) break;
    const EngineStep step{.begin_ns = fields[0],
                          .end_ns = fields[1],
                          .forward_ns = fields[2],
                          .sequences = static_cast<uint32_t>(fields[3]),
                          .prompt_tokens = static_cast<uint32_t>(fields[4]),
                          .cached_tokens = static_cast<uint32_t>(fields[5]),
                          .decode_tokens = static_cast<uint32_t>(fields[6])};
    if (step.end_ns < from_ns) break;  // and all before it
    if (step.begin_ns <= until_ns) steps.push_back(step);
  }
  std::ranges::reverse(steps);
  return steps;
}

}  // namespace qaio
