// Models with recurrent layers: what is kept of a prompt, and that nothing of it shows. CTest's
// `engine_recurrent` runs the engine's other tests on such a model as well.
#include <gtest/gtest.h>

#include <deque>
#include <functional>
#include <random>

#include "engine/engine_fixture_for_test.h"

namespace qaio {
namespace {

class EngineRecurrentTest : public testing::Test {
 protected:
  void start(int states) {
    model_ = std::make_unique<FakeModel>(64, 64, states);
    engine_ = std::make_unique<Engine>(*model_, *tokenizer_, SteadyClock::instance(), options_);
  }
  EngineAnswer run(EngineRequest request) {
    Client client;
    EXPECT_TRUE(client.submit(*engine_, std::move(request)));
    return client.wait();
  }
  static EngineRequest pinned(std::vector<TokenId> prompt) {
    EngineRequest request;
    request.prompt = std::move(prompt);
    request.job = PinJob{};
    return request;
  }

  EngineOptions options_{
      .queue_max = 64, .sequences_max = 8, .step_tokens = 48, .end_tokens = {FakeModel::kEnd}};
  std::unique_ptr<Tokenizer> tokenizer_ = fake_tokenizer();
  std::unique_ptr<FakeModel> model_;
  std::unique_ptr<Engine> engine_;
};

// The next turn holds the last one's prompt but for its end, the answer, and something new.
TEST_F(EngineRecurrentTest, ATurnComputesWhatIsNew) {
  start(16);
  std::vector<TokenId> conversation = prompt_of(100, 3);
  for (int turn = 0; turn < 8; ++turn) {
    const EngineAnswer answer = run(generate(conversation, 5));
    EXPECT_EQ(answer.result->text, greedy_text(conversation, 5));
    if (turn > 0) {
      const auto computed =
          static_cast<int>(conversation.size() - answer.trace.counters.cached_tokens);
      EXPECT_LE(computed, 20 + 3 + kKvBlockTokens) << "turn " << turn;
    }
    conversation.resize(conversation.size() - 3);  // what is written for the answer to come
    const auto more = prompt_of(20, turn);
    conversation.insert(conversation.end(), more.begin(), more.end());
  }
}

// Who changes the last tokens computes a few times as many at most.
TEST_F(EngineRecurrentTest, AChangedEndCostsWhatIsBehindTheNextKeptState) {
  start(16);
  for (const int changed : {5, 40, 150}) {
    std::vector<TokenId> prompt = prompt_of(600, changed);
    run(generate(prompt, 1));
    prompt.resize(prompt.size() - static_cast<size_t>(changed));
    const auto more = prompt_of(30, 11);
    prompt.insert(prompt.end(), more.begin(), more.end());
    const EngineAnswer answer = run(generate(prompt, 3));
    EXPECT_EQ(answer.result->text, greedy_text(prompt, 3));
    const auto computed = static_cast<int>(prompt.size() - answer.trace.counters.cached_tokens);
    EXPECT_LE(computed, 4 * std::max(changed, 16) + 30 + 2 * kKvBlockTokens) << changed;
  }
}

// Of a long common beginning the first prompt keeps no state where others part from it; the second
// does, and the third has it.
TEST_F(EngineRecurrentTest, WhereOthersBeganLikewiseAStateIsKept) {
  start(16);
  const std::vector<TokenId> system = prompt_of(320, 1);
  std::vector<int> computed;
  for (const int user : {2, 5, 8}) {
    std::vector<TokenId> prompt = system;
    const auto more = prompt_of(400, user);
    prompt.insert(prompt.end(), more.begin(), more.end());
    const EngineAnswer answer = run(generate(prompt, 2));
    EXPECT_EQ(answer.result->text, greedy_text(prompt, 2));
    computed.push_back(static_cast<int>(prompt.size() - answer.trace.counters.cached_tokens));
  }
  EXPECT_EQ(computed[0], 720);
  EXPECT_LE(computed[2], 400 + kKvBlockTokens);
}

// Whoever goes on behind an answer as it was given computes its last block anew at most.
TEST_F(EngineRecurrentTest, AnAnswerIsGoneOnFrom) {
  start(16);
  const std::vector<TokenId> prompt = prompt_of(70, 2);
  run(generate(prompt, 100));
  const std::vector<TokenId> longer = greedy_history(prompt, 100);
  const EngineAnswer answer = run(generate(longer, 3));
  EXPECT_EQ(answer.result->text, greedy_text(longer, 3));
  EXPECT_GE(answer.trace.counters.cached_tokens, 170u - 1 - kKvBlockTokens);
}

TEST_F(EngineRecurrentTest, APinnedPromptKeepsItsState) {
  start(8);
  const std::vector<TokenId> system = prompt_of(96, 4);
  ASSERT_TRUE(run(pinned(system)).result);
  for (int i = 0; i < 20; ++i) run(generate(prompt_of(80 + i, i), 2));
  std::vector<TokenId> prompt = system;
  prompt.push_back(7);
  EXPECT_EQ(run(generate(prompt, 2)).trace.counters.cached_tokens, 96u);
}

// With hardly more states than one request needs, all that come at once still end, each with the
// answer that it has alone, and nothing is left behind.
TEST_F(EngineRecurrentTest, FewStatesServeMany) {
  for (const int states : {6, 7, 9}) {
    start(states);
    std::mt19937 random(static_cast<uint32_t>(states));
    const auto below = [&](int n) { return static_cast<int>(random() % static_cast<unsigned>(n)); };
    std::deque<Client> clients;
    std::vector<std::function<void()>> checks;
    for (int i = 0; i < 40; ++i) {
      Client& client = clients.emplace_back();
      std::vector<TokenId> prompt = prompt_of(1 + below(150), below(4));
      if (i % 3 == 0) {
        const std::vector<LabelTokens> labels = {{1, 2, 3}, {1, 2, 4}, {5}, {5, 6}};
        ASSERT_TRUE(client.submit(*engine_, classify(prompt, labels)));
        checks.emplace_back([&client, prompt, labels] {
          const EngineAnswer answer = client.wait();
          ASSERT_TRUE(answer.result) << answer.result.error().message;
          const auto got = probabilities_of(*answer.result);
          const auto expected = label_shares(prompt, labels);
          for (size_t k = 0; k < got.size(); ++k) EXPECT_NEAR(got[k], expected[k], 1e-5);
        });
      } else {
        const int tokens = 1 + below(90);
        ASSERT_TRUE(client.submit(*engine_, generate(prompt, tokens)));
        checks.emplace_back([&client, prompt, tokens] {
          const EngineAnswer answer = client.wait();
          ASSERT_TRUE(answer.result) << answer.result.error().message;
          EXPECT_EQ(answer.result->text, greedy_text(prompt, tokens));
        });
      }
    }
    for (const auto& check : checks) check();
    EXPECT_EQ(engine_->load().states_used, 0);
    engine_.reset();
    EXPECT_EQ(model_->kv_pool().states_free(), states);
    EXPECT_EQ(model_->kv_pool().blocks_free(), 64);
  }
}

}  // namespace
}  // namespace qaio
