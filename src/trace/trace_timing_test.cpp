// What a stamp costs; see HACKING.md about tests that judge times.
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "trace/trace.h"

namespace qaio {
namespace {

// The bar is 100 ns (bench/trace_bench.cpp measures it); this only catches a lock slipping in.
TEST(StampTimingTest, CostsWellUnderAMicrosecond) {
  const Clock& clock = SteadyClock::instance();
  constexpr int kRounds = 2000;
  int64_t best_ns = std::numeric_limits<int64_t>::max();
  for (int round = 0; round < kRounds; ++round) {
    StageLane lane;
    lane.start(clock.now_ns());
    const TimeNs begin_ns = clock.now_ns();
    for (size_t i = 0; i < StageLane::kIntervalsMax; ++i) {
      const TimeNs stage_begin_ns = clock.now_ns();
      lane.add(Stage::kDecode, stage_begin_ns, clock.now_ns());
    }
    best_ns = std::min(best_ns, clock.now_ns() - begin_ns);
    ASSERT_EQ(lane.dropped(), 0U);
  }
  EXPECT_LT(best_ns / static_cast<int64_t>(StageLane::kIntervalsMax), 1000);
}

}  // namespace
}  // namespace qaio
