// Labels of several tokens through the engine: whole, together, in any memory.
#include "engine/label_round.h"

#include <gtest/gtest.h>

#include <random>

#include "engine/engine_fixture_for_test.h"

namespace qaio {
namespace {

using Labels = std::vector<LabelTokens>;

class LabelRoundTest : public EngineFixture {
 protected:
  // Alone, by an engine of its own.
  EngineAnswer score(FakeModel& model, const std::vector<TokenId>& prompt, const Labels& labels) {
    Engine engine(model, *tokenizer_, SteadyClock::instance(), options_);
    return score(engine, prompt, labels);
  }
  static EngineAnswer score(Engine& engine, const std::vector<TokenId>& prompt,
                            const Labels& labels) {
    Client client;
    EXPECT_TRUE(client.submit(engine, classify(prompt, labels)));
    return client.wait();
  }
  static void expect_shares(const EngineAnswer& answer, const std::vector<TokenId>& prompt,
                            const Labels& labels) {
    ASSERT_TRUE(answer.result) << answer.result.error().message;
    const auto expected = label_shares(prompt, labels);
    for (size_t i = 0; i < labels.size(); ++i) {
      EXPECT_NEAR(probabilities_of(*answer.result)[i], expected[i], 1e-5) << i;
    }
  }
};

const Labels kLabels = {{5, 1, 2}, {5, 1, 3}, {5, 4}, {6, 2}, {6, 3, 3, 8}, {7}, {8, 1, 1, 1}};

TEST_F(LabelRoundTest, LabelsAreScoredWholeInOneMoreStep) {
  const auto prompt = prompt_of(63, 4);  // the walk crosses into the next block
  const EngineAnswer answer = score(model_, prompt, kLabels);
  expect_shares(answer, prompt, kLabels);
  EXPECT_EQ(answer.trace.counters.decode_steps, 1U);
  // 5, 5 1, 6, 6 3, 6 3 3, 8, 8 1, 8 1 1
  EXPECT_EQ(model_.tokens_computed, 63 + 8);
  EXPECT_EQ(model_.kv_pool().blocks_free(), 64);
  ASSERT_EQ(answer.trace.lane.size(), 3U);
  EXPECT_EQ(answer.trace.lane[2].stage, Stage::kScore);
  expect_tiles(answer.trace, answer.trace.lane[2].end_ns);
}

TEST_F(LabelRoundTest, ALabelThatBeginsAnotherIsJudgedWithItsEnd) {
  const Labels labels = {{5}, {5, 1}, {6}};
  expect_shares(score(model_, prompt_of(10, 4), labels), prompt_of(10, 4), labels);
  EXPECT_EQ(model_.tokens_computed, 10 + 3);  // 5, 5 1 and 6 are followed by the end token
}

// Everything the same, bit for bit: alone or beside others, from the cache, in several steps, and
// with so little memory that one run waits for the other.
TEST_F(LabelRoundTest, MemoryStepsAndNeighboursChangeNoBit) {
  const auto prompt = prompt_of(60, 4);
  const EngineAnswer alone = score(model_, prompt, kLabels);
  expect_shares(alone, prompt, kLabels);
  const auto same = [&](const EngineAnswer& answer) {
    ASSERT_TRUE(answer.result);
    EXPECT_EQ(probabilities_of(*answer.result), probabilities_of(*alone.result));
  };
  FakeModel tight(2);
  const EngineAnswer one_by_one = score(tight, prompt, kLabels);
  same(one_by_one);
  EXPECT_EQ(one_by_one.trace.counters.decode_steps, 3U);  // a run each
  EXPECT_EQ(tight.kv_pool().blocks_free(), 2);

  FakeModel small_steps(64);
  options_.step_tokens = 3;
  options_.sequences_max = 2;
  same(score(small_steps, prompt, kLabels));

  options_.step_tokens = 48;
  options_.sequences_max = 8;
  FakeModel shared(64);
  Engine engine(shared, *tokenizer_, SteadyClock::instance(), options_);
  Client answers;
  ASSERT_TRUE(answers.submit(engine, generate(prompt_of(50, 9), 60)));
  std::vector<std::unique_ptr<Client>> walks;
  for (int i = 0; i < 6; ++i) {
    walks.push_back(std::make_unique<Client>());
    ASSERT_TRUE(walks.back()->submit(engine, classify(prompt, kLabels)));
  }
  for (const auto& walk : walks) same(walk->wait());
  EXPECT_EQ(answers.wait().result->text, greedy_text(prompt_of(50, 9), 60));
  const EngineAnswer cached = score(engine, prompt, kLabels);
  EXPECT_EQ(cached.trace.counters.cached_tokens, 32U);
  same(cached);
  // Labels were computed behind the prompt, so the prefix cache must hold nothing of them.
  for (const TokenId label : {5, 6}) {
    auto longer = prompt;
    longer.insert(longer.end(), {label, 1, 1, 1, 1, 1});
    EXPECT_EQ(answer_of(engine, generate(longer, 10)), greedy_text(longer, 10));
  }
}

TEST_F(LabelRoundTest, LongLabelsTakeSeveralSteps) {
  Labels labels(3);
  for (int i = 0; i < 150; ++i) {
    for (LabelTokens& label : labels) label.push_back(i % 26);
  }
  labels[0][20] = labels[1][100] = 30;  // they part at different depths
  labels[2].resize(120);
  const auto prompt = prompt_of(45, 2);
  for (const int blocks : {64, 7}) {
    FakeModel model(blocks, 512);
    options_.step_tokens = 512;
    expect_shares(score(model, prompt, labels), prompt, labels);
    EXPECT_EQ(model.kv_pool().blocks_free(), blocks);
  }
}

TEST_F(LabelRoundTest, RandomLabelsInAnyMemory) {
  std::mt19937 random(7);
  for (int round = 0; round < 150; ++round) {
    std::set<LabelTokens> different;
    const size_t count = 2 + random() % 12;
    while (different.size() < count) {
      LabelTokens label(1 + random() % 6);
      for (TokenId& token : label) token = static_cast<TokenId>(random() % 3);
      different.insert(label);
    }
    const Labels labels(different.begin(), different.end());
    const auto prompt = prompt_of(1 + static_cast<int>(random() % 70), round);
    const int least = KvPool::blocks_for(static_cast<int>(prompt.size()) + 6);
    FakeModel model(least + static_cast<int>(random() % 4));
    options_.step_tokens = 8 + static_cast<int>(random() % 40);
    expect_shares(score(model, prompt, labels), prompt, labels);
  }
}

TEST_F(LabelRoundTest, ACancelledWalkLeavesNothingBehind) {
  Gate gate;
  model_.before_step = [&] { gate.pass(); };
  Engine engine(model_, *tokenizer_, SteadyClock::instance(), options_);
  Labels labels;
  for (TokenId i = 0; i < 26; ++i) labels.push_back({i, 1, 2, 3, 4, 5});
  Client client;
  const auto id = client.submit(engine, classify(prompt_of(40, 4), labels));
  ASSERT_TRUE(id);
  gate.wait_for_arrivals(1);
  gate.permit_one();
  gate.wait_for_arrivals(2);  // in the walk
  engine.cancel(*id);
  gate.open();
  const EngineAnswer answer = client.wait();
  ASSERT_FALSE(answer.result);
  EXPECT_EQ(answer.result.error().code, ErrorCode::kCancelled);
  EXPECT_EQ(answer.trace.counters.decode_steps, 1U);
  EXPECT_EQ(engine.load().kv_blocks_used, 0);
}

TEST_F(LabelRoundTest, WhatALabelNeedsIsReservedWithItsPrompt) {
  FakeModel model(2);
  Engine engine(model, *tokenizer_, SteadyClock::instance(), options_);
  // 60 positions and 4 more: the last token is only read. With an end behind it, it is computed.
  expect_shares(score(engine, prompt_of(60, 4), {{1, 2, 3, 4, 5}, {2}}), prompt_of(60, 4),
                {{1, 2, 3, 4, 5}, {2}});
  Client client;
  const auto refused = client.submit(engine, classify(prompt_of(60, 4), {{1, 2, 3, 4, 5}, {1}}));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().field, "labels");
}

}  // namespace
}  // namespace qaio
