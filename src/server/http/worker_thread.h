// A thread for answers that take longer than an I/O thread or the observer may spend.
#pragma once

#include <atomic>
#include <cstddef>
#include <deque>
#include <functional>
#include <thread>

#include "base/mutex.h"

namespace qaio {

// One piece of work at a time, in the order of arrival. Work should not throw:
// what it was to do is then left undone.
class WorkerThread {
 public:
  // At most `waiting_max` pieces wait. `niceness` above 0: it gives way to other threads.
  explicit WorkerThread(size_t waiting_max, int niceness = 0);
  ~WorkerThread();  // as stop()
  WorkerThread(const WorkerThread&) = delete;
  WorkerThread& operator=(const WorkerThread&) = delete;

  // Any thread. False: too many wait, or it stops; the work is not done.
  bool post(std::function<void()> work);

  // Finishes the running piece, which should look at stopping(), and those that wait.
  void stop();
  bool stopping() const { return stopping_.load(std::memory_order_relaxed); }

 private:
  void run(int niceness);

  const size_t waiting_max_;
  Mutex mutex_;
  CondVar wake_;
  std::deque<std::function<void()>> waiting_ QAIO_GUARDED_BY(mutex_);
  std::atomic<bool> stopping_ = false;  // written under mutex_
  std::thread thread_;
};

}  // namespace qaio
