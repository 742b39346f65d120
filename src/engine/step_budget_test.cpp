#include "engine/step_budget.h"

#include <gtest/gtest.h>

namespace qaio {
namespace {

constexpr int64_t kMs = 1'000'000;

// Runs steps on a machine where a token of a prompt takes token_ns and one for every answer
// base_ns.
void run(StepBudget& step_budget, int steps, int generating, int64_t base_ns, int64_t token_ns) {
  for (int i = 0; i < steps; ++i) {
    const int tokens = i % 2 == 0 ? step_budget.prompt_tokens(generating) : 0;
    if (generating == 0 && tokens == 0) continue;
    step_budget.observe(generating, tokens, (generating > 0 ? base_ns : 0) + tokens * token_ns);
  }
}

TEST(PacerTest, WithoutAnswersAStepTakesItsWholeTime) {
  StepBudget step_budget({});
  run(step_budget, 50, 0, 0, kMs);
  EXPECT_NEAR(step_budget.prompt_tokens(0), 100, 1);
  run(step_budget, 100, 0, 0, kMs / 4);
  EXPECT_NEAR(step_budget.prompt_tokens(0), 400, 4);
  run(step_budget, 100, 0, 0, kMs / 100);
  EXPECT_EQ(step_budget.prompt_tokens(0), 512);
}

TEST(PacerTest, AnswersAreStretchedByAFactorAtMost) {
  StepBudget step_budget({});
  run(step_budget, 200, 8, 20 * kMs, kMs / 2);
  EXPECT_NEAR(step_budget.prompt_tokens(8), 40, 4);  // 20 ms of 0.5 ms each
}

// Short prompts, and never a step without one.
TEST(PacerTest, GuessesWhenEveryStepHasPrompts) {
  StepBudget step_budget({});
  step_budget.observe(0, 40, 20 * kMs);
  for (int i = 0; i < 300; ++i) {
    const int tokens = step_budget.prompt_tokens(8) / (1 + i % 3);
    const int64_t duration = 20 * kMs + tokens * kMs / 2;
    EXPECT_LE(duration, 3 * 20 * kMs);
    step_budget.observe(8, tokens, duration);
  }
  EXPECT_GT(step_budget.prompt_tokens(8), 30);
  step_budget.observe(8, 0, 20 * kMs);
  EXPECT_GT(step_budget.prompt_tokens(8), 30);
}

TEST(PacerTest, FollowsAMachineThatSlowsDown) {
  StepBudget step_budget({});
  run(step_budget, 100, 8, 20 * kMs, kMs / 2);
  run(step_budget, 100, 8, 40 * kMs, kMs);
  EXPECT_NEAR(step_budget.prompt_tokens(8), 40, 2);
  for (int i = 0; i < 100; ++i) {  // no step tells the base any more
    const int tokens = step_budget.prompt_tokens(8);
    step_budget.observe(8, tokens, 60 * kMs + tokens * 2 * kMs);
  }
  EXPECT_LE(60 * kMs + step_budget.prompt_tokens(8) * 2 * kMs, 110 * kMs);
}

TEST(PacerTest, KnowsEachNumberOfAnswers) {
  StepBudget step_budget({});
  run(step_budget, 100, 1, 10 * kMs, kMs / 2);
  EXPECT_NEAR(step_budget.prompt_tokens(1), 20, 2);
  EXPECT_NEAR(step_budget.prompt_tokens(5), 20, 2);  // so far as for 1
  run(step_budget, 100, 4, 16 * kMs, kMs / 2);
  EXPECT_NEAR(step_budget.prompt_tokens(1), 20, 2);
  EXPECT_NEAR(step_budget.prompt_tokens(5), 32, 3);
  EXPECT_NEAR(step_budget.prompt_tokens(100), 32, 3);
}

TEST(PacerTest, OneInterruptedStepChangesLittle) {
  StepBudget step_budget({});
  run(step_budget, 200, 8, 20 * kMs, kMs / 2);
  const int before = step_budget.prompt_tokens(8);
  step_budget.observe(8, 10, 5000 * kMs);
  EXPECT_NEAR(step_budget.prompt_tokens(8), before, before * 0.2);
}

TEST(PacerTest, ASlowMachineStillGoesOn) {
  StepBudget step_budget({});
  run(step_budget, 200, 4, 400 * kMs, 50 * kMs);
  EXPECT_EQ(step_budget.prompt_tokens(4), 8);
  EXPECT_EQ(step_budget.prompt_tokens(0), 8);
}

TEST(PacerTest, AFirstStepIsCautious) {
  StepBudget step_budget({});
  EXPECT_EQ(step_budget.prompt_tokens(0), 100);
  EXPECT_EQ(step_budget.prompt_tokens(3), 8);
}

TEST(PacerTest, NeverMoreThanFits) {
  StepBudget step_budget({.tokens_max = 4});
  EXPECT_EQ(step_budget.prompt_tokens(0), 4);
  run(step_budget, 10, 0, 0, 1);
  EXPECT_EQ(step_budget.prompt_tokens(0), 4);
}

}  // namespace
}  // namespace qaio
