// A bounded queue between many threads and one that works it off, with an end that gives what waits
// some time.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <deque>
#include <limits>
#include <optional>
#include <utility>

#include "base/mutex.h"

namespace qaio {

// Thread-safe; next(), rest() and sleep() are for the one thread. Nobody is called back: whoever is
// to hear of an item is told by its owner, without a lock.
template <typename Item>
class DrainingQueue {
 public:
  struct Limits {
    size_t items_max = 64;
    size_t bytes_max = std::numeric_limits<size_t>::max();
    std::chrono::milliseconds drain_time{2'000};  // for what is queued when the end begins
  };
  explicit DrainingQueue(const Limits& limits) : limits_(limits) {}

  // Never waits. False: there is no room, or the end has begun, and the item is left as it was.
  bool push(Item&& item, size_t bytes = 0) {
    {
      const MutexLock lock(mutex_);
      const bool room = queue_.size() < limits_.items_max && bytes <= limits_.bytes_max &&
                        bytes_ <= limits_.bytes_max - bytes;
      if (stop_at_ || !room) return false;
      queue_.push_back({std::move(item), bytes});
      bytes_ += bytes;
    }
    wake_.notify_one();
    return true;
  }

  // Waits for an item. None: the end, and nothing is left, or no time for it.
  std::optional<Item> next() {
    const MutexLock lock(mutex_);
    while (queue_.empty() && !stop_at_) wake_.wait(mutex_);
    if (queue_.empty() || late(Clock::now())) return std::nullopt;
    return take_first();
  }

  // After next() had none: what there was no time for, one after another.
  std::optional<Item> rest() {
    const MutexLock lock(mutex_);
    if (queue_.empty()) return std::nullopt;
    return take_first();
  }

  // The end: nothing is taken any more, and what is queued has its time from now on.
  void begin_stop() {
    {
      const MutexLock lock(mutex_);
      if (!stop_at_) stop_at_ = Clock::now() + limits_.drain_time;
    }
    wake_.notify_all();
  }

  // The end has begun, and its time is over.
  bool out_of_time() const {
    const MutexLock lock(mutex_);
    return late(Clock::now());
  }

  // Not beyond the time of the end.
  void sleep(std::chrono::milliseconds time) {
    const Time until = Clock::now() + time;
    const MutexLock lock(mutex_);
    for (Time now = Clock::now(); now < until && !late(now); now = Clock::now()) {
      wake_.wait_until(mutex_, stop_at_ ? std::min(until, *stop_at_) : until);
    }
  }

 private:
  using Clock = std::chrono::steady_clock;
  using Time = Clock::time_point;
  struct Entry {
    Item item;
    size_t bytes;
  };

  bool late(Time now) const QAIO_REQUIRES(mutex_) { return stop_at_ && now >= *stop_at_; }
  Item take_first() QAIO_REQUIRES(mutex_) {
    Item item = std::move(queue_.front().item);
    bytes_ -= queue_.front().bytes;
    queue_.pop_front();
    return item;
  }

  const Limits limits_;
  mutable Mutex mutex_;
  CondVar wake_;
  std::deque<Entry> queue_ QAIO_GUARDED_BY(mutex_);
  size_t bytes_ QAIO_GUARDED_BY(mutex_) = 0;
  std::optional<Time> stop_at_ QAIO_GUARDED_BY(mutex_);  // set: stopping
};

}  // namespace qaio
