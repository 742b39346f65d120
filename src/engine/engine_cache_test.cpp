// Requests that share KV memory.
#include <gtest/gtest.h>

#include <deque>
#include <random>

#include "engine/engine_fixture_for_test.h"

namespace qaio {
namespace {

using EngineCacheTest = EngineFixture;

TEST_F(EngineCacheTest, ACommonBeginningIsComputedOnce) {
  Engine engine(model_, *tokenizer_, SteadyClock::instance(), options_);
  auto prompt = prompt_of(100, 3);
  Client first;
  ASSERT_TRUE(first.submit(engine, generate(prompt, 40)));
  const std::string text = first.wait().result->text;
  const int cold_tokens = model_.tokens_computed;

  Client again;
  ASSERT_TRUE(again.submit(engine, generate(prompt, 40)));
  const EngineAnswer answer = again.wait();
  EXPECT_EQ(answer.result->text, text);
  EXPECT_EQ(answer.trace.counters.cached_tokens, 96U);
  EXPECT_EQ(model_.tokens_computed, 2 * cold_tokens - 96);

  // The next turn of a conversation begins with the answer, too.
  prompt = greedy_history(prompt, 40);
  prompt.push_back(5);
  Client next;
  ASSERT_TRUE(next.submit(engine, generate(prompt, 5)));
  const EngineAnswer turn = next.wait();
  EXPECT_EQ(turn.result->text, greedy_text(prompt, 5));
  EXPECT_EQ(turn.trace.counters.cached_tokens, 128U);
  EXPECT_GT(engine.load().kv_blocks_cached, 0);
  EXPECT_EQ(engine.load().kv_blocks_used, 0);
  EXPECT_EQ(engine.load().cached_tokens, 96U + 128U);
}

TEST_F(EngineCacheTest, WithoutThePrefixCacheEverythingIsComputed) {
  options_.prefix_cache = false;
  Engine engine(model_, *tokenizer_, SteadyClock::instance(), options_);
  for (int i = 0; i < 2; ++i) answer_of(engine, generate(prompt_of(100, 3), 1));
  EXPECT_EQ(model_.tokens_computed, 200);
}

TEST_F(EngineCacheTest, CachedMemoryMakesRoomForRequests) {
  FakeModel model(8);
  Engine engine(model, *tokenizer_, SteadyClock::instance(), options_);
  for (int i = 0; i < 20; ++i) {
    const auto prompt = prompt_of(150 + i, i);
    EXPECT_EQ(answer_of(engine, generate(prompt, 20)), greedy_text(prompt, 20)) << i;
  }
  EXPECT_EQ(engine.load().kv_blocks_used, 0);
}

TEST_F(EngineCacheTest, PinnedPromptsStayWhateverComes) {
  FakeModel model(8);
  Engine engine(model, *tokenizer_, SteadyClock::instance(), options_);
  EngineRequest request;
  request.prompt = prompt_of(70, 1);
  request.job = PinJob{};
  Client pin;
  ASSERT_TRUE(pin.submit(engine, std::move(request)));
  EXPECT_EQ(pin.wait().result->finish_reason, FinishReason::kPinned);
  EXPECT_EQ(engine.load().kv_blocks_pinned, 2);
  EXPECT_EQ(engine.load().kv_blocks_used, 0);
  for (int i = 0; i < 10; ++i) answer_of(engine, generate(prompt_of(150, i + 2), 10));
  Client client;
  ASSERT_TRUE(client.submit(engine, generate(prompt_of(80, 1), 3)));
  EXPECT_EQ(client.wait().trace.counters.cached_tokens, 64U);

  // No more than half of the memory is given away.
  EngineRequest large;
  large.prompt = prompt_of(100, 9);
  large.job = PinJob{};
  Client too_large;
  ASSERT_TRUE(too_large.submit(engine, std::move(large)));
  EXPECT_EQ(too_large.wait().result.error().code, ErrorCode::kResourceExhausted);

  // What fits only with the pinned blocks, and what does not fit any more.
  const auto largest = prompt_of(240, 1);
  EXPECT_EQ(answer_of(engine, generate(largest, 16)), greedy_text(largest, 16));
  Client beyond;
  ASSERT_TRUE(beyond.submit(engine, generate(prompt_of(200, 5), 10)));
  const Error refused = beyond.wait().result.error();
  EXPECT_EQ(refused.code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(refused.field, "prompt");
  Client long_answer;
  ASSERT_TRUE(long_answer.submit(engine, generate(prompt_of(180, 5), 20)));
  EXPECT_EQ(long_answer.wait().result.error().field, "max_new_tokens");
}

// Little memory and prompts with common beginnings: blocks are shared, evicted and computed anew
// all the time, and no answer may show it.
TEST_F(EngineCacheTest, ThousandsOfArrivalsCancellationsAndEvictions) {
  FakeModel model(14);
  std::mt19937 random(8);
  const auto below = [&](int n) { return std::uniform_int_distribution<int>(0, n - 1)(random); };
  uint64_t cached_tokens = 0;
  int cancelled = 0;
  {
    Engine engine(model, *tokenizer_, SteadyClock::instance(), options_);
    for (int wave = 0; wave < 60; ++wave) {
      struct Case {
        Client client;
        std::vector<TokenId> prompt;
        int tokens = 0;
      };
      std::deque<Case> cases(50);
      for (Case& one : cases) {
        one.prompt = prompt_of(1 + below(150), below(6));
        if (below(2) == 0) one.prompt.back() = below(26);
        one.tokens = 1 + below(8);
        const auto id = one.client.submit(engine, generate(one.prompt, one.tokens));
        ASSERT_TRUE(id);
        if (below(5) == 0) engine.cancel(*id);
      }
      for (Case& one : cases) {
        const EngineAnswer answer = one.client.wait();
        if (answer.result) {
          ASSERT_EQ(answer.result->text, greedy_text(one.prompt, one.tokens));
        } else {
          ASSERT_EQ(answer.result.error().code, ErrorCode::kCancelled);
          ++cancelled;
        }
        cached_tokens += answer.trace.counters.cached_tokens;
      }
      const Engine::Load load = engine.load();
      ASSERT_EQ(load.kv_blocks_used, 0);
      ASSERT_EQ(load.waiting + load.running, 0);
    }
  }
  EXPECT_EQ(model.kv_pool().blocks_free(), 14);
  EXPECT_GT(cached_tokens, 10'000U);
  EXPECT_GT(cancelled, 100);
}

TEST_F(EngineCacheTest, AConversationComputesOnlyItsNewTurns) {
  Engine engine(model_, *tokenizer_, SteadyClock::instance(), options_);
  std::vector<TokenId> history = prompt_of(40, 2);
  for (int turn = 0; turn < 10; ++turn) {
    const auto question = prompt_of(20, turn);
    history.insert(history.end(), question.begin(), question.end());
    Client client;
    ASSERT_TRUE(client.submit(engine, generate(history, 25)));
    const EngineAnswer answer = client.wait();
    ASSERT_EQ(answer.result->text, greedy_text(history, 25)) << turn;
    // The question, the answer's last token, and what did not fill a block.
    const TaskCounters& counters = answer.trace.counters;
    if (turn > 0) {
      EXPECT_LE(counters.prompt_tokens - counters.cached_tokens, 20U + 1U + kKvBlockTokens);
    }
    history = greedy_history(history, 25);
  }
}

}  // namespace
}  // namespace qaio
