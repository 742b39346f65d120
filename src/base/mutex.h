// Mutexes whose use Clang checks while it compiles (-Wthread-safety): which mutex guards a member
// is said to the compiler, not in a comment.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

#if defined(__clang__)
#define QAIO_THREAD_SAFETY(x) __attribute__((x))
#else
#define QAIO_THREAD_SAFETY(x)  // no other compiler checks it
#endif

// Of a member or variable: it is read and written only under `mutex`.
#define QAIO_GUARDED_BY(mutex) QAIO_THREAD_SAFETY(guarded_by(mutex))
// Of a function: whoever calls it holds `mutex`, and holds it afterwards.
#define QAIO_REQUIRES(...) QAIO_THREAD_SAFETY(requires_capability(__VA_ARGS__))

namespace qaio {

// As std::mutex.
class QAIO_THREAD_SAFETY(capability("mutex")) Mutex {
 public:
  Mutex() = default;
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;

  void lock() QAIO_THREAD_SAFETY(acquire_capability()) { mutex_.lock(); }
  void unlock() QAIO_THREAD_SAFETY(release_capability()) { mutex_.unlock(); }

 private:
  friend class CondVar;
  std::mutex mutex_;
};

// Holds a mutex as long as it lives.
class QAIO_THREAD_SAFETY(scoped_lockable) MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) QAIO_THREAD_SAFETY(acquire_capability(mutex)) : mutex_(mutex) {
    mutex_.lock();
  }
  ~MutexLock() QAIO_THREAD_SAFETY(release_capability()) { mutex_.unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mutex_;
};

// As std::condition_variable. What is waited for stands in a loop around it, where the compiler
// sees that the mutex is held: `while (!done_) changed_.wait(mutex_);`
class CondVar {
 public:
  void notify_one() noexcept { condition_.notify_one(); }
  void notify_all() noexcept { condition_.notify_all(); }

  void wait(Mutex& mutex) QAIO_REQUIRES(mutex) {
    std::unique_lock lock(mutex.mutex_, std::adopt_lock);
    condition_.wait(lock);
    lock.release();  // the caller goes on holding it
  }
  // False: it is `time`.
  bool wait_until(Mutex& mutex, std::chrono::steady_clock::time_point time) QAIO_REQUIRES(mutex) {
    std::unique_lock lock(mutex.mutex_, std::adopt_lock);
    const bool in_time = condition_.wait_until(lock, time) == std::cv_status::no_timeout;
    lock.release();
    return in_time;
  }

 private:
  std::condition_variable condition_;
};

}  // namespace qaio
