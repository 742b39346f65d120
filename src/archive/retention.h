// How long records are kept, what time it is for that, and how many may go at once. What is removed
// by mistake does not come back: a clock that is wrong for a while, or a wrong option, must not
// cost more than a small share of an archive before somebody can see it.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>

#include "base/clock.h"

namespace qaio {

struct ArchiveRetention {
  std::chrono::hours age_max{30 * 24};
  int64_t bytes_max = int64_t{1} << 30;
};

// A stamp before this one is that of a machine whose clock had not been set yet.
inline constexpr int64_t kClockSetUnixMs = 1'577'836'800'000;  // 2020-01-01

// The newest stamp of an archive that can be believed. A clock that was wrong for a while has left
// stamps far from all others: they count once there are such of more than a day. `newest_until`
// gives the newest stamp until a time; nothing: there is none.
std::optional<int64_t> newest_believable(
    int64_t now_unix_ms,
    const std::function<std::optional<int64_t>(int64_t unix_ms)>& newest_until);

// The time that retention by age believes: the least that the wall clock has shown, as steady time
// goes, within the last day or two. A jump ahead is believed when it has lasted that long, one back
// at once. At the start no more is believed than that the newest record has just arrived.
class RetentionClock {
 public:
  // `newest_unix_ms`: the newest stamp that can be believed; nothing: there is none.
  RetentionClock(const Clock& clock, std::optional<int64_t> newest_unix_ms);

  // Never ahead of the wall clock. To be asked more often than daily.
  int64_t now_unix_ms();

 private:
  static constexpr TimeNs kWindowNs = TimeNs{24 * 3600} * 1'000'000'000;
  int64_t steady_ms() const { return clock_.now_ns() / 1'000'000; }
  int64_t offset_ms() const { return clock_.wall_unix_ms() - steady_ms(); }

  const Clock& clock_;
  TimeNs window_begin_ns_;
  int64_t least_offset_ms_;         // of wall time to steady time, in this window
  int64_t least_offset_before_ms_;  // in the one before
};

// How many of those kept may go: a tenth an hour, at least one.
class RemovalBudget {
 public:
  int64_t left(TimeNs now_ns, int64_t count) {
    if (!begin_ns_ || now_ns - *begin_ns_ >= kRefillNs) {
      begin_ns_ = now_ns;
      left_ = std::max<int64_t>(1, count / 10);
    }
    return left_;
  }
  void take(int64_t removed) { left_ -= removed; }
  // For so many that came, twice as many may go: a bound on size holds however many come.
  void make_room_for(int64_t came) { left_ += 2 * came; }

 private:
  static constexpr TimeNs kRefillNs = TimeNs{3600} * 1'000'000'000;
  std::optional<TimeNs> begin_ns_;
  int64_t left_ = 0;
};

}  // namespace qaio
