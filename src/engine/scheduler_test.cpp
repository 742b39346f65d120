#include "engine/scheduler.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <vector>

namespace qaio {
namespace {

std::vector<StepItem> plan(Scheduler& scheduler, int blocks_free) {
  const auto step = scheduler.plan(blocks_free);
  return {step.begin(), step.end()};
}

TEST(SchedulerTest, RunningSequencesGoFirstThenPromptsInOrder) {
  Scheduler scheduler({.step_tokens = 10, .sequences_max = 4});
  scheduler.add(1, 4, 1);
  scheduler.add(2, 8, 1);
  EXPECT_EQ(plan(scheduler, 9),
            (std::vector<StepItem>{{1, 0, 4, true, true}, {2, 0, 6, true, false}}));
  scheduler.extend(1, 4, 5);
  scheduler.add(3, 20, 1);
  EXPECT_EQ(plan(scheduler, 8),
            (std::vector<StepItem>{
                {1, 4, 1, false, true}, {2, 6, 2, false, true}, {3, 0, 7, true, false}}));
  scheduler.remove(1);
  scheduler.extend(2, 8, 9);
  EXPECT_EQ(plan(scheduler, 8),
            (std::vector<StepItem>{{2, 8, 1, false, true}, {3, 7, 9, false, false}}));
  EXPECT_EQ(scheduler.running(), 2);
}

TEST(SchedulerTest, WaitsForTheWholeNeedAndOvertakesNobody) {
  Scheduler scheduler({.step_tokens = 100, .sequences_max = 4});
  scheduler.add(1, 10, 6);
  scheduler.add(2, 10, 5);
  scheduler.add(3, 10, 1);  // would fit beside 1, but 2 came first
  EXPECT_EQ(plan(scheduler, 10), (std::vector<StepItem>{{1, 0, 10, true, true}}));
  EXPECT_EQ(scheduler.waiting(), 2);
  scheduler.remove(1);
  EXPECT_EQ(plan(scheduler, 10),
            (std::vector<StepItem>{{2, 0, 10, true, true}, {3, 0, 10, true, true}}));
}

TEST(SchedulerTest, ASequenceMayBackUp) {
  Scheduler scheduler({.step_tokens = 100, .sequences_max = 4});
  scheduler.add(1, 10, 1);
  plan(scheduler, 1);
  scheduler.extend(1, 10, 13);
  EXPECT_EQ(plan(scheduler, 0), (std::vector<StepItem>{{1, 10, 3, false, true}}));
  scheduler.extend(1, 11, 14);
  EXPECT_EQ(plan(scheduler, 0), (std::vector<StepItem>{{1, 11, 3, false, true}}));
}

TEST(SchedulerTest, NothingToDoIsAnEmptyStep) {
  Scheduler scheduler({.step_tokens = 4, .sequences_max = 8});
  EXPECT_TRUE(plan(scheduler, 10).empty());
  scheduler.remove(42);
  scheduler.add(1, 4, 3);
  EXPECT_TRUE(plan(scheduler, 2).empty());
  scheduler.remove(1);
  EXPECT_TRUE(scheduler.idle());
}

TEST(SchedulerTest, EverySequenceGetsATokenInEveryStep) {
  Scheduler scheduler({.step_tokens = 2, .sequences_max = 8});
  for (EngineRequestId id = 1; id <= 3; ++id) scheduler.add(id, 1, 1);
  EXPECT_EQ(plan(scheduler, 9).size(), 2U);
  scheduler.extend(1, 1, 2);
  scheduler.extend(2, 1, 2);
  EXPECT_EQ(plan(scheduler, 7),
            (std::vector<StepItem>{{1, 1, 1, false, true}, {2, 1, 1, false, true}}));
}

// Thousands of random arrivals, cancellations and backings-up against an independent account of
// what each sequence has and holds.
class SchedulerFuzz {
 public:
  explicit SchedulerFuzz(uint32_t seed) : random_(seed) {}

  void run(int arrivals) {
    for (int steps = 0; arrivals > 0 || !live_.empty(); ++steps) {
      ASSERT_LT(steps, 200'000) << "something never finishes";
      while (arrivals > 0 && below(3) == 0) {
        arrive();
        --arrivals;
      }
      if (!live_.empty() && below(20) == 0) {
        drop(std::next(live_.begin(), below(static_cast<int>(live_.size())))->first);
      }
      step();
      if (testing::Test::HasFatalFailure()) return;
    }
    EXPECT_TRUE(scheduler_.idle());
    EXPECT_EQ(blocks_free_, kBlocks);
  }

 private:
  static constexpr int kBlocks = 40;
  static constexpr int kStepTokens = 24;
  static constexpr int kSequences = 6;

  struct Account {
    int known;
    int blocks;
    int computed = 0;
    int extensions_left = 0;
    bool admitted = false;
  };

  int below(int n) { return std::uniform_int_distribution<int>(0, n - 1)(random_); }

  void arrive() {
    Account account{.known = 1 + below(90), .blocks = 1 + below(kBlocks)};
    account.extensions_left = below(12);
    scheduler_.add(next_id_, account.known, account.blocks);
    live_.emplace(next_id_++, account);
  }

  void drop(EngineRequestId id) {
    const Account& account = live_.at(id);
    if (account.admitted) blocks_free_ += account.blocks;
    live_.erase(id);
    scheduler_.remove(id);
  }

  void step() {
    const auto items = plan(scheduler_, blocks_free_);
    ASSERT_EQ(items.empty(), live_.empty());  // always some progress
    int tokens = 0;
    std::map<EngineRequestId, int> seen;
    for (const StepItem& item : items) {
      ASSERT_TRUE(live_.contains(item.id)) << "planned after its end";
      ASSERT_EQ(++seen[item.id], 1) << "twice in a step";
      Account& account = live_.at(item.id);
      ASSERT_EQ(item.begin, account.computed) << "each token once, in order";
      ASSERT_GE(item.count, 1);
      ASSERT_EQ(item.admitted, !account.admitted);
      if (item.admitted) admit(item.id, account);
      account.computed += item.count;
      ASSERT_LE(account.computed, account.known);
      ASSERT_EQ(item.complete, account.computed == account.known);
      tokens += item.count;
    }
    ASSERT_LE(tokens, kStepTokens);
    ASSERT_LE(scheduler_.running(), kSequences);
    ASSERT_EQ(scheduler_.running() + scheduler_.waiting(), static_cast<int>(live_.size()));
    for (const StepItem& item : items) {
      if (item.complete) go_on(item.id);
    }
  }

  void admit(EngineRequestId id, Account& account) {
    account.admitted = true;
    ASSERT_GT(id, last_admitted_) << "overtaken";
    last_admitted_ = id;
    blocks_free_ -= account.blocks;
    ASSERT_GE(blocks_free_, 0) << "blocks over-committed";
  }

  void go_on(EngineRequestId id) {
    Account& account = live_.at(id);
    if (account.extensions_left-- == 0) return drop(id);
    if (below(4) == 0) account.computed -= below(account.computed);
    account.known = account.computed + 1 + (below(4) == 0 ? below(5) : 0);
    scheduler_.extend(id, account.computed, account.known);
  }

  std::mt19937 random_;
  Scheduler scheduler_{{.step_tokens = kStepTokens, .sequences_max = kSequences}};
  std::map<EngineRequestId, Account> live_;
  EngineRequestId next_id_ = 1;
  EngineRequestId last_admitted_ = 0;
  int blocks_free_ = kBlocks;
};

TEST(SchedulerTest, InvariantsHoldForRandomTraffic) {
  for (uint32_t seed = 1; seed <= 5; ++seed) SchedulerFuzz(seed).run(2000);
}

}  // namespace
}  // namespace qaio
