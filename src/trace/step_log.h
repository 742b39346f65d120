// The engine's last steps, for those who look at where its time went.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/clock.h"

namespace qaio {

// One forward pass over several sequences and what follows from it.
struct EngineStep {
  TimeNs begin_ns = 0;         // planned; the forward pass is about to begin
  TimeNs end_ns = 0;           // tokens are drawn, handed over, and what ended is gone
  int64_t forward_ns = 0;      // of it, in the model
  uint32_t sequences = 0;      // that took part
  uint32_t prompt_tokens = 0;  // computed
  uint32_t cached_tokens = 0;  // of prompts that began in this step: found in the prefix cache
  uint32_t decode_tokens = 0;  // computed past the prompts: one of each running answer; of labels
};

// The newest `steps_max` steps. One thread adds, without lock or wait, in some 10 ns; any number of
// threads read meanwhile.
class StepLog {
 public:
  explicit StepLog(size_t steps_max);

  void add(const EngineStep& step);
  // Those that overlap [from_ns, until_ns], oldest first. Steps that are overwritten while they are
  // read are left out.
  std::vector<EngineStep> between(TimeNs from_ns, TimeNs until_ns) const;

 private:
  static constexpr size_t kFields = 7;
  using Slot = std::array<std::atomic<int64_t>, kFields>;

  const size_t size_;
  const std::unique_ptr<Slot[]> slots_;  // the n-th step, from 0, lies in n % size_
  std::atomic<uint64_t> begun_ = 0;      // steps whose writing has begun
  std::atomic<uint64_t> written_ = 0;    // steps that are whole
};

}  // namespace qaio
