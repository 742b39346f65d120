// What a GenerateJob's options do to the answer, and how prompts make room for answers.
#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <thread>

#include "engine/engine_fixture_for_test.h"

namespace qaio {
namespace {

using EngineAnswersTest = EngineFixture;

TEST_F(EngineAnswersTest, StopStringsEndTheAnswerWhereverTokensEnd) {
  Engine engine(model_, *tokenizer_, SteadyClock::instance(), options_);
  const auto prompt = prompt_of(20, 3);
  const std::string text = greedy_text(prompt, 30);
  for (const size_t at : {0U, 5U, 12U}) {
    const std::string stop = text.substr(at, 4);
    auto request = generate(prompt, 30);
    std::get<GenerateJob>(request.job).stops = {"no such text", stop};
    Client client;
    ASSERT_TRUE(client.submit(engine, std::move(request)));
    const EngineAnswer answer = client.wait();
    EXPECT_EQ(answer.result->text, text.substr(0, text.find(stop)));
    EXPECT_EQ(answer.streamed, answer.result->text);
    EXPECT_EQ(answer.result->finish_reason, FinishReason::kStop);
  }
  // Held back until the end, when it cannot become a stop string any more.
  auto request = generate(prompt, 30);
  std::get<GenerateJob>(request.job).stops = {text.substr(text.size() - 2) + "x"};
  Client client;
  ASSERT_TRUE(client.submit(engine, std::move(request)));
  const EngineAnswer answer = client.wait();
  EXPECT_EQ(answer.streamed, text);
  EXPECT_EQ(answer.result->finish_reason, FinishReason::kLength);
}

TEST_F(EngineAnswersTest, LogprobsAreTheModelsOwn) {
  Engine engine(model_, *tokenizer_, SteadyClock::instance(), options_);
  auto request = generate(prompt_of(20, 3), 8, 1.5F, 4);
  auto& job = std::get<GenerateJob>(request.job);
  job.logprobs = 3;
  job.sampling.repetition_penalty = 1.3F;
  Client client;
  ASSERT_TRUE(client.submit(engine, std::move(request)));
  const EngineAnswer answer = client.wait();
  ASSERT_EQ(answer.result->tokens.size(), 8U);
  EXPECT_EQ(answer.streamed_tokens.size(), 8U);
  auto history = prompt_of(20, 3);
  for (const GeneratedToken& token : answer.result->tokens) {
    const auto logits = FakeModel::all_logits(history);
    double sum = 0;
    for (const float logit : logits) sum += std::exp(static_cast<double>(logit));
    const auto chosen = static_cast<size_t>(token.chosen.token);
    EXPECT_NEAR(token.chosen.logprob, logits[chosen] - std::log(sum), 1e-4);
    ASSERT_EQ(token.top.size(), 3U);
    EXPECT_EQ(token.top[0].token, argmax(logits));
    history.push_back(token.chosen.token);
  }
}

TEST_F(EngineAnswersTest, PromptsAreCutWhereAnswersWouldHaveToWait) {
  FakeClock clock;
  options_.step_tokens = 64;
  std::atomic<bool> both_there = false;
  model_.before_step = [&] {
    while (!both_there) std::this_thread::yield();
    clock.advance_ns(20'000'000);
  };
  Engine engine(model_, *tokenizer_, clock, options_);
  Client answer;
  Client prompt;
  ASSERT_TRUE(answer.submit(engine, generate(prompt_of(10, 1), 60)));
  ASSERT_TRUE(prompt.submit(engine, generate(prompt_of(300, 2), 1)));
  both_there = true;
  const EngineAnswer done = prompt.wait();
  // Not in 5 steps of 64: at first nothing is known of the model's speed.
  EXPECT_GE(done.trace.counters.prefill_steps, 6U);
  EXPECT_EQ(done.trace.counters.batch_max, 2U);
  answer.wait();
}

// Neither a token nor a label may come of them, wherever in an answer they begin; others go on.
TEST_F(EngineAnswersTest, LogitsThatAreNotFiniteEndTheRequestAlone) {
  const auto damaged = prompt_of(20, 5);
  for (const float value : {std::nanf(""), HUGE_VALF, -HUGE_VALF}) {
    for (const size_t later : {0U, 2U}) {
      model_.damages = [&, value, later](std::span<const TokenId> history,
                                         std::span<float> logits) {
        const bool mine = history.size() == damaged.size() + later && history[0] == damaged[0];
        if (mine) logits[17] = value;
      };
      Engine engine(model_, *tokenizer_, SteadyClock::instance(), options_);
      Client lost, other;
      ASSERT_TRUE(lost.submit(engine, generate(damaged, 8, later == 0 ? 0.0F : 1.0F)));
      ASSERT_TRUE(other.submit(engine, generate(prompt_of(20, 3), 8)));
      const EngineAnswer answer = lost.wait();
      ASSERT_FALSE(answer.result);
      EXPECT_EQ(answer.result.error().code, ErrorCode::kCorrupt);
      EXPECT_NE(answer.result.error().message.find("not finite"), std::string::npos);
      EXPECT_EQ(other.wait().result->text, greedy_text(prompt_of(20, 3), 8));

      const std::vector<LabelTokens> labels =
          later == 0 ? std::vector<LabelTokens>{{17}, {2}}
                     : std::vector<LabelTokens>{{1, 2, 3}, {1, 2, 4}, {2, 3, 4}};
      Client client;
      ASSERT_TRUE(client.submit(engine, classify(damaged, labels)));
      EXPECT_FALSE(client.wait().result);
    }
  }
}

}  // namespace
}  // namespace qaio
