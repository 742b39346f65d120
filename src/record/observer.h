// Takes records from the threads that serve requests to the parts that make something of them.
#pragma once

#include <atomic>
#include <boost/lockfree/queue.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "base/mutex.h"
#include "record/record.h"

namespace qaio {

// All calls come from the observer's thread.
class RecordConsumer {
 public:
  virtual ~RecordConsumer() = default;
  // In the order in which requests ended, as far as that is defined. One that throws, for want of
  // memory, misses some of them, which then count as dropped. Called at least every interval,
  // without records if there are none, so that time-driven work is done.
  virtual void consume(std::span<const RecordPtr> records) = 0;
  // What was consumed before is known better now: the same request, with its client's times.
  virtual void amend(const RecordPtr& /*amended*/) {}
};

class Observer {
 public:
  struct Options {
    size_t queue_max = 8192;  // records that wait for the observer's thread; more are dropped
    std::chrono::milliseconds interval{50};
    // A sentence about what a user should know. On the observer's thread.
    std::function<void(const std::string& problem)> on_problem = {};
  };
  // The consumers outlive the observer and get every record in this order.
  Observer(const Options& options, std::vector<RecordConsumer*> consumers);
  ~Observer() { stop(); }
  Observer(const Observer&) = delete;
  Observer& operator=(const Observer&) = delete;

  // The hot path: moves the record into a bounded queue, without lock or wait. Any thread.
  void push(RequestRecord record) noexcept;

  // Calls `then`, which must be quick and should not throw, on the observer's thread when
  // everything pushed before has been consumed, and lets go of it. Any thread.
  void when_consumed(std::function<void()> then);
  // Gives it to the consumers in their order, as amend() has it. On the observer's thread.
  void amend(const RecordPtr& amended) noexcept;
  // Returns when everything pushed before the call has been consumed and those who waited for it
  // have been called. Any thread but the observer's own.
  void flush();

  // Everything pushed before is consumed; nothing may follow.
  void stop();

  uint64_t dropped() const { return dropped_.load(std::memory_order_relaxed); }

 private:
  void run();
  void consume_queue();
  void take_batch();
  void give_batch();
  template <typename Give>
  const char* give_each(Give give) const;
  void fails(const char* why, size_t records) noexcept;

  const Options options_;
  const std::vector<RecordConsumer*> consumers_;
  boost::lockfree::queue<RequestRecord*, boost::lockfree::fixed_sized<true>> queue_;
  std::atomic<uint64_t> dropped_ = 0;
  std::vector<RecordPtr> batch_;
  bool failing_ = false;  // the last batch with records did; of the thread

  Mutex mutex_;
  CondVar wake_;
  std::vector<std::function<void()>> waiting_ QAIO_GUARDED_BY(mutex_);  // of when_consumed()
  bool stopping_ QAIO_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace qaio
