// What an archive that cannot be written does: it pauses, tries again at intervals, and counts.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <utility>

#include "base/clock.h"
#include "base/result.h"

namespace qaio {

class ArchivePause {
 public:
  // `clock` outlives it.
  ArchivePause(std::chrono::milliseconds retry_interval, const Clock& clock)
      : retry_interval_(retry_interval), clock_(clock) {}

  bool paused() const { return paused_.load(std::memory_order_relaxed); }  // any thread
  bool retry_due() const { return paused() && clock_.now_ns() >= retry_at_ns_; }

  // A write failed: until the next try. True if it went well before.
  bool begin(const Error& error) {
    const bool begins = !paused_.exchange(true);
    if (begins) lost_before_ = lost();
    reason_ = error.message;
    retry_at_ns_ = clock_.now_ns() + std::chrono::nanoseconds(retry_interval_).count();
    return begins;
  }
  // A write succeeded. Returns how many records the pause has cost.
  uint64_t end() {
    paused_ = false;
    return lost() - lost_before_;
  }
  // How many records were lost since it last could write, none if it can.
  uint64_t take_lost() { return paused() ? lost() - std::exchange(lost_before_, lost()) : 0; }

  const std::string& reason() const { return reason_; }  // why it pauses
  void set_reason(std::string reason) { reason_ = std::move(reason); }

  void lose(uint64_t records) { lost_.fetch_add(records, std::memory_order_relaxed); }
  // Of which a message tells, so that no pause has cost them.
  void lose_and_tell(uint64_t records) {
    lose(records);
    lost_before_ += records;
  }
  uint64_t lost() const { return lost_.load(std::memory_order_relaxed); }  // any thread

 private:
  const std::chrono::milliseconds retry_interval_;
  const Clock& clock_;
  std::atomic<bool> paused_ = false;
  TimeNs retry_at_ns_ = 0;  // while paused
  std::string reason_;
  uint64_t lost_before_ = 0;
  std::atomic<uint64_t> lost_ = 0;
};

}  // namespace qaio
