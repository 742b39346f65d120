#include "archive/retention.h"

#include <gtest/gtest.h>

#include <vector>

#include "archive/archive_fixture_for_test.h"

namespace qaio {
namespace {

using namespace std::chrono_literals;

constexpr int64_t kStart = 1'790'000'000'000;
constexpr int64_t kHour = 3'600'000;
constexpr int64_t kDay = 24 * kHour;

class RetentionClockTest : public testing::Test {
 protected:
  // Looks every hour meanwhile.
  int64_t after(RetentionClock& retention, int64_t ms) {
    for (; ms > kHour; ms -= kHour) {
      clock_.advance(1h);
      retention.now_unix_ms();
    }
    clock_.advance(std::chrono::milliseconds(ms));
    return retention.now_unix_ms();
  }
  void set_by(int64_t ms) { clock_.set_wall_by(std::chrono::milliseconds(ms)); }
  ArchiveClock clock_;
};

TEST_F(RetentionClockTest, FollowsAClockThatGoesAsSteadyTime) {
  RetentionClock retention(clock_, kStart);
  EXPECT_EQ(retention.now_unix_ms(), kStart);
  EXPECT_EQ(after(retention, 100 * kDay), kStart + 100 * kDay);
}

TEST_F(RetentionClockTest, AJumpAheadIsNotBelievedUntilItHasLastedADay) {
  for (const int64_t lasts : {12'000L, kHour, 23 * kHour}) {
    RetentionClock retention(clock_, clock_.wall_unix_ms());
    const int64_t before = after(retention, 3 * kDay);
    set_by(40 * kDay);
    EXPECT_EQ(retention.now_unix_ms(), before);
    EXPECT_EQ(after(retention, lasts), before + lasts);
    set_by(-40 * kDay);
    EXPECT_EQ(after(retention, 5 * kDay), before + lasts + 5 * kDay);
  }
  RetentionClock retention(clock_, clock_.wall_unix_ms());
  const int64_t before = after(retention, 3 * kDay);
  set_by(40 * kDay);
  EXPECT_EQ(after(retention, 2 * kDay), before + 42 * kDay);
}

TEST_F(RetentionClockTest, AJumpBackIsBelievedAtOnce) {
  RetentionClock retention(clock_, kStart);
  set_by(-40 * kDay);
  EXPECT_EQ(retention.now_unix_ms(), kStart - 40 * kDay);
}

TEST_F(RetentionClockTest, AMachineThatWasOffIsBelievedAfterADay) {
  RetentionClock retention(clock_, kStart - 40 * kDay);
  EXPECT_EQ(retention.now_unix_ms(), kStart - 40 * kDay);
  EXPECT_EQ(after(retention, 23 * kHour), kStart - 40 * kDay + 23 * kHour);
  EXPECT_EQ(after(retention, kHour), kStart + kDay);
}

TEST_F(RetentionClockTest, AClockThatIsSetAfterTheStartIsBelievedInTheEnd) {
  set_by(-kStart);  // 1970, until NTP
  RetentionClock retention(clock_, kStart - kDay);
  EXPECT_LE(retention.now_unix_ms(), clock_.wall_unix_ms());
  clock_.advance(30s);
  set_by(kStart);
  EXPECT_LT(retention.now_unix_ms(), kStart) << "late, never early";
  const int64_t believed = after(retention, 2 * kDay);
  EXPECT_EQ(believed, clock_.wall_unix_ms());
}

TEST_F(RetentionClockTest, AWrongNewestRecordDoesNotMatter) {
  RetentionClock ahead(clock_, kStart + 1000 * kDay);
  EXPECT_EQ(ahead.now_unix_ms(), kStart);
  RetentionClock behind(clock_, 0);
  EXPECT_LT(behind.now_unix_ms(), kStart);
  const int64_t believed = after(behind, kDay);
  EXPECT_EQ(believed, clock_.wall_unix_ms());
}

TEST_F(RetentionClockTest, AMachineThatSleepsEveryNightIsBelieved) {
  RetentionClock retention(clock_, kStart);  // steady time does not count while it sleeps
  for (int day = 0; day < 60; ++day) {
    after(retention, 16 * kHour);
    set_by(8 * kHour);
  }
  EXPECT_GT(retention.now_unix_ms(), clock_.wall_unix_ms() - 2 * kDay);
}

TEST(NewestBelievable, IsNoneOfAClockThatWasWrongForAWhile) {
  const auto newest = [](int64_t now, const std::vector<int64_t>& stamps) {
    return newest_believable(now, [&](int64_t until) {
      std::optional<int64_t> found;
      for (const int64_t stamp : stamps) {
        if (stamp <= until) found = std::max(found.value_or(stamp), stamp);
      }
      return found;
    });
  };
  std::vector<int64_t> stamps;
  EXPECT_EQ(newest(kStart, stamps), std::nullopt);
  stamps = {kStart - kHour, kStart};
  EXPECT_EQ(newest(kStart + kDay, stamps), kStart) << "that is all there is";
  for (int day = 1; day < 10; ++day) stamps.push_back(kStart - day * kDay);
  EXPECT_EQ(newest(kStart + kHour, stamps), kStart);
  EXPECT_EQ(newest(kStart - kHour, stamps), kStart - kHour);
  for (int hour = 0; hour < 20; ++hour) stamps.push_back(kStart + 40 * kDay + hour * kHour);
  for (int hour = 0; hour < 20; ++hour) stamps.push_back(kStart + 400 * kDay + hour * kHour);
  EXPECT_EQ(newest(kStart + 50 * kDay, stamps), kStart);
  EXPECT_EQ(newest(kStart + 500 * kDay, stamps), kStart);
  stamps.push_back(kStart + 41 * kDay);
  EXPECT_EQ(newest(kStart + 50 * kDay, stamps), kStart + 41 * kDay) << "it was off for so long";
}

TEST(RemovalBudget, IsATenthAnHourAndAtLeastOne) {
  constexpr TimeNs kHourNs = kHour * 1'000'000;
  RemovalBudget budget;
  EXPECT_EQ(budget.left(0, 300), 30);
  budget.take(30);
  EXPECT_EQ(budget.left(kHourNs - 1, 300), 0);
  budget.make_room_for(5);
  EXPECT_EQ(budget.left(kHourNs - 1, 300), 10);
  EXPECT_EQ(budget.left(kHourNs, 270), 27) << "what was not used is not kept";
  EXPECT_EQ(RemovalBudget().left(0, 3), 1);
}

}  // namespace
}  // namespace qaio
