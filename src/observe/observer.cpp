#include "observe/observer.h"

#include <algorithm>
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

Observer::~Observer() {
  {
    const std::lock_guard lock(mutex_);
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

void Observer::flush() {
  std::unique_lock lock(mutex_);
  const uint64_t wanted = ++flushes_wanted_;
  wake_.notify_one();
  flushed_.wait(lock, [&] { return flushes_done_ >= wanted; });
}

void Observer::run() {
  for (bool stopping = false; !stopping;) {
    uint64_t flushes;
    {
      std::unique_lock lock(mutex_);
      wake_.wait_for(lock, options_.interval,
                     [&] { return stopping_ || flushes_wanted_ > flushes_done_; });
      stopping = stopping_;
      flushes = flushes_wanted_;
    }
    consume_queue();
    {
      const std::lock_guard lock(mutex_);
      flushes_done_ = flushes;
    }
    flushed_.notify_all();
  }
}

// What was there at the call; a full queue's worth at most, so that records that keep coming do
// not keep a flush() waiting.
void Observer::consume_queue() {
  size_t left = options_.queue_max;
  do {
    batch_.clear();
    RequestRecord* record = nullptr;
    while (batch_.size() < kBatchMax && queue_.pop(record)) batch_.emplace_back(record);
    for (RecordConsumer* consumer : consumers_) consumer->consume(batch_);
    left -= std::min(left, batch_.size());
  } while (batch_.size() == kBatchMax && left > 0);
  batch_.clear();
}

}  // namespace qaio
