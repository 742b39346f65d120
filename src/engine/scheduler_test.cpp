#include "engine/scheduler.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <vector>

namespace qaio {
namespace {

constexpr int kAnyNumber = 1000;

std::optional<int> admit_all(EngineRequestId) { return 0; }

std::vector<StepItem> plan(Scheduler& scheduler, int prompt_tokens = kAnyNumber,
                           const Scheduler::Admit& admit = admit_all) {
  const auto step = scheduler.plan(prompt_tokens, admit);
  return {step.begin(), step.end()};
}

TEST(SchedulerTest, AnswersGoFirstThenPrompts) {
  Scheduler scheduler({.step_tokens = 50, .sequences_max = 4});
  scheduler.add(1, 20);
  scheduler.add(2, 40);
  EXPECT_EQ(plan(scheduler),
            (std::vector<StepItem>{{1, 0, 20, true, true}, {2, 0, 30, true, false}}));
  scheduler.extend(1, 20, 21);
  scheduler.add(3, 90);
  EXPECT_EQ(plan(scheduler),
            (std::vector<StepItem>{
                {1, 20, 1, false, true}, {2, 30, 10, false, true}, {3, 0, 39, true, false}}));
  scheduler.remove(1);
  scheduler.extend(2, 40, 41);
  EXPECT_EQ(plan(scheduler),
            (std::vector<StepItem>{{2, 40, 1, false, true}, {3, 39, 49, false, false}}));
  EXPECT_EQ(scheduler.running(), 2);
  EXPECT_EQ(scheduler.generating(), 1);
}

TEST(SchedulerTest, PromptsShareTheirPartOfTheStep) {
  Scheduler scheduler({.step_tokens = 512, .sequences_max = 8});
  scheduler.add(1, 1000);
  scheduler.add(2, 30);
  scheduler.add(3, 1000);
  // 40 each; what 2 leaves goes to the first.
  EXPECT_EQ(plan(scheduler, 120),
            (std::vector<StepItem>{
                {1, 0, 50, true, false}, {2, 0, 30, true, true}, {3, 0, 40, true, false}}));
  scheduler.extend(2, 30, 31);
  EXPECT_EQ(plan(scheduler, 20),
            (std::vector<StepItem>{
                {1, 50, 16, false, false}, {2, 30, 1, false, true}, {3, 40, 4, false, false}}));
}

TEST(SchedulerTest, AdmitsNoMoreThanGetAPartWorthHaving) {
  Scheduler scheduler({.step_tokens = 512, .sequences_max = 8});
  for (EngineRequestId id = 1; id <= 5; ++id) scheduler.add(id, 100);
  EXPECT_EQ(plan(scheduler, 33).size(), 3U);
  EXPECT_EQ(scheduler.waiting(), 2);
  EXPECT_EQ(plan(scheduler, 8).size(), 1U);  // the first goes on, however little there is
}

TEST(SchedulerTest, PromptsThatAreNearlyKnownNeedLittleRoom) {
  Scheduler scheduler({.step_tokens = 512, .sequences_max = 8});
  for (EngineRequestId id = 1; id <= 5; ++id) scheduler.add(id, 100);
  const auto nearly_known = [](EngineRequestId) { return std::optional(96); };
  EXPECT_EQ(plan(scheduler, 16, nearly_known).size(), 4U);
}

TEST(SchedulerTest, WaitsForTheWholeNeedAndOvertakesNobody) {
  Scheduler scheduler({.step_tokens = 100, .sequences_max = 4});
  for (EngineRequestId id = 1; id <= 3; ++id) scheduler.add(id, 10);
  EngineRequestId too_large = 2;
  const auto admit = [&](EngineRequestId id) {
    return id == too_large ? std::nullopt : std::optional(0);
  };
  // 3 would fit beside 1, but 2 came first.
  EXPECT_EQ(plan(scheduler, 100, admit), (std::vector<StepItem>{{1, 0, 10, true, true}}));
  EXPECT_EQ(scheduler.waiting(), 2);
  scheduler.remove(1);
  too_large = 0;
  EXPECT_EQ(plan(scheduler, 100, admit),
            (std::vector<StepItem>{{2, 0, 10, true, true}, {3, 0, 10, true, true}}));
}

TEST(SchedulerTest, BeginsBehindWhatIsCached) {
  Scheduler scheduler({.step_tokens = 100, .sequences_max = 4});
  scheduler.add(1, 70);
  EXPECT_EQ(plan(scheduler, 100, [](EngineRequestId) { return std::optional(64); }),
            (std::vector<StepItem>{{1, 64, 6, true, true}}));
}

TEST(SchedulerTest, ASequenceMayBackUp) {
  Scheduler scheduler({.step_tokens = 100, .sequences_max = 4});
  scheduler.add(1, 10);
  plan(scheduler);
  scheduler.extend(1, 10, 13);
  EXPECT_EQ(plan(scheduler), (std::vector<StepItem>{{1, 10, 3, false, true}}));
  scheduler.extend(1, 11, 14);
  EXPECT_EQ(plan(scheduler), (std::vector<StepItem>{{1, 11, 3, false, true}}));
}

TEST(SchedulerTest, NothingToDoIsAnEmptyStep) {
  Scheduler scheduler({.step_tokens = 4, .sequences_max = 8});
  EXPECT_TRUE(plan(scheduler).empty());
  scheduler.remove(42);
  scheduler.add(1, 4);
  EXPECT_TRUE(plan(scheduler, 4, [](EngineRequestId) { return std::nullopt; }).empty());
  scheduler.remove(1);
  EXPECT_TRUE(scheduler.idle());
}

TEST(SchedulerTest, EveryAnswerGetsATokenInEveryStep) {
  Scheduler scheduler({.step_tokens = 2, .sequences_max = 8});
  for (EngineRequestId id = 1; id <= 3; ++id) scheduler.add(id, 1);
  EXPECT_EQ(plan(scheduler), (std::vector<StepItem>{{1, 0, 1, true, true}, {2, 0, 1, true, true}}));
  for (int position = 1; position < 4; ++position) {
    scheduler.extend(1, position, position + 1);
    scheduler.extend(2, position, position + 1);
    EXPECT_EQ(plan(scheduler), (std::vector<StepItem>{{1, position, 1, false, true},
                                                      {2, position, 1, false, true}}));
  }
  EXPECT_EQ(scheduler.waiting(), 1);
  scheduler.remove(2);
  scheduler.extend(1, 4, 5);
  EXPECT_EQ(plan(scheduler),
            (std::vector<StepItem>{{1, 4, 1, false, true}, {3, 0, 1, true, true}}));
}

// Thousands of random arrivals, cancellations, cached beginnings and backings-up against an
// independent account of what each sequence has and holds.
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
    bool admitted = false;  // its blocks are taken
    bool started = false;   // it has had its first range
    bool extended = false;  // past its prompt
  };

  int below(int n) { return std::uniform_int_distribution<int>(0, n - 1)(random_); }

  void arrive() {
    Account account{.known = 1 + below(90), .blocks = 1 + below(kBlocks)};
    account.extensions_left = below(12);
    scheduler_.add(next_id_, account.known);
    live_.emplace(next_id_++, account);
  }

  void drop(EngineRequestId id) {
    const Account& account = live_.at(id);
    if (account.admitted) blocks_free_ += account.blocks;
    live_.erase(id);
    scheduler_.remove(id);
  }

  void step() {
    const int prompt_tokens = 1 + below(kStepTokens);
    const auto items =
        plan(scheduler_, prompt_tokens, [this](EngineRequestId id) { return admit(id); });
    ASSERT_EQ(items.empty(), live_.empty());  // always some progress
    int tokens = 0;
    int prompts = 0;
    std::map<EngineRequestId, int> seen;
    for (const StepItem& item : items) {
      ASSERT_TRUE(live_.contains(item.id)) << "planned after its end";
      ASSERT_EQ(++seen[item.id], 1) << "twice in a step";
      Account& account = live_.at(item.id);
      ASSERT_EQ(item.begin, account.computed) << "each token once, in order";
      ASSERT_GE(item.count, 1);
      ASSERT_TRUE(account.admitted);
      ASSERT_EQ(item.admitted, !account.started);
      account.started = true;
      if (!account.extended) prompts += item.count;
      account.computed += item.count;
      ASSERT_LE(account.computed, account.known);
      ASSERT_EQ(item.complete, account.computed == account.known);
      tokens += item.count;
    }
    ASSERT_LE(tokens, kStepTokens);
    ASSERT_LE(prompts, prompt_tokens);
    for (const auto& [id, account] : live_) {
      ASSERT_TRUE(!account.extended || seen.contains(id)) << "an answer had to wait";
    }
    ASSERT_LE(scheduler_.running(), kSequences);
    ASSERT_EQ(scheduler_.running() + scheduler_.waiting(), static_cast<int>(live_.size()));
    for (const StepItem& item : items) {
      if (item.complete) go_on(item.id);
    }
  }

  std::optional<int> admit(EngineRequestId id) {
    Account& account = live_.at(id);
    EXPECT_FALSE(account.admitted) << "twice";
    EXPECT_GT(id, last_admitted_) << "overtaken";
    if (account.blocks > blocks_free_) return std::nullopt;
    account.admitted = true;
    last_admitted_ = id;
    blocks_free_ -= account.blocks;
    account.computed = below(3) == 0 ? below(account.known) : 0;
    return account.computed;
  }

  void go_on(EngineRequestId id) {
    Account& account = live_.at(id);
    if (account.extensions_left-- == 0) return drop(id);
    account.extended = true;
    if (below(4) == 0) account.computed -= below(account.computed);
    // No more than is left for everybody else's token.
    account.known = account.computed + 1 + (below(4) == 0 ? below(3) : 0);
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
