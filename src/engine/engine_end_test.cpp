// How requests end early: cancelled, out of time, drained, or with the engine itself.
#include <gtest/gtest.h>

#include <future>
#include <optional>
#include <stdexcept>
#include <thread>

#include "engine/engine.h"
#include "engine/engine_fixture_for_test.h"

namespace qaio {
namespace {

using EngineEndTest = EngineFixture;

TEST_F(EngineEndTest, CancellationIsSeenAtTheNextStepAndFreesTheBlocks) {
  Gate gate;
  model_.before_step = [&] { gate.pass(); };
  Engine engine(model_, *tokenizer_, SteadyClock::instance(), options_);
  Client running;
  Client waiting;
  Engine::Load at_end;
  running.at_end = [&] { at_end = engine.load(); };
  const auto first = running.submit(engine, generate(prompt_of(40, 1), 100));
  gate.wait_for_arrivals(1);
  EXPECT_EQ(engine.load().running, 1);
  EXPECT_EQ(engine.load().kv_blocks_used, 4);  // the prompt and a turn
  EXPECT_EQ(engine.load().kv_blocks_total, 64);
  const auto second = waiting.submit(engine, generate(prompt_of(40, 1), 100));
  EXPECT_EQ(engine.load().waiting, 1);
  engine.cancel(*second);
  engine.cancel(*first);
  engine.cancel(*first);
  engine.cancel(12345);
  gate.permit_one();
  const EngineAnswer answer = running.wait();
  EXPECT_EQ(answer.result.error().code, ErrorCode::kCancelled);
  EXPECT_EQ(answer.trace.counters.completion_tokens, 1U);
  EXPECT_EQ(answer.trace.lane[answer.trace.lane.size() - 1].stage, Stage::kDecode);
  EXPECT_EQ(at_end.kv_blocks_used, 0);
  EXPECT_EQ(at_end.running, 0);
  const EngineAnswer never_ran = waiting.wait();
  EXPECT_EQ(never_ran.result.error().code, ErrorCode::kCancelled);
  ASSERT_EQ(never_ran.trace.lane.size(), 1U);
  EXPECT_EQ(never_ran.trace.lane[0].stage, Stage::kQueue);
  EXPECT_EQ(model_.steps, 1);
  gate.open();
}

TEST_F(EngineEndTest, QuestionsThatWereNotAnsweredDoNotCount) {
  Gate gate;
  model_.before_step = [&] { gate.pass(); };
  Engine engine(model_, *tokenizer_, SteadyClock::instance(), options_);
  Client running;
  Client cancelled;
  const auto first = running.submit(engine, generate(prompt_of(40, 1), 1));
  gate.wait_for_arrivals(1);
  const auto second = cancelled.submit(engine, classify(prompt_of(40, 2), {{5, 1, 2}, {6, 1, 3}}));
  gate.permit_one();
  gate.wait_for_arrivals(2);  // its prompt is in the step, the labels are for the next one
  engine.cancel(*second);
  gate.open();
  const EngineAnswer answer = cancelled.wait();
  EXPECT_EQ(answer.result.error().code, ErrorCode::kCancelled);
  EXPECT_EQ(answer.trace.counters.questions, 0U);
  EXPECT_EQ(answer.trace.counters.options, 0U);
  EXPECT_TRUE(running.wait().result);
}

TEST_F(EngineEndTest, TheDeadlineEndsRunningAndWaitingRequests) {
  options_.sequences_max = 1;
  FakeClock clock;
  model_.before_step = [&] { clock.advance_ns(1000); };
  Client running;
  Client waiting;
  Client patient;
  const TimeNs start_ns = clock.now_ns();
  auto first = generate({1, 2}, 500);
  first.deadline_ns = start_ns + 5500;
  auto second = generate({1, 2}, 5);
  second.deadline_ns = start_ns + 3000;
  {
    Engine engine(model_, *tokenizer_, clock, options_);
    ASSERT_TRUE(running.submit(engine, std::move(first)));
    ASSERT_TRUE(waiting.submit(engine, std::move(second)));
    ASSERT_TRUE(patient.submit(engine, generate({1, 2}, 5)));
    const EngineAnswer late = running.wait();
    EXPECT_EQ(late.result.error().code, ErrorCode::kDeadlineExceeded);
    EXPECT_EQ(late.trace.counters.completion_tokens, 6U);
    expect_tiles(late.trace, start_ns + 6000);
    EXPECT_EQ(waiting.wait().result.error().code, ErrorCode::kDeadlineExceeded);
    EXPECT_TRUE(patient.wait().result);
  }
  EXPECT_EQ(model_.kv_pool().blocks_free(), 64);
}

// Until drain() or the destructor has begun on another thread.
void wait_until_refused(Engine& engine) {
  for (bool refused = false; !refused; std::this_thread::yield()) {
    auto request = generate({1}, 1);
    request.on_done = [](const Result<EngineResult>&, const EngineTrace&) {};
    const auto id = engine.submit(std::move(request));
    refused = !id && id.error().code == ErrorCode::kCancelled;
  }
}

TEST_F(EngineEndTest, DestructionEndsEverythingOnce) {
  Gate gate;
  model_.before_step = [&] { gate.pass(); };
  std::vector<Client> clients(20);
  auto engine = std::make_unique<Engine>(model_, *tokenizer_, SteadyClock::instance(), options_);
  std::optional<Result<EngineRequestId>> too_late;
  Client after;
  clients[0].at_end = [&, raw = engine.get()] { too_late = after.submit(*raw, generate({1}, 5)); };
  for (Client& client : clients)
    ASSERT_TRUE(client.submit(*engine, generate(prompt_of(9, 1), 500)));
  gate.wait_for_arrivals(1);
  std::thread opener([&, raw = engine.get()] {  // it lives until the gate is open
    wait_until_refused(*raw);
    gate.open();
  });
  engine.reset();
  opener.join();
  for (Client& client : clients) {
    EXPECT_EQ(client.wait().result.error().code, ErrorCode::kCancelled);
  }
  EXPECT_EQ(too_late->error().code, ErrorCode::kCancelled);
  EXPECT_EQ(model_.kv_pool().blocks_free(), 64);
}

TEST_F(EngineEndTest, DrainingLetsRequestsFinish) {
  Gate gate;
  model_.before_step = [&] { gate.pass(); };
  Engine engine(model_, *tokenizer_, SteadyClock::instance(), options_);
  std::vector<Client> clients(12);
  for (Client& client : clients) ASSERT_TRUE(client.submit(engine, generate(prompt_of(9, 1), 20)));
  gate.wait_for_arrivals(1);
  auto drained =
      std::async(std::launch::async, [&] { return engine.drain(std::chrono::hours(1)); });
  wait_until_refused(engine);
  gate.open();
  EXPECT_TRUE(drained.get());
  for (Client& client : clients) EXPECT_EQ(client.wait().result->text.empty(), false);
  EXPECT_EQ(engine.load().kv_blocks_used, 0);
}

TEST_F(EngineEndTest, DrainingCancelsWhatTakesTooLong) {
  Gate gate;
  model_.before_step = [&] { gate.pass(); };
  std::vector<Client> clients(12);
  {
    Engine engine(model_, *tokenizer_, SteadyClock::instance(), options_);
    for (Client& client : clients) {
      ASSERT_TRUE(client.submit(engine, generate(prompt_of(9, 1), 900)));
    }
    gate.wait_for_arrivals(1);
    auto drained =
        std::async(std::launch::async, [&] { return engine.drain(std::chrono::nanoseconds(0)); });
    wait_until_refused(engine);
    gate.open();
    EXPECT_FALSE(drained.get());
    for (Client& client : clients) {
      const EngineAnswer answer = client.wait();
      EXPECT_EQ(answer.result.error().code, ErrorCode::kCancelled);
      EXPECT_EQ(answer.trace.finish_reason, FinishReason::kCancelled);
    }
    EXPECT_EQ(engine.load().waiting + engine.load().running, 0);
    EXPECT_EQ(engine.load().kv_blocks_used, 0);
  }
  EXPECT_EQ(model_.kv_pool().blocks_free(), 64);
}

TEST_F(EngineEndTest, CallbacksThatThrowHurtOnlyTheirOwnRequest) {
  Engine engine(model_, *tokenizer_, SteadyClock::instance(), options_);
  std::promise<Error> failed;
  auto request = generate(prompt_of(5, 0), 50);
  request.on_text = [](std::string_view, auto) { throw std::runtime_error("client bug"); };
  request.on_done = [&](Result<EngineResult> result, const EngineTrace&) {
    failed.set_value(result.error());
    throw std::runtime_error("another one");
  };
  ASSERT_TRUE(engine.submit(std::move(request)));
  EXPECT_EQ(failed.get_future().get().code, ErrorCode::kInternal);
  Client good;
  ASSERT_TRUE(good.submit(engine, generate(prompt_of(5, 0), 10)));
  EXPECT_EQ(good.wait().result->text, greedy_text(prompt_of(5, 0), 10));
}

}  // namespace
}  // namespace qaio
