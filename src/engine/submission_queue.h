// Hands requests and cancellations from any thread to the engine's, and knows how busy it is.
#pragma once

#include <chrono>
#include <map>
#include <vector>

#include "base/mutex.h"
#include "engine/engine.h"

namespace qaio {

// Thread-safe. Holds at most queue_max waiting requests; cancellations take no memory of their own.
class SubmissionQueue {
 public:
  struct Submission {
    EngineRequestId id = 0;
    TimeNs submitted_ns = 0;
    int queued_ahead = 0;  // requests that were waiting
    EngineRequest request;
  };
  struct Batch {
    std::vector<Submission> submissions;  // in order of arrival
    std::vector<EngineRequestId> cancelled;
    bool stop = false;
  };

  // `kv_blocks`: in all, for load().
  SubmissionQueue(int queue_max, int kv_blocks);

  // Any thread. kResourceExhausted when too many requests wait, kCancelled after stop().
  Result<EngineRequestId> submit(EngineRequest request, TimeNs now_ns);
  void cancel(EngineRequestId id);  // ids that are not live are ignored
  void stop();
  void close();  // submit() refuses from now on, as after stop()
  // Waits until nothing is live any more; false when that took longer than `patience`.
  bool wait_until_idle(std::chrono::nanoseconds patience);
  void cancel_all();
  Engine::Load load() const;

  // The engine thread. Everything that came since the last call; sleeps until something does if
  // `may_sleep`.
  Batch take(bool may_sleep);
  void admitted(EngineRequestId id);
  void paused(EngineRequestId id);
  void finished(EngineRequestId id);
  // What load() says of the memory and the totals since the start.
  void publish(const Engine::Load& load);

 private:
  enum class State : uint8_t { kWaiting, kRunning };
  struct Ticket {
    State state = State::kWaiting;
    bool cancelled = false;
    bool told = false;  // the engine, of its cancellation
  };

  const int queue_max_;
  mutable Mutex mutex_;
  CondVar wake_;  // the engine thread: there is mail
  CondVar idle_;  // nothing is live
  Batch batch_ QAIO_GUARDED_BY(mutex_);
  std::map<EngineRequestId, Ticket> live_ QAIO_GUARDED_BY(mutex_);  // accepted and not finished
  Engine::Load load_ QAIO_GUARDED_BY(mutex_);
  bool cancellations_ QAIO_GUARDED_BY(mutex_) = false;  // of which the engine was not told
  bool closed_ QAIO_GUARDED_BY(mutex_) = false;
  EngineRequestId next_id_ QAIO_GUARDED_BY(mutex_) = 1;
};

}  // namespace qaio
