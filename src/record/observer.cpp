#include "record/observer.h"

#include <algorithm>
#include <exception>
#include <future>
#include <memory>
#include <new>
#include <utility>

namespace qaio {
namespace {

constexpr size_t kBatchMax = 1024;

}  // namespace

Observer::Observer(const Options& options, std::vector<RecordConsumer*> consumers)
    : options_(options), consumers_(std::move(consumers)), queue_(options.queue_max) {
  batch_.reserve(kBatchMax);
  thread_ = std::thread([this] { run(); });
}

void Observer::stop() {
  if (!thread_.joinable()) return;
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void Observer::push(RequestRecord record) noexcept {
  auto* kept = new (std::nothrow) RequestRecord(std::move(record));
  if (kept != nullptr && queue_.bounded_push(kept)) return;
  delete kept;
  dropped_.fetch_add(1, std::memory_order_relaxed);
}

void Observer::when_consumed(std::function<void()> then) {
  {
    const MutexLock lock(mutex_);
    waiting_.push_back(std::move(then));
  }
  wake_.notify_one();
}

void Observer::flush() {
  // Shared: the waiting thread may return while set_value() is still on its way out.
  const auto consumed = std::make_shared<std::promise<void>>();
  when_consumed([consumed] { consumed->set_value(); });
  consumed->get_future().wait();
}

void Observer::run() {
  std::vector<std::function<void()>> due;
  for (bool stopping = false; !stopping;) {
    {
      const auto until = std::chrono::steady_clock::now() + options_.interval;
      const MutexLock lock(mutex_);
      while (!stopping_ && waiting_.empty() && wake_.wait_until(mutex_, until)) continue;
      stopping = stopping_;
      due.swap(waiting_);
    }
    consume_queue();
    for (auto& then : due) {
      try {
        then();
      } catch (const std::exception& error) {
        fails(error.what(), 0);
      }
      then = nullptr;  // what it holds is gone before the next one runs
    }
    due.clear();
  }
}

// What was there at the call; a full queue's worth at most, so that records that keep coming do
// not keep those who wait for it.
void Observer::consume_queue() {
  size_t left = options_.queue_max;
  do {
    batch_.clear();
    take_batch();
    give_batch();
    left -= std::min(left, batch_.size());
  } while (batch_.size() == kBatchMax && left > 0);
  batch_.clear();
}

void Observer::take_batch() {
  RequestRecord* record = nullptr;
  while (batch_.size() < kBatchMax && queue_.pop(record)) {
    try {
      batch_.emplace_back(record);  // which deletes the record if it throws
    } catch (const std::exception& error) {
      fails(error.what(), 1);
    }
  }
}

// What fails for one consumer is there for the others. Why the last one that failed did; null:
// none.
template <typename Give>
const char* Observer::give_each(Give give) const {
  const char* why = nullptr;
  for (RecordConsumer* consumer : consumers_) {
    try {
      give(*consumer);
    } catch (const std::bad_alloc&) {
      why = "out of memory";
    } catch (const std::exception&) {
      why = "a fault inside the server";
    }
  }
  return why;
}

// Where one consumer misses some, no figure of all can be trusted.
void Observer::give_batch() {
  const char* why = give_each([this](RecordConsumer& consumer) { consumer.consume(batch_); });
  if (why != nullptr) {
    fails(why, batch_.size());
  } else if (!batch_.empty()) {
    failing_ = false;
  }
}

void Observer::amend(const RecordPtr& amended) noexcept {
  const char* why = give_each([&](RecordConsumer& consumer) { consumer.amend(amended); });
  if (why != nullptr) fails(why, 1);
}

void Observer::fails(const char* why, size_t records) noexcept {
  dropped_.fetch_add(records, std::memory_order_relaxed);
  if (std::exchange(failing_, true) || !options_.on_problem) return;
  try {
    options_.on_problem(std::string("observing requests fails: ") + why +
                        "; what is missing counts as dropped, until it works again");
  } catch (const std::exception&) {  // no memory for a sentence either: the counter tells
    failing_ = false;
  }
}

}  // namespace qaio
