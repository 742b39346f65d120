// Memory that grows with the answers: who is paused goes on as if nothing had been.
#include <gtest/gtest.h>

#include <deque>
#include <random>

#include "engine/engine_fixture_for_test.h"

namespace qaio {
namespace {

class EnginePauseTest : public EngineFixture {
 protected:
  static void expect_whole(const EngineAnswer& answer) {
    const StageLane& lane = answer.trace.lane;
    EXPECT_EQ(lane.dropped(), 0U);
    EXPECT_EQ(lane[0].begin_ns, answer.trace.counters.submitted_ns);
    for (size_t i = 1; i < lane.size(); ++i) EXPECT_EQ(lane[i].begin_ns, lane[i - 1].end_ns);
  }

  // Answers that together need many times the memory; all of them must be what they are alone.
  uint64_t run_crowd(bool prefix_cache) {
    FakeModel model(20);
    options_.prefix_cache = prefix_cache;
    std::mt19937 random(5);
    const auto below = [&](int n) { return std::uniform_int_distribution<int>(0, n - 1)(random); };
    Engine engine(model, *tokenizer_, SteadyClock::instance(), options_);
    for (int wave = 0; wave < 12; ++wave) {
      struct Case {
        Client client;
        std::vector<TokenId> prompt;
        int tokens = 0;
      };
      std::deque<Case> cases(16);
      std::deque<Client> labels(8);
      for (size_t i = 0; i < cases.size(); ++i) {
        Case& one = cases[i];
        one.prompt = prompt_of(1 + below(100), below(6));
        one.tokens = 1 + below(500);
        EngineRequest request = generate(one.prompt, one.tokens);
        request.client = static_cast<uint64_t>(below(3));
        const auto id = one.client.submit(engine, std::move(request));
        EXPECT_TRUE(id);
        if (below(6) == 0) engine.cancel(*id);
        if (i % 2 == 0) {
          EXPECT_TRUE(labels[i / 2].submit(engine, classify(prompt_of(30, below(9)), {{1}, {2}})));
        }
      }
      for (Client& one : labels) EXPECT_TRUE(one.wait().result);
      for (Case& one : cases) {
        const EngineAnswer answer = one.client.wait();
        expect_whole(answer);
        if (!answer.result) {
          EXPECT_EQ(answer.result.error().code, ErrorCode::kCancelled);
          continue;
        }
        EXPECT_EQ(answer.result->text, greedy_text(one.prompt, one.tokens));
        EXPECT_EQ(answer.streamed, answer.result->text);
      }
      EXPECT_EQ(engine.load().kv_blocks_used, 0);
      EXPECT_EQ(engine.load().waiting + engine.load().running, 0);
    }
    return engine.load().preemptions;
  }
};

TEST_F(EnginePauseTest, PausedAnswersAreWhatTheyAreAlone) { EXPECT_GT(run_crowd(true), 20U); }

TEST_F(EnginePauseTest, AlsoWithoutThePrefixCache) { EXPECT_GT(run_crowd(false), 20U); }

TEST_F(EnginePauseTest, ALongAnswerHoldsUpNoShortWork) {
  FakeModel model(16);
  Gate gate;
  model.before_step = [&] { gate.pass(); };
  Engine engine(model, *tokenizer_, SteadyClock::instance(), options_);
  Client giant;
  ASSERT_TRUE(giant.submit(engine, generate(prompt_of(10, 1), 500)));
  for (int i = 0; i < 480; ++i) gate.permit_one();
  gate.wait_for_arrivals(481);  // by now it has nearly all the memory
  bool label_ended = false;     // on the engine's thread, as is what reads it
  bool chat_ended = false;
  Client label;
  label.at_end = [&] { label_ended = true; };
  ASSERT_TRUE(label.submit(engine, classify(prompt_of(70, 3), {{1}, {2}})));
  Client chat;
  chat.at_end = [&] { chat_ended = label_ended; };
  ASSERT_TRUE(chat.submit(engine, generate(prompt_of(20, 5), 4)));
  bool giant_was_last = false;
  giant.at_end = [&] { giant_was_last = label_ended && chat_ended; };
  gate.open();
  EXPECT_TRUE(label.wait().result);
  EXPECT_TRUE(chat.wait().result);
  const EngineAnswer answer = giant.wait();
  EXPECT_EQ(answer.result->text, greedy_text(prompt_of(10, 1), 500));
  EXPECT_TRUE(giant_was_last);
  expect_whole(answer);
  EXPECT_EQ(engine.load().preemptions, 1U);
}

TEST_F(EnginePauseTest, CancelledOrTooLateWhilePausedEndsAtOnce) {
  FakeModel model(8);
  Engine engine(model, *tokenizer_, SteadyClock::instance(), options_);
  for (int round = 0; round < 20; ++round) {
    Client first;
    ASSERT_TRUE(first.submit(engine, generate(prompt_of(10, 1), 240)));
    Client second;
    EngineRequest request = generate(prompt_of(10, 2), 240);
    if (round % 2 == 0) request.deadline_ns = SteadyClock::instance().now_ns() + 1'000'000;
    const auto id = second.submit(engine, std::move(request));
    ASSERT_TRUE(id);
    if (round % 2 == 1) {
      while (engine.load().waiting == 0 && engine.load().running == 2) {
      }
      engine.cancel(*id);
    }
    const EngineAnswer ended = second.wait();
    EXPECT_EQ(first.wait().result->text, greedy_text(prompt_of(10, 1), 240));
    expect_whole(ended);
  }
  EXPECT_EQ(engine.load().kv_blocks_used, 0);
}

TEST_F(EnginePauseTest, TenAnswersOfUnknownLengthRunTogether) {
  FakeModel model(64);
  options_.sequences_max = 16;
  Engine engine(model, *tokenizer_, SteadyClock::instance(), options_);
  std::deque<Client> clients(10);
  Standstill standstill(engine, generate(prompt_of(10, 2), 1));
  for (Client& one : clients) ASSERT_TRUE(one.submit(engine, generate(prompt_of(10, 1), 900)));
  standstill.end();
  uint32_t together = 0;
  for (Client& one : clients) together = std::max(together, one.wait().trace.counters.batch_max);
  EXPECT_EQ(together, 10U);
}

TEST_F(EnginePauseTest, DrainingFinishesWhatIsPaused) {
  FakeModel model(8);
  Engine engine(model, *tokenizer_, SteadyClock::instance(), options_);
  std::deque<Client> clients(4);
  Standstill standstill(engine, generate(prompt_of(10, 2), 1));
  for (Client& one : clients) ASSERT_TRUE(one.submit(engine, generate(prompt_of(10, 1), 200)));
  standstill.end();
  EXPECT_TRUE(engine.drain(std::chrono::seconds(60)));
  for (Client& one : clients) {
    EXPECT_EQ(one.wait().result->text, greedy_text(prompt_of(10, 1), 200));
  }
  EXPECT_GT(engine.load().preemptions, 0U);
}

}  // namespace
}  // namespace qaio
