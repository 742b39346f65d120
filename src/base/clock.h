// Injected time. Intervals come from the steady clock only; wall time only labels records.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

namespace qaio {

// Nanoseconds on the steady clock's arbitrary epoch.
using TimeNs = int64_t;

class Clock {
 public:
  virtual ~Clock() = default;
  virtual TimeNs now_ns() const = 0;         // monotonic
  virtual int64_t wall_unix_ms() const = 0;  // for labels
};

class SteadyClock final : public Clock {
 public:
  TimeNs now_ns() const override {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(
               std::chrono::steady_clock::now().time_since_epoch())
        .count();
  }
  int64_t wall_unix_ms() const override {
    return std::chrono::duration_cast<std::chrono::milliseconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
  }
  // The process-wide instance.
  static const SteadyClock& instance();
};

// Tests advance it by hand. Thread-safe.
class FakeClock final : public Clock {
 public:
  TimeNs now_ns() const override { return now_ns_.load(); }
  int64_t wall_unix_ms() const override { return now_ns_.load() / 1'000'000; }
  void advance_ns(int64_t delta_ns) { now_ns_ += delta_ns; }

 private:
  std::atomic<TimeNs> now_ns_{1'000'000'000};
};

}  // namespace qaio
