#include "trace/trace.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <set>
#include <string>

#include "base/failing_memory_for_test.h"

namespace qaio {
namespace {

TEST(StageTest, NamesAreDistinct) {
  std::set<std::string_view> names;
  for (size_t i = 0; i < kStageCount; ++i) names.insert(stage_name(static_cast<Stage>(i)));
  EXPECT_EQ(names.size(), kStageCount);
  EXPECT_FALSE(names.contains("unknown"));
  EXPECT_EQ(stage_name(Stage::kOutputParse), "output_parse");
}

TEST(LaneTest, StagesTileTheWallTime) {
  StageLane lane;
  lane.start(1000);
  lane.add(Stage::kPromptBuild, 1000, 1300);
  lane.add(Stage::kTokenize, 1307, 1357);  // what lies between them is nobody's
  lane.finish(1357);
  EXPECT_EQ(lane.wall_ns(), 357);
  EXPECT_EQ(lane.stage_ns(Stage::kPromptBuild), 300);
  EXPECT_EQ(lane.stage_ns(Stage::kTokenize), 50);
  EXPECT_EQ(lane.stage_ns(Stage::kDecode), 0);
  EXPECT_EQ(lane.unattributed_ns(), 7);
  ASSERT_EQ(lane.size(), 2U);
  EXPECT_EQ(lane[1].stage, Stage::kTokenize);
  EXPECT_EQ(lane[1].begin_ns, lane.begin_ns() + 307);
}

TEST(LaneTest, ARecurringStageAddsUp) {
  StageLane lane;
  lane.start(0);
  lane.add(Stage::kHttpWrite, 0, 10);
  lane.add(Stage::kTasks, 10, 30);
  lane.add(Stage::kHttpWrite, 30, 45);
  lane.finish(45);
  EXPECT_EQ(lane.stage_ns(Stage::kHttpWrite), 25);
  EXPECT_EQ(lane.unattributed_ns(), 0);
}

TEST(LaneTest, AFullLaneCountsWhatItDrops) {
  StageLane lane;
  lane.start(0);
  for (size_t i = 0; i < StageLane::kIntervalsMax + 3; ++i) {
    const auto begin = static_cast<TimeNs>(i) * 10;
    lane.add(Stage::kDecode, begin, begin + 10);
  }
  lane.finish((static_cast<TimeNs>(StageLane::kIntervalsMax) + 3) * 10);
  EXPECT_EQ(lane.size(), StageLane::kIntervalsMax);
  EXPECT_EQ(lane.dropped(), 3U);
  EXPECT_EQ(lane.unattributed_ns(), 30);
}

TEST(GapTest, AGapIsCountedInTheRangeThatEndsAtOrAboveIt) {
  EXPECT_TRUE(std::ranges::is_sorted(kGapBoundsNs));
  GapCounts counts{};
  count_gap(0, counts);
  count_gap(kGapBoundsNs.front(), counts);
  count_gap(kGapBoundsNs.front() + 1, counts);
  count_gap(kGapBoundsNs.back(), counts);
  count_gap(kGapBoundsNs.back() + 1, counts);
  count_gap(std::numeric_limits<int64_t>::max(), counts);
  GapCounts expected{};
  expected[0] = 2;
  expected[1] = 1;
  expected[kGapBoundsNs.size() - 1] = 1;
  expected[kGapBoundsNs.size()] = 2;
  EXPECT_EQ(counts, expected);
}

// A debug build says where a stage was stamped wrongly; a release records it and goes on.
TEST(StageLaneDeathTest, OnlyADebugBuildFailsOnOverlap) {
  testing::GTEST_FLAG(death_test_style) = "threadsafe";
  StageLane lane;
  lane.start(100);
  lane.add(Stage::kQueue, 100, 200);
  EXPECT_DEBUG_DEATH(lane.add(Stage::kPrefill, 199, 300), "overlap");
  EXPECT_DEBUG_DEATH(lane.add(Stage::kPrefill, 300, 299), "ends before it begins");
#ifdef NDEBUG
  EXPECT_EQ(lane.size(), 3u);
#endif
}

TEST(LaneTest, AllocatesNothing) {
  StageLane lane;
  lane.start(0);
  FailingMemory::arm(std::numeric_limits<int64_t>::max(), 0);
  for (size_t i = 0; i < StageLane::kIntervalsMax + 1; ++i) {
    const auto begin = static_cast<TimeNs>(i) * 2;
    lane.add(Stage::kDecode, begin, begin + 2);
  }
  EXPECT_EQ(FailingMemory::disarm(), 0);
}

}  // namespace
}  // namespace qaio
