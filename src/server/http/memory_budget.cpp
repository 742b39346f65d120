#include "server/http/memory_budget.h"

namespace qaio {

bool MemoryBudget::take(size_t bytes) {
  size_t used = bytes_used();
  do {
    if (bytes > bytes_max_ - used) return false;
  } while (!used_.compare_exchange_weak(used, used + bytes, std::memory_order_relaxed));
  return true;
}

bool MemoryCharge::resize(size_t bytes) {
  const size_t wanted = bytes > free_bytes_ ? bytes - free_bytes_ : 0;
  if (wanted > taken_ && !budget_->take(wanted - taken_)) return false;
  if (wanted < taken_) budget_->give_back(taken_ - wanted);
  taken_ = wanted;
  return true;
}

}  // namespace qaio
