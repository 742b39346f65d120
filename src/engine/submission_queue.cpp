#include "engine/submission_queue.h"

#include <algorithm>
#include <string>
#include <utility>

namespace qaio {

SubmissionQueue::SubmissionQueue(int queue_max, int kv_blocks)
    : queue_max_(std::max(queue_max, 1)) {
  load_.kv_blocks_total = kv_blocks;
}

Result<EngineRequestId> SubmissionQueue::submit(EngineRequest request, TimeNs now_ns) {
  EngineRequestId id = 0;
  {
    const MutexLock lock(mutex_);
    if (closed_) return fail(ErrorCode::kCancelled, "the engine is stopping");
    if (load_.waiting >= queue_max_) {
      return fail(ErrorCode::kResourceExhausted,
                  "the queue is full: " + std::to_string(queue_max_) + " requests are waiting");
    }
    id = next_id_++;
    const auto ticket = live_.emplace(id, Ticket{}).first;
    try {
      batch_.submissions.push_back({id, now_ns, load_.waiting, std::move(request)});
    } catch (...) {
      live_.erase(ticket);  // or the engine would never be idle
      throw;
    }
    ++load_.waiting;
  }
  wake_.notify_one();
  return id;
}

void SubmissionQueue::cancel(EngineRequestId id) {
  const MutexLock lock(mutex_);
  const auto it = live_.find(id);
  if (it == live_.end() || std::exchange(it->second.cancelled, true)) return;
  cancellations_ = true;  // nobody to wake: the engine is at work while anything lives
}

void SubmissionQueue::stop() {
  {
    const MutexLock lock(mutex_);
    batch_.stop = closed_ = true;
  }
  wake_.notify_one();
}

void SubmissionQueue::close() {
  const MutexLock lock(mutex_);
  closed_ = true;
}

bool SubmissionQueue::wait_until_idle(std::chrono::nanoseconds patience) {
  const auto until = std::chrono::steady_clock::now() + patience;
  const MutexLock lock(mutex_);
  while (!live_.empty() && idle_.wait_until(mutex_, until)) continue;
  return live_.empty();
}

void SubmissionQueue::cancel_all() {
  const MutexLock lock(mutex_);
  for (auto& [id, ticket] : live_) ticket.cancelled = true;
  cancellations_ = true;
}

Engine::Load SubmissionQueue::load() const {
  const MutexLock lock(mutex_);
  return load_;
}

SubmissionQueue::Batch SubmissionQueue::take(bool may_sleep) {
  const MutexLock lock(mutex_);
  while (may_sleep && batch_.submissions.empty() && !batch_.stop) wake_.wait(mutex_);
  std::vector<EngineRequestId> cancelled;
  if (cancellations_) {
    for (const auto& [id, ticket] : live_) {
      if (ticket.cancelled && !ticket.told) cancelled.push_back(id);
    }
    for (const EngineRequestId id : cancelled) live_.at(id).told = true;
    cancellations_ = false;
  }
  return {.submissions = std::exchange(batch_.submissions, {}),
          .cancelled = std::move(cancelled),
          .stop = batch_.stop};
}

void SubmissionQueue::admitted(EngineRequestId id) {
  const MutexLock lock(mutex_);
  live_.at(id).state = State::kRunning;
  --load_.waiting;
  ++load_.running;
}

void SubmissionQueue::paused(EngineRequestId id) {
  const MutexLock lock(mutex_);
  live_.at(id).state = State::kWaiting;
  ++load_.waiting;
  --load_.running;
}

void SubmissionQueue::finished(EngineRequestId id) {
  const MutexLock lock(mutex_);
  const auto it = live_.find(id);
  --(it->second.state == State::kWaiting ? load_.waiting : load_.running);
  live_.erase(it);
  if (live_.empty()) idle_.notify_all();
}

void SubmissionQueue::publish(const Engine::Load& load) {
  const MutexLock lock(mutex_);
  const int waiting = load_.waiting;
  const int running = load_.running;
  load_ = load;
  load_.waiting = waiting;
  load_.running = running;
}

}  // namespace qaio
