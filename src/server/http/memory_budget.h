// What all connections together may hold in memory for requests and answers. Whoever needs more
// than is left is refused, whether a thousand clients each send a body or do not read an answer.
#pragma once

#include <atomic>
#include <cstddef>
#include <utility>

namespace qaio {

// Thread-safe.
class MemoryBudget {
 public:
  explicit MemoryBudget(size_t bytes_max) : bytes_max_(bytes_max) {}
  MemoryBudget(const MemoryBudget&) = delete;
  MemoryBudget& operator=(const MemoryBudget&) = delete;

  // False: less is left, and nothing is taken.
  bool take(size_t bytes);
  void give_back(size_t bytes) { used_.fetch_sub(bytes, std::memory_order_relaxed); }

  size_t bytes_max() const { return bytes_max_; }
  size_t bytes_used() const { return used_.load(std::memory_order_relaxed); }

 private:
  const size_t bytes_max_;
  std::atomic<size_t> used_ = 0;
};

// What one holder has taken of a budget that outlives it; given back at the end. One thread at a
// time.
class MemoryCharge {
 public:
  // Holders small enough are paid for elsewhere: the first `free_bytes` are not taken.
  MemoryCharge(MemoryBudget& budget, size_t free_bytes)
      : budget_(&budget), free_bytes_(free_bytes) {}
  ~MemoryCharge() { budget_->give_back(taken_); }
  MemoryCharge(MemoryCharge&& other) noexcept
      : budget_(other.budget_),
        free_bytes_(other.free_bytes_),
        taken_(std::exchange(other.taken_, 0)) {}
  MemoryCharge& operator=(MemoryCharge&& other) noexcept {
    std::swap(budget_, other.budget_);
    std::swap(free_bytes_, other.free_bytes_);
    std::swap(taken_, other.taken_);
    return *this;
  }

  // The holder has so many bytes now. False: there is not enough left for more, and the charge is
  // what it was. Less is always possible.
  bool resize(size_t bytes);

 private:
  MemoryBudget* budget_;
  size_t free_bytes_;
  size_t taken_ = 0;
};

}  // namespace qaio
