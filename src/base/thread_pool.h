// Threads for data-parallel work inside one engine step: microsecond hand-over while busy, asleep
// when idle.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "base/mutex.h"

namespace qaio {

enum class Pinning : uint8_t { kNone, kCores };

class ThreadPool {
 public:
  // `threads` counts the calling thread: ThreadPool(1) starts none. With Pinning::kCores thread i
  // stays on the i-th core this process may use, and so does, as index 0, whoever calls run().
  explicit ThreadPool(int threads, Pinning pinning = Pinning::kNone);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  int size() const { return static_cast<int>(workers_.size()) + 1; }

  // Calls job(thread_index) once on every thread, the caller being index 0, and returns when all
  // have finished. One caller at a time. Jobs must not throw.
  template <typename Job>
  void run(Job&& job) {
    if (!cores_.empty()) pin_caller();
    if (workers_.empty()) {
      job(0);
      return;
    }
    using Fn = std::remove_reference_t<Job>;
    run_erased([](void* context, int index) { (*static_cast<Fn*>(context))(index); },
               const_cast<void*>(static_cast<const void*>(&job)));
  }

  // A barrier for all threads inside a job: everything written before it is visible after it.
  void barrier();

 private:
  using Entry = void (*)(void* context, int index);
  void run_erased(Entry entry, void* context);
  void work(int index);
  void pin_caller();

  std::vector<int> cores_;  // to pin to; empty: not at all
  std::vector<std::thread> workers_;
  Entry entry_ = nullptr;
  void* context_ = nullptr;
  alignas(64) std::atomic<uint32_t> generation_{0};
  alignas(64) std::atomic<int> running_{0};
  alignas(64) std::atomic<int> barrier_arrived_{0};
  alignas(64) std::atomic<uint32_t> barrier_phase_{0};
  std::atomic<bool> stopping_{false};
  std::atomic<int> sleepers_{0};
  Mutex mutex_;  // between falling asleep and waking; guards no data
  CondVar wake_;
};

}  // namespace qaio
