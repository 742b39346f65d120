#include "slo/slo_alert.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "base/random.h"

namespace qaio {
namespace {

using enum SloState;
using enum SloVerdict;

constexpr int64_t kForNs = 60 * kSecondNs;
constexpr int64_t kKeepNs = 300 * kSecondNs;

class SloAlertTest : public testing::Test {
 protected:
  // The verdict holds for so long, evaluated each second; the states it goes through.
  std::string during(int seconds, SloVerdict verdict) {
    std::string path;
    for (int i = 0; i < seconds; ++i) {
      now_ += kSecondNs;
      if (const auto change = alert_.update(verdict, now_)) {
        path += (path.empty() ? "" : " ") + std::string(slo_state_name(change->to));
        EXPECT_EQ(alert_.since_ns(), now_);
      }
    }
    return path;
  }

  TimeNs now_ = 0;
  SloAlert alert_{kForNs, kKeepNs, 0};
};

TEST_F(SloAlertTest, GoesThroughItsStates) {
  EXPECT_EQ(during(100, kKept), "");
  EXPECT_EQ(during(60, kBroken), "pending");
  EXPECT_EQ(during(1, kBroken), "firing");
  EXPECT_EQ(during(1000, kBroken), "");
  EXPECT_EQ(during(300, kKept), "");
  EXPECT_EQ(during(1, kKept), "resolved");
  EXPECT_EQ(during(899, kKept), "");
  EXPECT_EQ(during(1, kKept), "ok");
}

TEST_F(SloAlertTest, AShortBreachComesToNothing) {
  EXPECT_EQ(during(59, kBroken), "pending");
  EXPECT_EQ(during(60, kKept), "");
  EXPECT_EQ(during(1, kKept), "ok");
}

TEST_F(SloAlertTest, AnInterruptedBreachBeginsAnew) {
  EXPECT_EQ(during(59, kBroken), "pending");
  EXPECT_EQ(during(1, kKept), "");
  EXPECT_EQ(during(60, kBroken), "");
  EXPECT_EQ(during(1, kBroken), "firing");
}

TEST_F(SloAlertTest, AShortRecoveryKeepsFiring) {
  during(100, kBroken);
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(during(299, kKept), "");
    EXPECT_EQ(during(1, kBroken), "");
  }
  EXPECT_EQ(alert_.state(), kFiring);
}

TEST_F(SloAlertTest, TooFewSamplesNeitherAlarmNorGoOnAlarming) {
  EXPECT_EQ(during(1000, kTooFew), "");
  EXPECT_EQ(during(100, kBroken), "pending firing");
  EXPECT_EQ(during(300, kTooFew), "");
  EXPECT_EQ(during(1, kTooFew), "resolved");
}

TEST_F(SloAlertTest, FiresAgainAfterItWasResolved) {
  during(100, kBroken);
  EXPECT_EQ(during(301, kKept), "resolved");
  EXPECT_EQ(during(61, kBroken), "pending firing");
}

TEST_F(SloAlertTest, WithoutAForItFiresAtOnce) {
  alert_ = SloAlert(0, 0, 0);
  EXPECT_EQ(during(1, kBroken), "firing");
  EXPECT_EQ(during(1, kKept), "resolved");
  EXPECT_EQ(during(1, kBroken), "firing");
}

// A verdict that is as good as chance, at every evaluation, for a day: whatever it does, a pending
// lasts at least `for` and a firing at least `keep_firing_for`.
TEST_F(SloAlertTest, NeverFlaps) {
  Random random(7);
  for (const double broken_share : {0.5, 0.9, 0.99, 0.999}) {
    SloAlert alert(kForNs, kKeepNs, 0);
    TimeNs entered = 0;
    int changes = 0;
    const int64_t seconds = 86'400;
    for (TimeNs now = 0; now < seconds * kSecondNs; now += kSecondNs / 4) {
      const auto change = alert.update(random.uniform() < broken_share ? kBroken : kKept, now);
      if (!change) continue;
      ++changes;
      if (change->from == kPending) {
        EXPECT_GE(now - entered, kForNs);
      }
      if (change->from == kFiring) {
        EXPECT_GE(now - entered, kKeepNs);
      }
      entered = now;
    }
    EXPECT_LE(changes, 2 * 86'400 / 60);
    if (broken_share == 0.5) {
      EXPECT_LE(changes, 1) << "one pending that never comes to anything";
    }
  }
}

}  // namespace
}  // namespace qaio
