#include "server/http/worker_thread.h"

#include <sys/resource.h>
#include <unistd.h>

#include <exception>
#include <utility>

namespace qaio {

WorkerThread::WorkerThread(size_t waiting_max, int niceness)
    : waiting_max_(waiting_max), thread_([this, niceness] { run(niceness); }) {}

WorkerThread::~WorkerThread() { stop(); }

bool WorkerThread::post(std::function<void()> work) {
  {
    const MutexLock lock(mutex_);
    if (stopping_ || waiting_.size() >= waiting_max_) return false;
    waiting_.push_back(std::move(work));
  }
  wake_.notify_one();
  return true;
}

void WorkerThread::stop() {
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void WorkerThread::run(int niceness) {
  // On Linux a thread has a niceness of its own; without it the thread just gives way less.
  const auto self = static_cast<id_t>(gettid());
  if (getpriority(PRIO_PROCESS, self) < niceness) setpriority(PRIO_PROCESS, self, niceness);
  for (;;) {
    std::function<void()> work;
    {
      const MutexLock lock(mutex_);
      while (!stopping_ && waiting_.empty()) wake_.wait(mutex_);
      if (waiting_.empty()) return;
      work = std::move(waiting_.front());
      waiting_.pop_front();
    }
    try {
      work();
    } catch (const std::exception&) {  // out of memory: one piece of work is lost, not the thread
    }
  }
}

}  // namespace qaio
