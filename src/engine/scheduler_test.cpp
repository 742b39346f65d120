#include "engine/scheduler.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <utility>
#include <vector>

namespace qaio {
namespace {

constexpr int kAnyNumber = 1 << 20;
constexpr int kPlenty = 1 << 20;

// So many positions of memory, counted one by one.
class FakeMemory final : public SequenceMemory {
 public:
  explicit FakeMemory(int positions = kPlenty) : left(positions) {}

  std::optional<int> admit(EngineRequestId id, int positions, bool to_the_last) override {
    EXPECT_EQ(held[id], 0) << "twice";
    if (refused == id || positions > left - (to_the_last ? 0 : kept)) return std::nullopt;
    left -= positions;
    held[id] = positions;
    return cached;
  }
  bool grow(EngineRequestId id, int positions) override {
    EXPECT_GT(positions, held[id]);
    if (positions - held[id] > left) return false;
    left -= positions - held[id];
    held[id] = positions;
    return true;
  }
  void pause(EngineRequestId id) override {
    free(id);
    paused.push_back(id);
  }
  void free(EngineRequestId id) { left += std::exchange(held[id], 0); }

  int left;
  int kept = 0;    // where not `to_the_last`
  int cached = 0;  // of every sequence
  EngineRequestId refused = 0;
  std::map<EngineRequestId, int> held;
  std::vector<EngineRequestId> paused;
};

// A scheduler and its memory.
struct Planner {
  explicit Planner(Scheduler::Limits limits, int positions = kPlenty)
      : memory(positions), scheduler(limits, memory) {}

  void add(EngineRequestId id, int known, int new_tokens = 100, uint64_t client = 0) {
    scheduler.add(id, {.known = known, .positions_max = known + new_tokens, .client = client});
    next_token[id] = known;
  }
  void add_brief(EngineRequestId id, int known, uint64_t client = 0) {
    scheduler.add(id, {.known = known, .positions_max = known, .brief = true, .client = client});
    brief.insert(id);
  }
  std::vector<StepItem> plan(int prompt_tokens = kAnyNumber) {
    const auto step = scheduler.plan(prompt_tokens);
    return {step.begin(), step.end()};
  }
  void remove(EngineRequestId id) {
    memory.free(id);
    scheduler.remove(id);
  }
  // Plans a step and gives whoever completed one more token, or ends it; who took part.
  std::vector<EngineRequestId> step() {
    std::vector<EngineRequestId> ids;
    for (const StepItem& item : plan()) {
      ids.push_back(item.id);
      if (!item.complete) continue;
      if (brief.contains(item.id)) {
        remove(item.id);
        continue;
      }
      const int known = next_token[item.id]++;
      scheduler.extend(item.id, known, known + 1);
    }
    return ids;
  }
  void steps(int count) {
    for (int i = 0; i < count; ++i) step();
  }

  FakeMemory memory;
  Scheduler scheduler;
  std::map<EngineRequestId, int> next_token;
  std::set<EngineRequestId> brief;  // they end with their first complete range
};

using Ids = std::vector<EngineRequestId>;

TEST(SchedulerTest, AnswersGoFirstThenPrompts) {
  Planner planner({.step_tokens = 50, .sequences_max = 4});
  planner.add(1, 20);
  planner.add(2, 40);
  EXPECT_EQ(planner.plan(),
            (std::vector<StepItem>{{1, 0, 20, true, true}, {2, 0, 30, true, false}}));
  planner.scheduler.extend(1, 20, 21);
  planner.add(3, 90);
  EXPECT_EQ(planner.plan(),
            (std::vector<StepItem>{
                {1, 20, 1, false, true}, {2, 30, 10, false, true}, {3, 0, 39, true, false}}));
  planner.remove(1);
  planner.scheduler.extend(2, 40, 41);
  EXPECT_EQ(planner.plan(),
            (std::vector<StepItem>{{2, 40, 1, false, true}, {3, 39, 49, false, false}}));
  EXPECT_EQ(planner.scheduler.running(), 2);
  EXPECT_EQ(planner.scheduler.generating(), 1);
}

TEST(SchedulerTest, PromptsShareTheirPartOfTheStep) {
  Planner planner({.step_tokens = 512, .sequences_max = 8});
  planner.add(1, 1000);
  planner.add(2, 30);
  planner.add(3, 1000);
  // 40 each; what 2 leaves goes to the first.
  EXPECT_EQ(planner.plan(120),
            (std::vector<StepItem>{
                {1, 0, 50, true, false}, {2, 0, 30, true, true}, {3, 0, 40, true, false}}));
  planner.scheduler.extend(2, 30, 31);
  EXPECT_EQ(planner.plan(20),
            (std::vector<StepItem>{
                {1, 50, 16, false, false}, {2, 30, 1, false, true}, {3, 40, 4, false, false}}));
}

TEST(SchedulerTest, AdmitsNoMoreThanGetAPartWorthHaving) {
  Planner planner({.step_tokens = 512, .sequences_max = 8});
  for (EngineRequestId id = 1; id <= 5; ++id) planner.add(id, 100);
  EXPECT_EQ(planner.plan(33).size(), 3U);
  EXPECT_EQ(planner.scheduler.waiting(), 2);
  EXPECT_EQ(planner.plan(8).size(), 1U);  // the first goes on, however little there is
}

TEST(SchedulerTest, PromptsThatAreNearlyKnownNeedLittleRoom) {
  Planner planner({.step_tokens = 512, .sequences_max = 8});
  for (EngineRequestId id = 1; id <= 5; ++id) planner.add(id, 100);
  planner.memory.cached = 96;
  EXPECT_EQ(planner.plan(16).size(), 4U);
}

TEST(SchedulerTest, BeginsBehindWhatIsCached) {
  Planner planner({.step_tokens = 100, .sequences_max = 4});
  planner.add(1, 70);
  planner.memory.cached = 64;
  EXPECT_EQ(planner.plan(100), (std::vector<StepItem>{{1, 64, 6, true, true}}));
}

TEST(SchedulerTest, ASequenceMayBackUp) {
  Planner planner({.step_tokens = 100, .sequences_max = 4});
  planner.add(1, 10);
  planner.plan();
  planner.scheduler.extend(1, 10, 13);
  EXPECT_EQ(planner.plan(), (std::vector<StepItem>{{1, 10, 3, false, true}}));
  planner.scheduler.extend(1, 11, 14);
  EXPECT_EQ(planner.plan(), (std::vector<StepItem>{{1, 11, 3, false, true}}));
}

TEST(SchedulerTest, NothingToDoIsAnEmptyStep) {
  Planner planner({.step_tokens = 4, .sequences_max = 8});
  EXPECT_TRUE(planner.plan().empty());
  planner.remove(42);
  planner.add(1, 4);
  planner.memory.refused = 1;
  EXPECT_TRUE(planner.plan(4).empty());
  planner.remove(1);
  EXPECT_TRUE(planner.scheduler.idle());
}

TEST(SchedulerTest, EveryAnswerGetsATokenInEveryStep) {
  Planner planner({.step_tokens = 2, .sequences_max = 8});
  for (EngineRequestId id = 1; id <= 3; ++id) planner.add(id, 1);
  EXPECT_EQ(planner.plan(), (std::vector<StepItem>{{1, 0, 1, true, true}, {2, 0, 1, true, true}}));
  for (int position = 1; position < 4; ++position) {
    planner.scheduler.extend(1, position, position + 1);
    planner.scheduler.extend(2, position, position + 1);
    EXPECT_EQ(planner.plan(), (std::vector<StepItem>{{1, position, 1, false, true},
                                                     {2, position, 1, false, true}}));
  }
  EXPECT_EQ(planner.scheduler.waiting(), 1);
  planner.remove(2);
  planner.scheduler.extend(1, 4, 5);
  EXPECT_EQ(planner.plan(), (std::vector<StepItem>{{1, 4, 1, false, true}, {3, 0, 1, true, true}}));
}

TEST(SchedulerTest, ReservesAPromptAndATurnNotTheWholeAnswer) {
  Planner planner({.step_tokens = 512, .sequences_max = 16}, 1000);
  for (EngineRequestId id = 1; id <= 10; ++id) planner.add(id, 30, 5000);
  EXPECT_EQ(planner.step().size(), 10U);
  EXPECT_EQ(planner.memory.held[1], 30 + Scheduler::kTurnTokens);
  Planner brief({.step_tokens = 512, .sequences_max = 16}, 1000);
  brief.add(1, 30, 8);
  brief.step();
  EXPECT_EQ(brief.memory.held[1], 38);
}

TEST(SchedulerTest, WhenMemoryRunsOutTheYoungestIsPausedAndComesBack) {
  Planner planner({.step_tokens = 512, .sequences_max = 4}, 230);
  planner.add(1, 10, 200);
  planner.add(2, 10, 200);
  EXPECT_EQ(planner.step(), (Ids{1, 2}));
  while (planner.memory.paused.empty()) ASSERT_EQ(planner.step().front(), 1U);
  EXPECT_EQ(planner.memory.paused, Ids{2});
  EXPECT_EQ(planner.scheduler.waiting(), 1);
  EXPECT_EQ(planner.memory.held[2], 0);
  // All that it knows is computed again, as a prompt is.
  planner.remove(1);
  const int known = planner.next_token[2];
  EXPECT_EQ(planner.plan(), (std::vector<StepItem>{{2, 0, known, true, true}}));
  EXPECT_EQ(planner.memory.held[2], std::min(210, known + 2 * Scheduler::kTurnTokens));
}

TEST(SchedulerTest, EachPauseMakesTheNextTurnLonger) {
  Planner planner({.step_tokens = 1 << 16, .sequences_max = 1});
  planner.add(1, 10, 100'000);
  planner.step();
  EngineRequestId brief_id = 100;
  for (int pauses = 0; pauses < 9; ++pauses) {
    const int turn = Scheduler::kTurnTokens << std::min(pauses, Scheduler::kTurnDoublings);
    EXPECT_GE(planner.memory.held[1], planner.next_token[1] - 1 + turn);
    planner.add_brief(brief_id, 10);
    planner.steps(turn - 1);
    ASSERT_EQ(static_cast<int>(planner.memory.paused.size()), pauses);
    planner.steps(2);  // the short one, then the long one again
    ASSERT_EQ(static_cast<int>(planner.memory.paused.size()), pauses + 1);
    ASSERT_GT(planner.memory.held[1], 0);
    ++brief_id;
  }
}

TEST(SchedulerTest, OneThatDoesNotFitIsPassedAFewTimesOnly) {
  Planner planner({.step_tokens = 512, .sequences_max = 4}, 400);
  planner.add(1, 200, 40);
  planner.step();
  planner.add(2, 300, 20);
  EngineRequestId id = 3;
  for (; id < 3 + Scheduler::kPassedMax; ++id) {
    planner.add(id, 20, 10);
    const Ids ids = planner.step();
    ASSERT_EQ(ids.back(), id);
    planner.remove(id);
  }
  planner.add(id, 20, 10);
  EXPECT_EQ(planner.step(), Ids{1});
  planner.remove(1);
  EXPECT_EQ(planner.step(), (Ids{2, id}));
}

TEST(SchedulerTest, ShortWorkComesFirstAndEndsNobodysTurnEarly) {
  Planner planner({.step_tokens = 512, .sequences_max = 2});
  planner.add(1, 10, 500);
  planner.add(2, 10, 500);
  planner.step();
  planner.add(3, 10);
  planner.add_brief(4, 10);
  planner.steps(Scheduler::kTurnTokens - 1);
  EXPECT_TRUE(planner.memory.paused.empty());
  EXPECT_EQ(planner.step(), (Ids{1, 4}));
  EXPECT_EQ(planner.memory.paused, Ids{2});  // the youngest of those that have had a turn
  EXPECT_EQ(planner.step(), (Ids{1, 2}));    // its place is its again: it came before 3
}

TEST(SchedulerTest, SomeMemoryIsKeptForShortWork) {
  Planner planner({.step_tokens = 512, .sequences_max = 8}, 300);
  planner.memory.kept = 50;
  planner.add(1, 100, 100);
  planner.add(2, 100, 100);
  planner.add_brief(3, 40);
  EXPECT_EQ(planner.step(), (Ids{1, 3}));
  planner.remove(1);
  planner.remove(3);
  EXPECT_EQ(planner.step(), Ids{2});  // alone it may have everything
}

TEST(SchedulerTest, ClientsGetEqualShares) {
  Planner planner({.step_tokens = 512, .sequences_max = 4});
  for (EngineRequestId id = 1; id <= 20; ++id) planner.add(id, 10, 1000, /*client=*/1);
  EXPECT_EQ(planner.step(), (Ids{1, 2, 3, 4}));
  planner.add(21, 10, 1000, /*client=*/2);
  planner.add(22, 10, 1000, /*client=*/2);
  planner.add(23, 10, 1000, /*client=*/2);
  planner.remove(1);
  EXPECT_EQ(planner.step(), (Ids{2, 3, 4, 21}));
  // As many as the other has, once somebody's turn is over.
  planner.steps(Scheduler::kTurnTokens);
  EXPECT_EQ(planner.memory.paused, Ids{4});
  EXPECT_EQ(planner.step(), (Ids{2, 3, 21, 22}));
  planner.steps(10 * Scheduler::kTurnTokens);
  EXPECT_EQ(planner.memory.paused, Ids{4});
  planner.remove(21);
  planner.remove(22);
  EXPECT_EQ(planner.step(), (Ids{2, 3, 4, 23}));
}

// Thousands of random arrivals, cancellations, cached beginnings, backings-up and pauses against an
// independent account of what each sequence has and holds.
class SchedulerFuzz final : public SequenceMemory {
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
      if (testing::Test::HasFailure()) return;
    }
    EXPECT_TRUE(scheduler_.idle());
    EXPECT_EQ(positions_left_, kPositions);
    EXPECT_GT(pauses_, 0);
  }

 private:
  static constexpr int kPositions = 400;
  static constexpr int kStepTokens = 24;
  static constexpr int kSequences = 6;

  struct Account {
    int known;
    int positions_max;
    bool brief;
    int held = 0;
    int computed = 0;
    int extensions_left = 0;
    bool started = false;   // it has had its first range since it waited
    bool extended = false;  // past its prompt
  };

  int below(int n) { return std::uniform_int_distribution<int>(0, n - 1)(random_); }

  void arrive() {
    Account account{.known = 1 + below(90), .positions_max = 0, .brief = below(3) == 0};
    account.extensions_left = account.brief ? below(3) : below(200);
    // A brief one may take three tokens at a time.
    account.positions_max = account.known + 1 + account.extensions_left * (account.brief ? 3 : 1);
    scheduler_.add(next_id_, {.known = account.known,
                              .positions_max = account.positions_max,
                              .brief = account.brief,
                              .client = static_cast<uint64_t>(below(3))});
    live_.emplace(next_id_++, account);
  }

  void drop(EngineRequestId id) {
    positions_left_ += live_.at(id).held;
    live_.erase(id);
    scheduler_.remove(id);
  }

  void step() {
    const int prompt_tokens = 1 + below(kStepTokens);
    const auto planned = scheduler_.plan(prompt_tokens);
    const std::vector<StepItem> items(planned.begin(), planned.end());
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
      ASSERT_EQ(item.admitted, !account.started);
      account.started = true;
      if (!account.extended) prompts += item.count;
      account.computed += item.count;
      ASSERT_LE(account.computed, account.held) << "no memory for it";
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

  std::optional<int> admit(EngineRequestId id, int positions, bool to_the_last) override {
    Account& account = live_.at(id);
    EXPECT_EQ(account.held, 0) << "twice";
    EXPECT_GE(positions, account.known);
    EXPECT_LE(positions, account.positions_max);
    EXPECT_TRUE(!account.brief || positions == account.positions_max);
    if (positions > positions_left_ - (to_the_last ? 0 : 20)) return std::nullopt;
    account.held = positions;
    positions_left_ -= positions;
    account.computed = below(3) == 0 ? below(account.known) : 0;
    return account.computed;
  }

  bool grow(EngineRequestId id, int positions) override {
    Account& account = live_.at(id);
    EXPECT_GT(account.held, 0);
    EXPECT_GT(positions, account.held);
    if (positions - account.held > positions_left_) return false;
    positions_left_ -= positions - account.held;
    account.held = positions;
    return true;
  }

  void pause(EngineRequestId id) override {
    Account& account = live_.at(id);
    EXPECT_FALSE(account.brief);
    EXPECT_TRUE(account.extended);
    positions_left_ += std::exchange(account.held, 0);
    account.computed = 0;
    account.started = account.extended = false;
    ++pauses_;
  }

  void go_on(EngineRequestId id) {
    Account& account = live_.at(id);
    if (account.extensions_left-- == 0) return drop(id);
    account.extended = true;
    int more = 1;
    if (account.brief) {
      if (below(4) == 0) account.computed -= below(account.computed);
      if (below(4) == 0) more += below(3);  // no more than is left for everybody else's token
    }
    account.known = std::min(account.computed + more, account.positions_max);
    scheduler_.extend(id, account.computed, account.known);
  }

  std::mt19937 random_;
  Scheduler scheduler_{{.step_tokens = kStepTokens, .sequences_max = kSequences}, *this};
  std::map<EngineRequestId, Account> live_;
  EngineRequestId next_id_ = 1;
  int positions_left_ = kPositions;
  int pauses_ = 0;
};

TEST(SchedulerTest, InvariantsHoldForRandomTraffic) {
  for (uint32_t seed = 1; seed <= 5; ++seed) SchedulerFuzz(seed).run(2000);
}

}  // namespace
}  // namespace qaio
