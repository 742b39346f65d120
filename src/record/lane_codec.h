// The intervals of a lane as few bytes: a request has some twenty, and an archive a million
// requests.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/result.h"
#include "trace/trace.h"

namespace qaio {

// Variable-length integers (7 bits per byte, lowest first): begin - origin, wall, dropped; then for
// each interval its stage's number, the gap before it and its length. All times in ns.
// `origin_ns` is not after the lane's begin.
void encode_lane(const StageLane& lane, TimeNs origin_ns, std::vector<uint8_t>& out);

// The same lane; kCorrupt if the bytes are none.
Result<StageLane> decode_lane(std::span<const uint8_t> bytes, TimeNs origin_ns);

// Walks an encoded lane without building it. Times are since the origin.
class LaneReader {
 public:
  explicit LaneReader(std::span<const uint8_t> bytes) : bytes_(bytes) {
    const auto begin = take();
    const auto wall = take();
    const auto dropped = take();
    ok_ = begin && wall && dropped && *dropped <= UINT32_MAX;
    if (!ok_) return;
    begin_ns_ = last_ns_ = *begin;
    wall_ns_ = *wall;
    dropped_ = static_cast<uint32_t>(*dropped);
  }

  // Nothing at the end, and from the first fault on.
  std::optional<StageLane::Interval> next() {
    if (!ok_ || bytes_.empty()) return std::nullopt;
    const auto stage = take();
    const auto gap = take();
    const auto length = take();
    ok_ = stage && gap && length && static_cast<size_t>(*stage) < kStageCount &&
          ++count_ <= StageLane::kIntervalsMax;
    if (!ok_) return std::nullopt;
    const TimeNs begin_ns = last_ns_ + *gap;
    last_ns_ = begin_ns + *length;
    return StageLane::Interval{static_cast<Stage>(*stage), begin_ns, last_ns_};
  }

  bool ok() const { return ok_; }  // of what was read so far
  TimeNs begin_ns() const { return begin_ns_; }
  int64_t wall_ns() const { return wall_ns_; }
  uint32_t dropped() const { return dropped_; }

 private:
  // 104 days in ns: no sum of what a lane holds can overflow.
  static constexpr uint64_t kValueMax = uint64_t{1} << 53;

  std::optional<int64_t> take() {
    uint64_t value = 0;
    for (size_t i = 0; i < bytes_.size() && i < 8; ++i) {
      value |= uint64_t{bytes_[i] & 0x7fU} << (7 * i);
      if (bytes_[i] >= 0x80) continue;
      if (value > kValueMax) return std::nullopt;
      bytes_ = bytes_.subspan(i + 1);
      return static_cast<int64_t>(value);
    }
    return std::nullopt;
  }

  std::span<const uint8_t> bytes_;
  bool ok_ = false;
  TimeNs begin_ns_ = 0;
  TimeNs last_ns_ = 0;
  int64_t wall_ns_ = 0;
  uint32_t dropped_ = 0;
  size_t count_ = 0;
};

}  // namespace qaio
