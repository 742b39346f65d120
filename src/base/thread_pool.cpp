#include "base/thread_pool.h"

#include <sched.h>

#include <chrono>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "base/cores.h"

namespace qaio {
namespace {

// Spinning bridges the gaps between two products of one step (microseconds) and between two steps;
// past this the thread sleeps, so that an idle server costs nothing.
constexpr auto kSpinTime = std::chrono::milliseconds(2);

void relax() {
#if defined(__x86_64__)
  _mm_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// Spins until done() or the time is over. A wait longer than some 20 us means that another thread
// lost its core, perhaps to this very loop: from then on the core is offered around.
template <typename Done>
bool spin(Done done, std::chrono::steady_clock::duration limit) {
  constexpr int kPatientRounds = 1024;
  const auto start = std::chrono::steady_clock::now();
  for (int round = 1;; ++round) {
    if (done()) return true;
    relax();
    if (round < kPatientRounds || round % 32 != 0) continue;
    if (std::chrono::steady_clock::now() - start > limit) return done();
    std::this_thread::yield();
  }
}

// Fails only if the core has been taken away meanwhile; the thread then stays free.
void pin_this_thread(int core) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(core, &set);
  sched_setaffinity(0, sizeof(set), &set);
}

// Once they are to stop.
void end(std::vector<std::thread>& workers, std::atomic<uint32_t>& generation, Mutex& mutex,
         CondVar& wake) {
  {
    const MutexLock lock(mutex);
    generation.fetch_add(1);
  }
  wake.notify_all();
  for (std::thread& worker : workers) worker.join();
}

}  // namespace

ThreadPool::ThreadPool(int threads, Pinning pinning) {
  if (pinning == Pinning::kCores) cores_ = cores_of_process();
  try {
    for (int index = 1; index < threads; ++index)
      workers_.emplace_back([this, index] { work(index); });
  } catch (...) {  // there are no more to be had: those that run must not outlive this
    stopping_ = true;
    end(workers_, generation_, mutex_, wake_);
    throw;
  }
}

ThreadPool::~ThreadPool() {
  stopping_ = true;
  end(workers_, generation_, mutex_, wake_);
}

void ThreadPool::pin_caller() {
  thread_local const ThreadPool* pinned_by = nullptr;
  if (pinned_by == this) return;
  pinned_by = this;
  pin_this_thread(cores_.front());
}

void ThreadPool::run_erased(Entry entry, void* context) {
  entry_ = entry;
  context_ = context;
  running_.store(static_cast<int>(workers_.size()), std::memory_order_relaxed);
  generation_.fetch_add(1);  // seq_cst against sleepers_: either we see a sleeper or it sees us
  if (sleepers_.load() > 0) {
    { const MutexLock lock(mutex_); }
    wake_.notify_all();
  }
  entry(context, 0);
  spin([this] { return running_.load(std::memory_order_acquire) == 0; },
       std::chrono::steady_clock::duration::max());
}

void ThreadPool::barrier() {
  if (workers_.empty()) return;
  const uint32_t phase = barrier_phase_.load(std::memory_order_relaxed);
  if (barrier_arrived_.fetch_add(1, std::memory_order_acq_rel) + 1 == size()) {
    barrier_arrived_.store(0, std::memory_order_relaxed);
    barrier_phase_.store(phase + 1, std::memory_order_release);
    return;
  }
  spin([&] { return barrier_phase_.load(std::memory_order_acquire) != phase; },
       std::chrono::steady_clock::duration::max());
}

void ThreadPool::work(int index) {
  if (!cores_.empty()) pin_this_thread(cores_[static_cast<size_t>(index) % cores_.size()]);
  uint32_t seen = 0;
  for (;;) {
    if (!spin([&] { return generation_.load(std::memory_order_acquire) != seen; }, kSpinTime)) {
      const MutexLock lock(mutex_);
      sleepers_.fetch_add(1);
      while (generation_.load() == seen) wake_.wait(mutex_);
      sleepers_.fetch_sub(1);
    }
    seen = generation_.load(std::memory_order_acquire);
    if (stopping_) return;
    entry_(context_, index);
    running_.fetch_sub(1, std::memory_order_release);
  }
}

}  // namespace qaio
