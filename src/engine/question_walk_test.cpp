// Several questions behind one prompt: what is shared, what is computed, and that each has exactly
// the scores that it has alone.
#include "engine/question_walk.h"

#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <set>
#include <vector>

#include "engine/engine_fixture_for_test.h"

namespace qaio {
namespace {

using Reading = QuestionWalk::Reading;
using Tokens = std::vector<TokenId>;

LabelQuestion question(Tokens tokens, std::vector<LabelTokens> labels = {{1}, {2}},
                       bool mass = false) {
  return {.tokens = std::move(tokens), .labels = std::move(labels), .mass = mass};
}

// Token, depth and reading of each node.
std::vector<std::vector<int>> nodes_of(const QuestionWalk& walk) {
  std::vector<std::vector<int>> nodes;
  for (const auto& node : walk.nodes()) {
    nodes.push_back({node.token, node.depth, static_cast<int>(node.reading)});
  }
  return nodes;
}

constexpr int kNothing = static_cast<int>(Reading::kNothing);
constexpr int kRoot = static_cast<int>(Reading::kRoot);
constexpr int kLabel = static_cast<int>(Reading::kLabel);

TEST(QuestionWalkTest, ASingleQuestionIsAllBeginning) {
  QuestionWalk walk({question({7, 8}, {{5, 1}, {5, 2, 3}, {5, 4}})}, 0);
  EXPECT_EQ(Tokens(walk.beginning().begin(), walk.beginning().end()), (Tokens{7, 8, 5}));
  ASSERT_NE(walk.at_root(), nullptr);
  EXPECT_EQ(nodes_of(walk), (std::vector<std::vector<int>>{{2, 1, kLabel}}));
}

TEST(QuestionWalkTest, WhatQuestionsBeginWithIsThereOnce) {
  QuestionWalk walk({question({7, 8, 1, 4}), question({7, 8, 2, 5}), question({7, 8, 1, 3})}, 0);
  EXPECT_EQ(walk.at_root(), nullptr);
  EXPECT_EQ(Tokens(walk.beginning().begin(), walk.beginning().end()), (Tokens{7, 8}));
  EXPECT_EQ(nodes_of(walk),
            (std::vector<std::vector<int>>{
                {1, 1, kNothing}, {3, 2, kRoot}, {4, 2, kRoot}, {2, 1, kNothing}, {5, 2, kRoot}}));
  EXPECT_EQ(walk.nodes()[1].question, 2U);
}

TEST(QuestionWalkTest, EachQuestionHasALastTokenOfItsOwn) {
  QuestionWalk walk({question({7, 8}), question({7, 8}, {{3}, {4}}), question({7, 8, 9})}, 0);
  EXPECT_EQ(Tokens(walk.beginning().begin(), walk.beginning().end()), (Tokens{7}));
  EXPECT_EQ(nodes_of(walk), (std::vector<std::vector<int>>{
                                {8, 1, kRoot}, {8, 1, kRoot}, {8, 1, kNothing}, {9, 2, kRoot}}));
}

TEST(QuestionWalkTest, WhatFitsCountsTokensAndFullReadings) {
  QuestionWalk walk({question({7, 1}, {{5, 1}, {6}}), question({7, 2}, {{1}, {2}}, true)}, 0);
  EXPECT_EQ(nodes_of(walk),
            (std::vector<std::vector<int>>{{1, 1, kRoot}, {5, 2, kLabel}, {2, 1, kRoot}}));
  EXPECT_EQ(walk.fitting(10, 10), 3U);
  EXPECT_EQ(walk.fitting(2, 10), 2U);
  EXPECT_EQ(walk.fitting(10, 1), 2U);
  EXPECT_EQ(walk.fitting(10, 0), 1U);  // a root without a mass reads its rows alone
}

class QuestionsTest : public EngineFixture {
 protected:
  static EngineRequest ask(const Tokens& prompt, std::vector<LabelQuestion> questions) {
    EngineRequest request;
    request.prompt = prompt;
    request.job = ClassifyJob{.questions = std::move(questions)};
    return request;
  }
  static EngineAnswer answer(Engine& engine, EngineRequest request) {
    Client client;
    EXPECT_TRUE(client.submit(engine, std::move(request)));
    return client.wait();
  }
  EngineAnswer answer(FakeModel& model, EngineRequest request) {
    Engine engine(model, *tokenizer_, SteadyClock::instance(), options_);
    return answer(engine, std::move(request));
  }

  // What each question has alone, asked as one prompt.
  std::vector<LabelScores> alone(const Tokens& prompt,
                                 const std::vector<LabelQuestion>& questions) {
    std::vector<LabelScores> scores;
    for (LabelQuestion question : questions) {
      Tokens whole = prompt;
      whole.insert(whole.end(), question.tokens.begin(), question.tokens.end());
      question.tokens.clear();
      FakeModel model(64);
      const EngineAnswer one = answer(model, ask(whole, {std::move(question)}));
      EXPECT_TRUE(one.result);
      scores.push_back(one.result->label_scores.at(0));
    }
    return scores;
  }

  static void expect_same(const EngineAnswer& together, const std::vector<LabelScores>& alone) {
    ASSERT_TRUE(together.result) << together.result.error().message;
    ASSERT_EQ(together.result->label_scores.size(), alone.size());
    for (size_t i = 0; i < alone.size(); ++i) {
      EXPECT_EQ(together.result->label_scores[i], alone[i]) << i;
    }
  }
};

const std::vector<LabelQuestion> kQuestions = {
    question({3, 9, 4}), question({3, 9, 5, 1, 1}, {{5, 1, 2}, {5, 1, 3}, {5, 4}, {7}}),
    question({3, 8}, {{6}, {7, 1}}, true), question({3, 9, 4}, {{9, 9}, {9}}),
    question({3, 9, 4, 4}, {{2}, {4}, {6}}, true)};

TEST_F(QuestionsTest, TheStateIsComputedOnceAndEveryQuestionInOneMoreStep) {
  const Tokens prompt = prompt_of(70, 4);
  const EngineAnswer together = answer(model_, ask(prompt, kQuestions));
  expect_same(together, alone(prompt, kQuestions));
  EXPECT_EQ(together.trace.counters.prefill_steps, 2U);  // of 48 tokens
  EXPECT_EQ(together.trace.counters.decode_steps, 1U);
  EXPECT_EQ(together.trace.counters.prompt_tokens, 71U);
  EXPECT_EQ(together.trace.counters.questions, 5U);
  EXPECT_EQ(together.trace.counters.question_tokens, 9U);
  EXPECT_EQ(together.trace.counters.options, 2U + 4 + 2 + 2 + 3);
  // 3 with the prompt; 8 7 | 9: 4 9, 4, 4 4, 5 1 1 5 1 and 5 of the labels
  EXPECT_EQ(model_.tokens_computed, 70 + 1 + 2 + 1 + 2 + 1 + 2 + 3 + 2);
  EXPECT_EQ(model_.kv_pool().blocks_free(), 64);
  expect_tiles(together.trace, together.trace.lane[2].end_ns);
}

TEST_F(QuestionsTest, MemoryStepsCacheAndNeighboursChangeNoBit) {
  const Tokens prompt = prompt_of(61, 4);
  const auto expected = alone(prompt, kQuestions);
  FakeModel tight(3);
  const EngineAnswer one_by_one = answer(tight, ask(prompt, kQuestions));
  expect_same(one_by_one, expected);
  EXPECT_GT(one_by_one.trace.counters.decode_steps, 3U);
  EXPECT_EQ(tight.kv_pool().blocks_free(), 3);

  FakeModel small_steps(64);
  options_.step_tokens = 2;
  options_.sequences_max = 2;
  expect_same(answer(small_steps, ask(prompt, kQuestions)), expected);

  options_.step_tokens = 48;
  options_.sequences_max = 8;
  FakeModel shared(64);
  Engine engine(shared, *tokenizer_, SteadyClock::instance(), options_);
  Client text;
  ASSERT_TRUE(text.submit(engine, generate(prompt_of(50, 9), 60)));
  std::vector<std::unique_ptr<Client>> others;
  for (int i = 0; i < 6; ++i) {
    others.push_back(std::make_unique<Client>());
    ASSERT_TRUE(others.back()->submit(engine, ask(prompt, kQuestions)));
  }
  for (const auto& other : others) expect_same(other->wait(), expected);
  EXPECT_EQ(text.wait().result->text, greedy_text(prompt_of(50, 9), 60));
  const EngineAnswer cached = answer(engine, ask(prompt, kQuestions));
  EXPECT_EQ(cached.trace.counters.cached_tokens, 32U);
  expect_same(cached, expected);
  // Questions come and go behind the prompt, so the prefix cache must hold nothing of them.
  Tokens longer = prompt;
  longer.insert(longer.end(), {3, 9, 4, 1, 1, 1});
  EXPECT_EQ(answer_of(engine, generate(longer, 10)), greedy_text(longer, 10));
}

TEST_F(QuestionsTest, RandomQuestions) {
  std::mt19937 random(7);
  const auto tokens = [&](size_t least, size_t most) {
    Tokens out(least + random() % (most - least + 1));
    for (TokenId& token : out) token = 1 + static_cast<TokenId>(random() % 3);
    return out;
  };
  for (int round = 0; round < 40; ++round) {
    std::vector<LabelQuestion> questions(2 + random() % 12);
    for (LabelQuestion& one : questions) {
      one.tokens = tokens(1, 9);
      std::set<Tokens> labels;
      while (labels.size() < 2 + random() % 3) labels.insert(tokens(1, 3));
      one.labels.assign(labels.begin(), labels.end());
      one.mass = random() % 4 == 0;
    }
    const Tokens prompt = tokens(1, 80);
    options_.step_tokens = 1 + static_cast<int>(random() % 48);
    FakeModel model(static_cast<int>(4 + random() % 12));
    expect_same(answer(model, ask(prompt, questions)), alone(prompt, questions));
    EXPECT_EQ(model.kv_pool().blocks_free(), model.kv_pool().blocks_total());
  }
}

TEST_F(QuestionsTest, WhatCannotBeAskedIsRefused) {
  Engine engine(model_, *tokenizer_, SteadyClock::instance(), options_);
  const auto refusal = [&](std::vector<LabelQuestion> questions) {
    Client client;
    const auto id = client.submit(engine, ask({1, 2}, std::move(questions)));
    if (!id) return id.error().message;
    EXPECT_TRUE(client.wait().result);
    return std::string();
  };
  EXPECT_NE(refusal({}).find("1 to 512 questions, not 0"), std::string::npos);
  EXPECT_NE(refusal(std::vector<LabelQuestion>(513, question({1}))).find("not 513"),
            std::string::npos);
  EXPECT_NE(refusal({question({1}), question({})}).find("has no tokens"), std::string::npos);
  EXPECT_NE(refusal({question({1}), question({-1})}).find("outside the vocabulary"),
            std::string::npos);
  EXPECT_NE(refusal({question({1}), question({2}, {{1}})}).find("2 to 1024 labels"),
            std::string::npos);
  // The longest question counts, not their sum.
  EXPECT_EQ(refusal({question(Tokens(900, 1)), question(Tokens(900, 2))}), "");
  EXPECT_NE(refusal({question({1}), question(Tokens(1100, 2))}).find("positions"),
            std::string::npos);
}

}  // namespace
}  // namespace qaio
