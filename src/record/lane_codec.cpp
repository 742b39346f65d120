#include "record/lane_codec.h"

#include "record/record_bounds.h"

namespace qaio {
namespace {

// Numbers of stages are part of archives: new stages go to the end of the enum, or a migration of
// the archive renumbers them.
static_assert(static_cast<int>(Stage::kHttpWrite) == 4 &&
              static_cast<int>(Stage::kOutputParse) == 11 && kStageCount == 12);

constexpr TimeNs kOriginMax = TimeNs{1} << 61;  // so that all of a lane is below kRecordIntMax

void put(uint64_t value, std::vector<uint8_t>& out) {
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<uint8_t>(value | 0x80));
  out.push_back(static_cast<uint8_t>(value));
}

void put_time(int64_t value_ns, std::vector<uint8_t>& out) {
  put(value_ns < 0 ? 0 : static_cast<uint64_t>(value_ns), out);
}

tl::unexpected<Error> corrupt() {
  return fail(ErrorCode::kCorrupt, "a lane of an archived record is damaged");
}

}  // namespace

void encode_lane(const StageLane& lane, TimeNs origin_ns, std::vector<uint8_t>& out) {
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

Result<StageLane> decode_lane(std::span<const uint8_t> bytes, TimeNs origin_ns) {
  LaneReader in(bytes);
  if (!in.ok() || origin_ns < 0 || origin_ns > kOriginMax) return corrupt();
  StageLane lane;
  lane.start(origin_ns + in.begin_ns());
  while (const auto interval = in.next())
    lane.add(interval->stage, origin_ns + interval->begin_ns, origin_ns + interval->end_ns);
  // Only a full lane drops any.
  const bool dropped = in.dropped() > 0;
  if (!in.ok() || in.dropped() > kLaneDroppedMax) return corrupt();
  if (dropped && lane.size() < StageLane::kIntervalsMax) return corrupt();
  if (lane.last_ns() > origin_ns + in.begin_ns() + in.wall_ns()) return corrupt();
  lane.set_dropped(in.dropped());
  lane.finish(origin_ns + in.begin_ns() + in.wall_ns());
  return lane;
}

}  // namespace qaio
