#include "load/arrivals.h"

#include <gtest/gtest.h>

#include <vector>

namespace qaio {
namespace {

TEST(Arrivals, AreAPoissonProcess) {
  FakeClock clock;
  const TimeNs start = clock.now_ns();
  Arrivals arrivals(100, 7, clock);
  constexpr int kCount = 100'000;
  double sum = 0;
  double squares = 0;
  int longer_than_mean = 0;
  TimeNs last = start;
  for (int i = 0; i < kCount; ++i) {
    const TimeNs next = arrivals.next_ns();
    ASSERT_GE(next, last);
    const double gap_ms = static_cast<double>(next - last) / 1e6;
    sum += gap_ms;
    squares += gap_ms * gap_ms;
    if (gap_ms > 10) ++longer_than_mean;
    last = next;
  }
  // Exponential gaps of 10 ms: deviation = mean, and 1/e of them exceed it. Five standard errors:
  // 5 / sqrt(100,000) = 1.6 % of the mean, 3.5 times as much of the second moment.
  const double mean = sum / kCount;
  EXPECT_NEAR(mean, 10, 0.16);
  EXPECT_NEAR(squares / kCount, 200, 14);
  EXPECT_NEAR(static_cast<double>(longer_than_mean) / kCount, 0.3679, 0.008);
}

// A client that was held up by the server asks late; its requests were due all the same.
TEST(Arrivals, DoNotWaitForTheCaller) {
  FakeClock clock;
  Arrivals prompt(50, 3, clock);
  Arrivals late(50, 3, clock);
  std::vector<TimeNs> expected;
  expected.reserve(200);
  for (int i = 0; i < 200; ++i) expected.push_back(prompt.next_ns());
  for (const TimeNs time : expected) {
    clock.advance_ns(1'000'000'000);
    EXPECT_EQ(late.next_ns(), time);
  }
}

TEST(Arrivals, FollowTheSeed) {
  FakeClock clock;
  Arrivals one(10, 1, clock);
  Arrivals same(10, 1, clock);
  Arrivals other(10, 2, clock);
  const TimeNs first = one.next_ns();
  EXPECT_EQ(first, same.next_ns());
  EXPECT_NE(first, other.next_ns());
}

TEST(Random, IsTheSameEverywhere) {
  // SplitMix64 as published, first output for seed 0 in Vigna's splitmix64.c.
  EXPECT_EQ(Random::mixed(0x9E3779B97F4A7C15), 0xE220A8397B1DCDAFu);
  Random random(5);
  for (int i = 0; i < 1000; ++i) {
    EXPECT_LT(random.below(7), 7u);
    const double uniform = random.uniform();
    EXPECT_TRUE(uniform >= 0 && uniform < 1);
  }
}

}  // namespace
}  // namespace qaio
