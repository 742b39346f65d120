#include "trace/step_log.h"

#include <gtest/gtest.h>

#include <limits>
#include <thread>

namespace qaio {
namespace {

constexpr TimeNs kEver = std::numeric_limits<TimeNs>::max();

// Every field follows from the number.
EngineStep step_of(uint32_t number) {
  return {.begin_ns = number * 100,
          .end_ns = number * 100 + 90,
          .forward_ns = number,
          .sequences = number + 1,
          .prompt_tokens = number + 2,
          .cached_tokens = number + 3,
          .decode_tokens = number + 4};
}

void expect_step(const EngineStep& step, uint32_t number) {
  const EngineStep want = step_of(number);
  EXPECT_EQ(step.begin_ns, want.begin_ns);
  EXPECT_EQ(step.end_ns, want.end_ns);
  EXPECT_EQ(step.forward_ns, want.forward_ns);
  EXPECT_EQ(step.sequences, want.sequences);
  EXPECT_EQ(step.prompt_tokens, want.prompt_tokens);
  EXPECT_EQ(step.cached_tokens, want.cached_tokens);
  EXPECT_EQ(step.decode_tokens, want.decode_tokens);
}

TEST(StepLogTest, KeepsTheNewestInOrder) {
  StepLog log(4);
  EXPECT_TRUE(log.between(0, kEver).empty());
  for (uint32_t i = 0; i < 10; ++i) log.add(step_of(i));
  const auto steps = log.between(0, kEver);
  ASSERT_EQ(steps.size(), 4u);
  for (uint32_t i = 0; i < 4; ++i) expect_step(steps[i], 6 + i);
}

TEST(StepLogTest, FindsWhatOverlaps) {
  StepLog log(100);
  for (uint32_t i = 0; i < 10; ++i) log.add(step_of(i));
  const auto steps = log.between(290, 500);
  ASSERT_EQ(steps.size(), 4u);  // 200 to 290, ..., 500 to 590
  expect_step(steps.front(), 2);
  expect_step(steps.back(), 5);
  EXPECT_TRUE(log.between(291, 299).empty()) << "between two steps";
}

TEST(StepLogTest, ReadersNeverSeeHalfAStep) {
  StepLog log(8);  // overwritten all the time
  constexpr uint32_t kSteps = 200'000;
  std::thread writer([&] {
    for (uint32_t i = 0; i < kSteps; ++i) log.add(step_of(i));
  });
  for (bool done = false; !done;) {
    const auto steps = log.between(0, kEver);
    EXPECT_LE(steps.size(), 8u);
    for (size_t i = 0; i < steps.size(); ++i) {
      const auto number = static_cast<uint32_t>(steps[i].begin_ns / 100);
      expect_step(steps[i], number);
      if (i > 0) {
        EXPECT_EQ(number, steps[i - 1].begin_ns / 100 + 1);
      }
    }
    done = !steps.empty() && steps.back().begin_ns == (kSteps - 1) * 100;
  }
  writer.join();
}

}  // namespace
}  // namespace qaio
