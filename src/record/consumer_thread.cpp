#include "record/consumer_thread.h"

#include <algorithm>
#include <exception>
#include <utility>

#include "base/low_latency_thread.h"

namespace qaio {
namespace {

constexpr size_t kBatchMax = 1024;

}  // namespace

size_t record_bytes(const RequestRecord& record) {
  size_t bytes = sizeof record + record.path.size() + record.input_text.size();
  for (const TaskRecord& task : record.tasks) bytes += sizeof task + task.output_text.size();
  return bytes;
}

ConsumerThread::ConsumerThread(Options options, RecordConsumer& consumer)
    : options_(std::move(options)), consumer_(consumer) {
  thread_ = std::thread([this] { run(); });
}

void ConsumerThread::consume(std::span<const RecordPtr> records) {
  if (records.empty()) return;
  bool begins = false;
  {
    const MutexLock lock(mutex_);
    for (const RecordPtr& record : records) {
      const size_t bytes = record_bytes(*record);
      if (waiting_.size() < options_.records_max && waiting_bytes_ + bytes <= options_.bytes_max) {
        waiting_.push_back(record);
        waiting_bytes_ += bytes;
      } else {
        ++dropped_;
        begins = begins || !std::exchange(dropping_, true);
      }
    }
  }
  wake_.notify_one();
  if (begins && options_.tell) options_.tell(false, 0);
}

void ConsumerThread::amend(const RecordPtr& amended) {
  if (!options_.amends) return;
  {
    const MutexLock lock(mutex_);
    const auto waiting =
        std::find_if(waiting_.rbegin(), waiting_.rend(),
                     [&](const RecordPtr& record) { return same_request(*record, *amended); });
    if (waiting != waiting_.rend()) {
      *waiting = amended;
      return;
    }
    if (amended_.size() >= options_.records_max) {
      ++amendments_dropped_;
      return;
    }
    amended_.push_back(amended);
  }
  wake_.notify_one();
}

void ConsumerThread::when_consumed(std::function<void()> then) {
  {
    const MutexLock lock(mutex_);
    asked_.push_back(std::move(then));
  }
  wake_.notify_one();
}

void ConsumerThread::stop() {
  if (!thread_.joinable()) return;
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

uint64_t ConsumerThread::amendments_dropped() const {
  const MutexLock lock(mutex_);
  return amendments_dropped_;
}

uint64_t ConsumerThread::dropped() const {
  const MutexLock lock(mutex_);
  return dropped_;
}

bool ConsumerThread::idle() const {
  return !stopping_ && asked_.empty() && waiting_.empty() && amended_.empty();
}

void ConsumerThread::run() {
  use_low_latency_scheduling();
  std::vector<std::function<void()>> due;
  for (bool stopping = false; !stopping;) {
    {
      const auto until = std::chrono::steady_clock::now() + options_.interval;
      const MutexLock lock(mutex_);
      while (idle() && wake_.wait_until(mutex_, until)) continue;
      stopping = stopping_;
      due.swap(asked_);
    }
    try {
      consume_waiting();
      give_amendments();
    } catch (const std::exception&) {  // no memory for a batch: the records wait
    }
    for (auto& then : due) {
      try {
        then();
      } catch (const std::exception&) {  // one who asked is not told; the thread goes on
      }
    }
    due.clear();
    tell_if_it_keeps_up();
  }
}

// What waited at the call, so that records that keep coming do not keep those who asked. A batch
// that fails, for want of memory, is lost, not the thread.
void ConsumerThread::consume_waiting() {
  std::vector<RecordPtr> batch;
  size_t left = options_.records_max;
  do {
    batch.clear();
    {
      const MutexLock lock(mutex_);
      const size_t count = std::min(waiting_.size(), kBatchMax);
      batch.reserve(count);
      for (size_t i = 0; i < count; ++i) {
        waiting_bytes_ -= record_bytes(*waiting_.front());
        batch.push_back(std::move(waiting_.front()));
        waiting_.pop_front();
      }
    }
    try {
      consumer_.consume(batch);
    } catch (const std::exception&) {
      const MutexLock lock(mutex_);
      dropped_ += batch.size();
    }
    left -= std::min(left, batch.size());
  } while (batch.size() == kBatchMax && left > 0);
}

// Those of records that were consumed: what still waits was amended there.
void ConsumerThread::give_amendments() {
  std::vector<RecordPtr> amended;
  {
    const MutexLock lock(mutex_);
    amended.swap(amended_);
  }
  for (const RecordPtr& one : amended) {
    try {
      consumer_.amend(one);
    } catch (const std::exception&) {
      const MutexLock lock(mutex_);
      ++amendments_dropped_;
    }
  }
}

void ConsumerThread::tell_if_it_keeps_up() {
  uint64_t count = 0;
  {
    const MutexLock lock(mutex_);
    if (!dropping_ || !waiting_.empty()) return;
    dropping_ = false;
    count = dropped_ - std::exchange(dropped_told_, dropped_);
  }
  if (options_.tell) options_.tell(true, count);
}

}  // namespace qaio
