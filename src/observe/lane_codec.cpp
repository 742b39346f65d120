#include "observe/lane_codec.h"

#include <optional>

namespace qaio {
namespace {

// Numbers of stages are part of archives: new stages go to the end of the enum, or a migration of
// the archive renumbers them.
static_assert(static_cast<int>(Stage::kHttpWrite) == 4 &&
              static_cast<int>(Stage::kOutputParse) == 11 && kStageCount == 12);

// 104 days in ns: no sum of what a lane holds can overflow.
constexpr uint64_t kValueMax = uint64_t{1} << 53;
constexpr TimeNs kOriginMax = TimeNs{1} << 62;

void put(uint64_t value, std::vector<uint8_t>& out) {
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<uint8_t>(value | 0x80));
  out.push_back(static_cast<uint8_t>(value));
}

void put_time(int64_t value_ns, std::vector<uint8_t>& out) {
  put(value_ns < 0 ? 0 : static_cast<uint64_t>(value_ns), out);
}

class Bytes {
 public:
  explicit Bytes(std::span<const uint8_t> bytes) : bytes_(bytes) {}
  bool empty() const { return bytes_.empty(); }
  // Nothing once something was wrong.
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

 private:
  std::span<const uint8_t> bytes_;
};

tl::unexpected<Error> corrupt() {
  return fail(ErrorCode::kCorrupt, "a lane of an archived record is damaged");
}

}  // namespace

void encode_lane(const Lane& lane, TimeNs origin_ns, std::vector<uint8_t>& out) {
  put_time(lane.begin_ns() - origin_ns, out);
  put_time(lane.wall_ns(), out);
  put(lane.dropped(), out);
  TimeNs last_ns = lane.begin_ns();
  for (size_t i = 0; i < lane.size(); ++i) {
    put(static_cast<uint64_t>(lane[i].stage), out);
    put_time(lane[i].begin_ns - last_ns, out);
    put_time(lane[i].end_ns - lane[i].begin_ns, out);
    last_ns = lane[i].end_ns;
  }
}

Result<Lane> decode_lane(std::span<const uint8_t> bytes, TimeNs origin_ns) {
  Bytes in(bytes);
  const auto offset_ns = in.take();
  const auto wall_ns = in.take();
  const auto dropped = in.take();
  if (!offset_ns || !wall_ns || !dropped || *dropped > UINT32_MAX) return corrupt();
  if (origin_ns < 0 || origin_ns > kOriginMax) return corrupt();
  Lane lane;
  TimeNs last_ns = origin_ns + *offset_ns;
  lane.start(last_ns);
  const TimeNs end_ns = last_ns + *wall_ns;
  while (!in.empty()) {
    const auto stage = in.take();
    const auto gap_ns = in.take();
    const auto length_ns = in.take();
    if (!stage || !gap_ns || !length_ns || lane.size() == Lane::kIntervalsMax ||
        static_cast<size_t>(*stage) >= kStageCount) {
      return corrupt();
    }
    const TimeNs begin_ns = last_ns + *gap_ns;
    last_ns = begin_ns + *length_ns;
    lane.add(static_cast<Stage>(*stage), begin_ns, last_ns);
  }
  lane.set_dropped(static_cast<uint32_t>(*dropped));
  lane.finish(end_ns);
  return lane;
}

}  // namespace qaio
