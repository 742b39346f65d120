#include "record/lane_codec.h"

#include <gtest/gtest.h>

#include <random>

#include "record/same_record_for_test.h"

namespace qaio {
namespace {

StageLane random_lane(std::mt19937_64& random) {
  StageLane lane;
  TimeNs now_ns = static_cast<TimeNs>(random() % 1'000'000'000'000'000);
  lane.start(now_ns);
  const size_t count = random() % (StageLane::kIntervalsMax + 3);  // some are dropped
  for (size_t i = 0; i < count; ++i) {
    const TimeNs begin_ns = now_ns + static_cast<TimeNs>(random() >> (20 + random() % 44));
    now_ns = begin_ns + static_cast<TimeNs>(random() >> (20 + random() % 44));
    lane.add(static_cast<Stage>(random() % kStageCount), begin_ns, now_ns);
  }
  lane.finish(now_ns + static_cast<TimeNs>(random() % 1000));
  return lane;
}

TEST(LaneCodec, GivesBackEveryLane) {
  std::mt19937_64 random(11);
  for (int round = 0; round < 2000; ++round) {
    const StageLane lane = random_lane(random);
    const TimeNs origin_ns = lane.begin_ns() - std::min<TimeNs>(lane.begin_ns(), round * 12'345);
    std::vector<uint8_t> bytes;
    encode_lane(lane, origin_ns, bytes);
    const Result<StageLane> back = decode_lane(bytes, origin_ns);
    ASSERT_TRUE(back) << back.error().message;
    expect_same(*back, lane);
  }
}

TEST(LaneCodec, AnIntervalOfMillisecondsTakesFewBytes) {
  StageLane lane;
  lane.start(1000);
  lane.add(Stage::kPrefill, 1090, 101'090'000);
  lane.finish(101'090'100);
  std::vector<uint8_t> bytes;
  encode_lane(lane, 1000, bytes);
  EXPECT_EQ(bytes.size(), 1u + 4u + 1u + (1u + 1u + 4u));
}

// Under sanitizers this also shows that no bytes are read or computed beyond their bounds.
TEST(LaneCodec, RefusesDamagedBytes) {
  std::mt19937_64 random(12);
  std::vector<uint8_t> bytes;
  encode_lane(random_lane(random), 0, bytes);
  int refused = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::vector<uint8_t> damaged = bytes;
    if (round % 2 == 0) damaged.resize(random() % damaged.size());
    for (size_t i = 0; i < 3 && !damaged.empty(); ++i) {
      damaged[random() % damaged.size()] = static_cast<uint8_t>(random());
    }
    const Result<StageLane> back = decode_lane(damaged, static_cast<TimeNs>(random()));
    if (back) continue;
    ++refused;
    EXPECT_EQ(back.error().code, ErrorCode::kCorrupt);
  }
  EXPECT_GT(refused, 1000);
  EXPECT_FALSE(decode_lane({}, 0));
  const uint8_t unknown_stage[] = {0, 9, 0, kStageCount, 1, 1};
  EXPECT_FALSE(decode_lane(unknown_stage, 0));
  const uint8_t whole[] = {0, 9, 0, kStageCount - 1, 1, 1};
  EXPECT_TRUE(decode_lane(whole, 0));
}

}  // namespace
}  // namespace qaio
