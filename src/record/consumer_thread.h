// A consumer on a thread of its own.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <thread>
#include <vector>

#include "base/mutex.h"
#include "record/observer.h"

namespace qaio {

// Stands among the observer's consumers for one that may be slow, as everything is that writes to a
// disk: what waits for it holds up no other. The queue between them is bounded; what does not fit
// is dropped and counted.
class ConsumerThread final : public RecordConsumer {
 public:
  struct Options {
    size_t records_max = 8192;               // that wait; more are dropped
    size_t bytes_max = size_t{64} << 20;     // of them, about
    std::chrono::milliseconds interval{50};  // the consumer is called at least so often
    bool amends = true;  // the consumer makes something of amended records once it has them
    // Called with false when records begin to be dropped, on the thread that brings them; with true
    // and their number when all that waited has been consumed, on the consumer's. May be empty.
    std::function<void(bool keeps_up, uint64_t dropped)> tell = {};
  };
  ConsumerThread(Options options, RecordConsumer& consumer);  // which outlives it
  ~ConsumerThread() override { stop(); }
  ConsumerThread(const ConsumerThread&) = delete;
  ConsumerThread& operator=(const ConsumerThread&) = delete;

  void consume(std::span<const RecordPtr> records) override;  // waits for nothing
  // In the place of the record if that still waits, else behind all that does. Likewise bounded.
  void amend(const RecordPtr& amended) override;

  // Calls `then` on the consumer's thread, when everything brought before has been consumed. Any
  // thread.
  void when_consumed(std::function<void()> then);

  // Everything brought before is consumed; nothing may follow.
  void stop();

  uint64_t dropped() const;             // any thread
  uint64_t amendments_dropped() const;  // any thread

 private:
  void run();
  void consume_waiting();
  void give_amendments();
  void tell_if_it_keeps_up();
  bool idle() const QAIO_REQUIRES(mutex_);

  const Options options_;
  RecordConsumer& consumer_;

  mutable Mutex mutex_;
  CondVar wake_;
  std::deque<RecordPtr> waiting_ QAIO_GUARDED_BY(mutex_);
  size_t waiting_bytes_ QAIO_GUARDED_BY(mutex_) = 0;
  std::vector<RecordPtr> amended_ QAIO_GUARDED_BY(mutex_);  // of records that no longer wait
  uint64_t amendments_dropped_ QAIO_GUARDED_BY(mutex_) = 0;
  std::vector<std::function<void()>> asked_ QAIO_GUARDED_BY(mutex_);  // of when_consumed()
  uint64_t dropped_ QAIO_GUARDED_BY(mutex_) = 0;
  uint64_t dropped_told_ QAIO_GUARDED_BY(mutex_) = 0;
  bool dropping_ QAIO_GUARDED_BY(mutex_) = false;
  bool stopping_ QAIO_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

// What a record takes in memory, about.
size_t record_bytes(const RequestRecord& record);

}  // namespace qaio
