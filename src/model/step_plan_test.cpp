#include "model/step_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <set>
#include <vector>

namespace qaio {
namespace {

ModelConfig config_with(int heads, int kv_heads) {
  ModelConfig config;
  config.heads = heads;
  config.kv_heads = kv_heads;
  config.vocab = 100;
  return config;
}

// A sequence of `before` tokens that are computed, and its next ones.
class Sequence {
 public:
  Sequence(KvPool& pool, int before, int count) : kv_(pool), tokens_(static_cast<size_t>(count)) {
    const int blocks = KvPool::blocks_for(before + count);
    EXPECT_TRUE(kv_.reserve(blocks * kKvBlockTokens));
    kv_.advance(before);
    logits_.resize(100 * static_cast<size_t>(count));
  }
  ForwardItem item(LogitsAt logits_at, std::span<const TokenId> rows = {}) {
    ForwardItem item;
    item.tokens = tokens_;
    item.kv = &kv_;
    item.logits_at = logits_at;
    item.logit_rows = rows;
    item.logits = logits_;
    return item;
  }
  float* logits() { return logits_.data(); }

 private:
  KvSequence kv_;
  std::vector<TokenId> tokens_;
  std::vector<float> logits_;
};

TEST(StepPlan, NamesTokensRowsAndLogits) {
  const ModelConfig config = config_with(4, 2);
  KvPool pool(16);
  Sequence answer(pool, 40, 1);
  Sequence prompt(pool, 0, 5);
  Sequence chunk(pool, 32, 3);
  Sequence scored(pool, 0, 4);
  const std::array<TokenId, 2> labels{7, 9};
  const std::vector<ForwardItem> items{scored.item(LogitsAt::kLast, labels),
                                       chunk.item(LogitsAt::kNone), prompt.item(LogitsAt::kAll),
                                       answer.item(LogitsAt::kLast)};
  StepPlan plan(config, 1);
  plan.make(items);
  ASSERT_EQ(plan.tokens().size(), 13u);
  EXPECT_EQ(plan.token(4).position, 32) << "the chunk goes on where its sequence ended";
  EXPECT_EQ(plan.token(12).position, 40);
  EXPECT_THAT(plan.wanted(), testing::ElementsAre(3, 7, 8, 9, 10, 11, 12));
  // the whole vocabulary first, rows of the head last
  ASSERT_EQ(plan.logits().size(), 7u);
  EXPECT_EQ(plan.logits().back().row, 0);
  EXPECT_EQ(plan.logits().back().rows.size(), 2u);
  ASSERT_EQ(plan.full_logits().size(), 6u);
  EXPECT_EQ(plan.full_logits()[1], prompt.logits() + 100);
  EXPECT_EQ(plan.full_logits()[5], answer.logits());
}

// Whatever the threads, each row of each KV head is attended to exactly once.
TEST(StepPlan, TasksCoverEveryRowOnce) {
  for (const int threads : {1, 2, 3, 8}) {
    for (const int tokens : {1, 7, 56, 130}) {
      const ModelConfig config = config_with(8, 2);
      KvPool pool(32);
      Sequence prompt(pool, 0, tokens);
      Sequence answer(pool, 64, 1);
      StepPlan plan(config, threads);
      const std::vector<ForwardItem> items{prompt.item(LogitsAt::kNone),
                                           answer.item(LogitsAt::kLast)};
      plan.make(items);
      const StepRows& rows = plan.rows(false);
      std::vector<std::atomic<int>> taken(static_cast<size_t>(rows.parts.groups()));
      std::set<std::pair<int, int>> seen;  // row, head
      const auto attend = [&](const AttentionTask* task) {
        for (int t = 0; task != nullptr && t < task->tokens; ++t)
          EXPECT_TRUE(seen.emplace(task->first_row + t, task->kv_head).second);
      };
      for (int thread = 0; thread < threads; ++thread) attend(rows.first_task(thread));
      for (int thread = 0; thread < threads; ++thread) {
        while (const AttentionTask* task = rows.next_task(thread, threads, taken.data()))
          attend(task);
      }
      EXPECT_EQ(seen.size(), static_cast<size_t>(2 * (tokens + 1))) << threads << ' ' << tokens;
    }
  }
}

}  // namespace
}  // namespace qaio
