#include "slo/slo_tracker.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/random.h"
#include "record/record_for_test.h"

namespace qaio {
namespace {

using enum SloState;

std::shared_ptr<RequestRecord> answered(int64_t total_ns) {
  auto record = chat_record(total_ns);
  record->tasks.push_back(generate_task("chat", 2 * kMs, kMs, 2, kMs));
  return record;
}

std::shared_ptr<RequestRecord> refused() {
  auto record = chat_record(kMs);
  record->status = 503;
  record->error_code = "resource_exhausted";
  return record;
}

SloRule quick_rule() {
  SloRule rule;
  rule.threshold_ns = 100 * kMs;
  rule.window_ns = 60 * kSecondNs;
  rule.samples_min = 20;
  rule.for_ns = 10 * kSecondNs;
  rule.keep_firing_for_ns = 30 * kSecondNs;
  return rule;
}

SloRule burning_rule() {
  SloRule rule = quick_rule();
  rule.objective = 0.99;
  rule.burn_limits = {{.long_ns = 3600 * kSecondNs, .short_ns = 300 * kSecondNs, .rate = 14.4},
                      {.long_ns = 6 * 3600 * kSecondNs, .short_ns = 1800 * kSecondNs, .rate = 6}};
  rule.for_ns = 0;
  return rule;
}

class Driver {
 public:
  explicit Driver(const SloRule& rule) : tracker(rule, 0, 0) {}

  void add(const RecordPtr& record) { tracker.add(RecordTimes(*record), now); }
  // One evaluation each second, with so many requests of that time.
  void run(int seconds, int per_second, int64_t total_ns) {
    const RecordPtr record = answered(total_ns);
    for (int i = 0; i < seconds; ++i) {
      now += kSecondNs;
      for (int j = 0; j < per_second; ++j) add(record);
      evaluate();
    }
  }
  void evaluate() { changes += tracker.evaluate(now, wall_ms + now / kMs).has_value(); }
  SloStatus status() const { return tracker.status(now); }

  SloTracker tracker;
  TimeNs now = 0;
  int64_t wall_ms = 1'700'000'000'000;
  int changes = 0;
};

TEST(SloTracker, FiresAndResolves) {
  Driver driver(quick_rule());
  driver.run(100, 1, 50 * kMs);
  EXPECT_EQ(driver.status().state, kOk);
  EXPECT_EQ(driver.status().verdict, SloVerdict::kKept);
  driver.run(30, 1, 500 * kMs);
  const SloStatus firing = driver.status();
  EXPECT_EQ(firing.state, kFiring);
  EXPECT_EQ(firing.value, 500.0);
  EXPECT_EQ(firing.threshold, 100.0);
  EXPECT_EQ(firing.fired, 1u);
  EXPECT_EQ(firing.starts_unix_ms, firing.since_unix_ms);
  EXPECT_EQ(firing.ends_unix_ms, 0);
  driver.run(110, 1, 50 * kMs);
  const SloStatus resolved = driver.status();
  EXPECT_EQ(resolved.state, kResolved);
  EXPECT_EQ(resolved.starts_unix_ms, firing.starts_unix_ms);
  EXPECT_EQ(resolved.ends_unix_ms, resolved.since_unix_ms);
  EXPECT_EQ(resolved.budget.bad, 30u);
  EXPECT_EQ(resolved.budget.good, 210u);
  EXPECT_NEAR(budget_remaining(resolved.budget, 0.95), 1 - 30 / 240.0 / 0.05, 1e-12);
}

TEST(SloTracker, TooFewSamplesSayNothing) {
  Driver driver(quick_rule());
  driver.run(19, 1, 500 * kMs);
  EXPECT_EQ(driver.status().verdict, SloVerdict::kTooFew);
  EXPECT_EQ(driver.status().state, kOk);
  driver.run(12, 1, 500 * kMs);
  EXPECT_EQ(driver.status().state, kFiring);
  driver.run(65 + 31, 0, 0);  // the window empties, then it is kept for a while
  EXPECT_EQ(driver.status().verdict, SloVerdict::kTooFew);
  EXPECT_EQ(driver.status().state, kResolved);
  EXPECT_FALSE(driver.status().value);
}

TEST(SloTracker, TheEdgeOfTheThresholdIsExact) {
  Driver driver(quick_rule());
  for (int i = 0; i < 95; ++i) driver.add(answered(100 * kMs));
  for (int i = 0; i < 5; ++i) driver.add(answered(5000 * kMs));
  driver.evaluate();
  EXPECT_EQ(driver.status().verdict, SloVerdict::kKept);
  EXPECT_EQ(driver.status().value, 100.0) << "not 0.8 % above";
  driver.add(answered(100 * kMs + 1));
  driver.evaluate();
  EXPECT_EQ(driver.status().verdict, SloVerdict::kBroken);
  EXPECT_GT(driver.status().value, 100.0);
}

TEST(SloTracker, ErrorRates) {
  SloRule rule = quick_rule();
  rule.metric = kErrorRateMetric;
  rule.threshold_ratio = 0.1;
  rule.objective = 0.9;
  Driver driver(rule);
  for (int i = 0; i < 90; ++i) driver.add(answered(kMs));
  for (int i = 0; i < 10; ++i) driver.add(refused());
  driver.evaluate();
  EXPECT_EQ(driver.status().verdict, SloVerdict::kKept);
  EXPECT_EQ(driver.status().value, 0.1);
  EXPECT_NEAR(driver.status().window_burn_rate, 1, 1e-12);
  driver.add(refused());
  driver.evaluate();
  EXPECT_EQ(driver.status().verdict, SloVerdict::kBroken);
  EXPECT_EQ(driver.status().samples, 101u);
}

// 20 % bad burns at 20. The long window must fill, then the short one lets go quickly.
TEST(SloTracker, BothBurnWindowsMustExceed) {
  Driver driver(burning_rule());
  const auto minute = [&](int bad_of_ten) {
    for (int i = 0; i < 10; ++i) driver.add(i < bad_of_ten ? refused() : answered(kMs));
    driver.now += 60 * kSecondNs;
    driver.evaluate();
  };
  for (int i = 0; i < 8 * 60; ++i) minute(0);
  EXPECT_EQ(driver.status().state, kOk);
  for (int i = 0; i < 20; ++i) minute(2);  // short windows at 20 at once; 1h: 20/60 * 20 = 6.7
  EXPECT_EQ(driver.status().state, kOk);
  EXPECT_GT(driver.status().burns[0].short_rate, 14.4);
  EXPECT_LT(driver.status().burns[0].long_rate, 14.4);
  for (int i = 0; i < 35; ++i) minute(2);
  const SloStatus firing = driver.status();
  EXPECT_EQ(firing.state, kFiring);
  EXPECT_GT(firing.value, firing.threshold);
  EXPECT_NE(slo_sentence(firing).find(": a rate of "), std::string::npos) << slo_sentence(firing);
  EXPECT_EQ(firing.threshold, 14.4);
  for (int i = 0; i < 7; ++i) minute(0);  // the long window still burns
  EXPECT_GT(driver.status().burns[0].long_rate, 14.4);
  EXPECT_LT(driver.status().burns[0].short_rate, 14.4);
  EXPECT_EQ(driver.status().state, kResolved);
}

TEST(SloTracker, ASlowBurnIsSeenByTheLongerWindows) {
  Driver driver(burning_rule());
  for (int i = 0; i < 6 * 3600 / 10; ++i) {  // 8 % bad, below 14.4 and above 6
    driver.add(i % 25 < 2 ? refused() : answered(kMs));
    driver.now += 10 * kSecondNs;
    driver.evaluate();
  }
  EXPECT_EQ(driver.status().state, kFiring);
  EXPECT_EQ(driver.status().threshold, 6);
}

// Load whose 95th percentile swings around the threshold from one moment to the next.
TEST(SloTracker, OscillatingLoadDoesNotFlap) {
  Random random(11);
  Driver driver(quick_rule());
  const int seconds = 4 * 3600;
  int turns = 0;
  SloVerdict last = SloVerdict::kTooFew;
  for (int i = 0; i < seconds * 4; ++i) {
    driver.now += kSecondNs / 4;
    const double swing = 1 + 0.5 * std::sin(static_cast<double>(i) / 40);
    driver.add(answered(random.uniform() < 0.05 * swing ? 150 * kMs : 50 * kMs));
    driver.evaluate();
    const SloVerdict verdict = driver.status().verdict;
    turns += verdict != last;
    last = verdict;
  }
  EXPECT_GT(turns, 500) << "else this test shows nothing";
  EXPECT_LE(driver.changes, 2 * seconds / 30);
  EXPECT_LT(driver.status().fired * 10, static_cast<uint64_t>(turns)) << "what people are told";
}

TEST(SloTracker, AJumpOfTheClockIsSilence) {
  Driver driver(quick_rule());
  driver.run(25, 1, 500 * kMs);
  EXPECT_EQ(driver.status().state, kPending);
  driver.now += 86'400 * kSecondNs;
  driver.evaluate();
  EXPECT_EQ(driver.status().state, kPending) << "no data does not fire";
  driver.run(11, 0, 0);
  EXPECT_EQ(driver.status().state, kOk);
  driver.run(40, 1, 500 * kMs);
  EXPECT_EQ(driver.status().state, kFiring);
  driver.wall_ms -= 3'600'000;  // the wall clock is set back: an end is never before its beginning
  driver.run(120, 1, 50 * kMs);
  EXPECT_EQ(driver.status().state, kResolved);
  EXPECT_GT(driver.status().ends_unix_ms, driver.status().starts_unix_ms);
}

// The definition, from everything that ever happened.
class Naive {
 public:
  explicit Naive(const SloRule& rule) : rule_(rule), part_ns_(rule.window_ns / 12) {}

  void add(TimeNs now, std::optional<int64_t> time_ns) { events_.emplace_back(now, time_ns); }

  SloVerdict verdict(TimeNs now) const {
    std::vector<int64_t> times;
    for (const auto& [at, time_ns] : events_) {
      if (time_ns && now / part_ns_ - at / part_ns_ <= 12) times.push_back(*time_ns);
    }
    if (times.size() < rule_.samples_min) return SloVerdict::kTooFew;
    std::ranges::sort(times);
    const auto rank = static_cast<size_t>(
        std::ceil(rule_.percentile * static_cast<double>(times.size()) / 100 - 1e-9));
    return times[rank - 1] > rule_.threshold_ns ? SloVerdict::kBroken : SloVerdict::kKept;
  }

  SloState next(TimeNs now) {
    history_.emplace_back(now, verdict(now) == SloVerdict::kBroken);
    size_t first = history_.size() - 1;
    while (first > 0 && history_[first - 1].second == history_.back().second) --first;
    const bool broken = history_.back().second;
    const int64_t held = now - (first == 0 && !broken ? 0 : history_[first].first);
    SloState to = state_;
    if (state_ == kOk && broken) to = kPending;
    if (state_ == kPending && held >= rule_.for_ns) to = broken ? kFiring : kOk;
    if (state_ == kFiring && !broken && held >= rule_.keep_firing_for_ns) to = kResolved;
    if (state_ == kResolved && broken) to = kPending;
    if (state_ == kResolved && !broken && now - since_ >= SloAlert::kResolvedNs) to = kOk;
    if (to != state_) since_ = now;
    return state_ = to;
  }

 private:
  const SloRule rule_;
  const int64_t part_ns_;
  std::vector<std::pair<TimeNs, std::optional<int64_t>>> events_;
  std::vector<std::pair<TimeNs, bool>> history_;
  SloState state_ = kOk;
  TimeNs since_ = 0;
};

TEST(SloTracker, AgreesWithTheDefinition) {
  int fired = 0;
  int resolved = 0;
  for (uint64_t seed = 1; seed <= 12; ++seed) {
    Random random(seed);
    SloRule rule = quick_rule();
    rule.percentile = seed % 3 == 0 ? 50 : 90;
    Driver driver(rule);
    Naive naive(rule);
    bool slow = false;
    double rate = 1;
    for (int step = 0; step < 2500; ++step) {
      driver.now += static_cast<int64_t>(random.uniform() * kSecondNs);
      if (random.uniform() < 0.003)
        driver.now += static_cast<int64_t>(random.uniform() * 200) * kSecondNs;
      if (random.uniform() < 0.01) slow = !slow;
      if (random.uniform() < 0.01) rate = random.uniform();
      while (random.uniform() < rate * 0.6) {
        const auto time_ns = static_cast<int64_t>(random.exponential() * (slow ? 200e6 : 30e6));
        const RecordPtr record = random.uniform() < 0.1 ? refused() : answered(time_ns);
        driver.add(record);
        naive.add(driver.now, record->tasks.empty() ? std::nullopt : std::optional(time_ns));
      }
      const SloState before = driver.status().state;
      driver.evaluate();
      ASSERT_EQ(driver.status().verdict, naive.verdict(driver.now)) << seed << " " << step;
      ASSERT_EQ(driver.status().state, naive.next(driver.now)) << seed << " " << step;
      fired += before != kFiring && driver.status().state == kFiring;
      resolved += before != kResolved && driver.status().state == kResolved;
    }
  }
  EXPECT_GT(fired, 20);
  EXPECT_GT(resolved, 20);
}

}  // namespace
}  // namespace qaio
