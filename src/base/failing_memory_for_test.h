// For one file of a test binary: allocations that fail when a test says so.
#pragma once

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <new>

namespace qaio {

class FailingMemory {
 public:
  // Of the allocations from now on, by threads that are not safe, the `first`-th (from 0) and as
  // many after it as make `count` fail.
  static void arm(int64_t first, int64_t count) {
    seen_ = 0;
    end_ = first + count;
    first_ = first;
  }
  // Returns how many there were since arm().
  static int64_t disarm() {
    first_ = end_ = std::numeric_limits<int64_t>::max();
    return seen_;
  }
  static bool fails() {
    if (safe_) return false;
    const int64_t number = seen_++;
    return number >= first_ && number < end_;
  }

  // Of the calling thread, for good.
  static void make_safe() { safe_ = true; }

  // While one lives, its thread's allocations succeed.
  class Safe {
   public:
    Safe() : before_(safe_) { safe_ = true; }
    ~Safe() { safe_ = before_; }
    Safe(const Safe&) = delete;
    Safe& operator=(const Safe&) = delete;

   private:
    const bool before_;
  };

 private:
  static inline std::atomic<int64_t> seen_ = 0;
  static inline std::atomic<int64_t> first_ = std::numeric_limits<int64_t>::max();
  static inline std::atomic<int64_t> end_ = std::numeric_limits<int64_t>::max();
  static inline thread_local bool safe_ = false;
};

}  // namespace qaio

// Not inline: the compiler would see free() of what it believes the standard operator gave. All
// forms but those for wide alignments, since a sanitizer has its own of each that is not here.
[[gnu::noinline]] void* operator new(size_t bytes, const std::nothrow_t&) noexcept {
  return qaio::FailingMemory::fails() ? nullptr : std::malloc(bytes == 0 ? 1 : bytes);
}
[[gnu::noinline]] void* operator new(size_t bytes) {
  void* memory = operator new(bytes, std::nothrow);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
void* operator new[](size_t bytes, const std::nothrow_t&) noexcept {
  return operator new(bytes, std::nothrow);
}
void* operator new[](size_t bytes) { return operator new(bytes); }
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, size_t) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { operator delete(memory); }
void operator delete[](void* memory, size_t) noexcept { operator delete(memory); }
