#include "engine/engine.h"

#include <gtest/gtest.h>

#include <cmath>
#include <future>
#include <map>
#include <thread>

#include "engine/engine_fixture_for_test.h"

namespace qaio {
namespace {

using EngineTest = EngineFixture;

TEST_F(EngineTest, GeneratesGreedily) {
  Engine engine(model_, *tokenizer_, SteadyClock::instance(), options_);
  Client client;
  ASSERT_TRUE(client.submit(engine, generate(prompt_of(100, 3), 20)));
  const EngineAnswer answer = client.wait();
  ASSERT_TRUE(answer.result);
  EXPECT_EQ(answer.result->text, greedy_text(prompt_of(100, 3), 20));
  EXPECT_EQ(answer.streamed, answer.result->text);
  EXPECT_EQ(answer.result->finish_reason, FinishReason::kLength);
  const TaskCounters& counters = answer.trace.counters;
  EXPECT_EQ(counters.prompt_tokens, 100U);
  EXPECT_EQ(counters.completion_tokens, 20U);
  EXPECT_EQ(counters.prefill_steps, 3U);  // 48 + 48 + 4
  EXPECT_EQ(counters.decode_steps, 19U);
  EXPECT_EQ(model_.steps, 22);
  EXPECT_EQ(model_.tokens_computed, 119);
}

TEST_F(EngineTest, ABatchGivesWhatEachRequestGivesAlone) {
  constexpr int kRequests = 24;
  const auto request = [](int i) {
    return generate(prompt_of(1 + i * 5, i), 60 + i, 0.8F, static_cast<uint64_t>(i % 3));
  };
  std::vector<std::string> alone;
  for (int i = 0; i < kRequests; ++i) {
    FakeModel model(8);
    Engine engine(model, *tokenizer_, SteadyClock::instance(), options_);
    Client client;
    ASSERT_TRUE(client.submit(engine, request(i)));
    alone.push_back(client.wait().result->text);
  }
  ThreadPool pool(3);
  options_.pool = &pool;
  Engine engine(model_, *tokenizer_, SteadyClock::instance(), options_);
  std::vector<Client> clients(kRequests);
  for (int i = 0; i < kRequests; ++i) {
    ASSERT_TRUE(clients[static_cast<size_t>(i)].submit(engine, request(i)));
  }
  for (size_t i = 0; i < kRequests; ++i) {
    const EngineAnswer answer = clients[i].wait();
    EXPECT_EQ(answer.result->text, alone[i]) << i;
    EXPECT_EQ(answer.streamed, alone[i]) << i;
  }
  EXPECT_GT(model_.most_together, 4);
  const Engine::Load load = engine.load();
  EXPECT_EQ(load.running, 0);
  EXPECT_EQ(load.kv_blocks_used, 0);
  EXPECT_EQ(model_.kv_pool().blocks_free() + load.kv_blocks_cached, 64);
}

TEST_F(EngineTest, EndTokensStopUnlessIgnored) {
  model_.ends = [](std::span<const TokenId> history) { return history.size() == 14; };
  Engine engine(model_, *tokenizer_, SteadyClock::instance(), options_);
  Client stopping;
  ASSERT_TRUE(stopping.submit(engine, generate(prompt_of(10, 1), 30)));
  const EngineAnswer stopped = stopping.wait();
  EXPECT_EQ(stopped.result->finish_reason, FinishReason::kStop);
  EXPECT_EQ(stopped.result->text, greedy_text(prompt_of(10, 1), 4));
  EXPECT_EQ(stopped.trace.counters.completion_tokens, 5U);  // the end token was drawn, too

  Client ignoring;
  auto request = generate(prompt_of(10, 1), 30);
  std::get<GenerateJob>(request.job).ignore_eos = true;
  ASSERT_TRUE(ignoring.submit(engine, std::move(request)));
  const EngineAnswer ignored = ignoring.wait();
  EXPECT_EQ(ignored.result->finish_reason, FinishReason::kLength);
  EXPECT_EQ(ignored.trace.counters.completion_tokens, 30U);
}

TEST_F(EngineTest, StagesTileAndTimesAreTheClocks) {
  FakeClock clock;
  model_.before_step = [&] { clock.advance_ns(1000); };
  Engine engine(model_, *tokenizer_, clock, options_);
  Client client;
  auto request = generate(prompt_of(60, 2), 5);
  request.lane.start(clock.now_ns());
  ASSERT_TRUE(client.submit(engine, std::move(request)));
  const EngineAnswer answer = client.wait();
  const StageLane& lane = answer.trace.lane;
  const TaskCounters& counters = answer.trace.counters;
  ASSERT_EQ(lane.size(), 3U);
  EXPECT_EQ(lane[0].stage, Stage::kQueue);
  EXPECT_EQ(lane[1].stage, Stage::kPrefill);
  EXPECT_EQ(lane[2].stage, Stage::kDecode);
  EXPECT_EQ(lane.stage_ns(Stage::kQueue), 0);
  EXPECT_EQ(lane.stage_ns(Stage::kPrefill), 2000);  // 48 + 12 tokens
  EXPECT_EQ(lane.stage_ns(Stage::kDecode), 4000);
  expect_tiles(answer.trace, counters.last_token_ns);
  EXPECT_EQ(counters.first_token_ns - counters.scheduled_ns, 2000);
  EXPECT_EQ(counters.gap_min_ns, 1000);
  EXPECT_EQ(counters.gap_max_ns, 1000);
  EXPECT_EQ(counters.gap_counts[0], 4U);
  EXPECT_EQ(counters.forward_ns, 4000);
  EXPECT_EQ(counters.sample_ns + counters.detokenize_ns, 0);
}

TEST_F(EngineTest, ClassifiesFromThePromptsLastPosition) {
  Engine engine(model_, *tokenizer_, SteadyClock::instance(), options_);
  Client client;
  const std::vector<LabelTokens> labels = {{7}, {3}, {9}};
  ASSERT_TRUE(client.submit(engine, classify(prompt_of(30, 4), labels)));
  const EngineAnswer answer = client.wait();
  EXPECT_EQ(answer.result->finish_reason, FinishReason::kScored);
  const auto expected = label_shares(prompt_of(30, 4), labels);
  for (size_t i = 0; i < labels.size(); ++i) {
    EXPECT_NEAR(probabilities_of(*answer.result)[i], expected[i], 1e-5);
  }
  EXPECT_EQ(model_.steps, 1);  // no pass but the prompt's
  EXPECT_EQ(answer.trace.counters.decode_steps, 0U);
  ASSERT_EQ(answer.trace.lane.size(), 3U);
  EXPECT_EQ(answer.trace.lane[2].stage, Stage::kScore);
  expect_tiles(answer.trace, answer.trace.lane[2].end_ns);
}

TEST_F(EngineTest, WhatAllLabelsBeginWithBelongsToThePrefill) {
  Engine engine(model_, *tokenizer_, SteadyClock::instance(), options_);
  Client client;
  ASSERT_TRUE(client.submit(engine, classify(prompt_of(10, 4), {{5, 6, 1}, {5, 6, 2}})));
  const EngineAnswer answer = client.wait();
  EXPECT_EQ(model_.steps, 1);
  EXPECT_EQ(model_.tokens_computed, 12);
  EXPECT_EQ(answer.trace.counters.prompt_tokens, 10U);
}

TEST_F(EngineTest, TextNeverEndsInsideACharacter) {
  model_.before_step = nullptr;
  Engine engine(model_, *tokenizer_, SteadyClock::instance(), options_);
  for (uint64_t seed = 0; seed < 20; ++seed) {
    std::promise<std::string> done;
    std::string pieces;
    auto request = generate({1, 2, 3}, 60, 2.0F, seed);
    request.on_text = [&](std::string_view text, auto) {
      // A piece begins with no continuation byte and holds whole characters.
      ASSERT_FALSE(text.empty());
      for (size_t i = 0; i < text.size();) {
        const auto lead = static_cast<unsigned char>(text[i]);
        ASSERT_NE(lead & 0xC0, 0x80);
        i += lead < 0x80 ? 1 : lead < 0xE0 ? 2 : 3;
        ASSERT_LE(i, text.size());
      }
      pieces += text;
    };
    request.on_done = [&](Result<EngineResult> result, const EngineTrace&) {
      done.set_value(result->text);
    };
    ASSERT_TRUE(engine.submit(std::move(request)));
    EXPECT_EQ(done.get_future().get(), pieces);
  }
}

TEST_F(EngineTest, RefusesWhatCanNeverRun) {
  Engine engine(model_, *tokenizer_, SteadyClock::instance(), options_);
  const auto refused = [&](EngineRequest request, const std::string& field) {
    Client client;
    const auto id = client.submit(engine, std::move(request));
    ASSERT_FALSE(id);
    EXPECT_EQ(id.error().code, ErrorCode::kInvalidArgument);
    EXPECT_EQ(id.error().field, field);
  };
  refused(generate({}, 5), "prompt");
  refused(generate({1, -1}, 5), "prompt");
  refused(generate({1, FakeModel::kVocab}, 5), "prompt");
  refused(generate(prompt_of(990, 0), 11), "max_new_tokens");  // context length 1000
  refused(generate(prompt_of(1000, 0), 1), "prompt");
  refused(generate({1}, 0), "max_new_tokens");
  refused(generate({1}, 2'000'000'000), "max_new_tokens");
  refused(generate({1}, 5, -1.0F), "temperature");
  refused(generate({1}, 5, std::nanf("")), "temperature");
  refused(classify({1}, {{2}}), "labels");
  refused(classify({1}, {{2}, {}}), "labels");
  refused(classify({1}, {{2}, {2}}), "labels");
  refused(classify({1}, {{2}, {FakeModel::kEnd}}), "labels");
  refused(classify({1}, {{2}, {FakeModel::kVocab}}), "labels");
  EXPECT_EQ(engine.load().waiting, 0);

  FakeModel small(2);
  Engine narrow(small, *tokenizer_, SteadyClock::instance(), options_);
  Client client;
  EXPECT_FALSE(client.submit(narrow, generate(prompt_of(60, 0), 5)));  // 65 of 64 positions
  ASSERT_TRUE(client.submit(narrow, generate(prompt_of(60, 0), 4)));
  EXPECT_TRUE(client.wait().result);
}

TEST_F(EngineTest, AFullQueueRefusesAtOnce) {
  options_.queue_max = 3;
  options_.sequences_max = 1;
  Gate gate;
  model_.before_step = [&] { gate.pass(); };
  std::vector<Client> clients(5);
  Engine engine(model_, *tokenizer_, SteadyClock::instance(), options_);
  ASSERT_TRUE(clients[0].submit(engine, generate({1}, 5)));
  gate.wait_for_arrivals(1);
  for (size_t i = 1; i < 4; ++i) ASSERT_TRUE(clients[i].submit(engine, generate({1}, 5)));
  const auto refused = clients[4].submit(engine, generate({1}, 5));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kResourceExhausted);
  gate.open();
  for (size_t i = 0; i < 4; ++i) EXPECT_TRUE(clients[i].wait().result);
  ASSERT_TRUE(clients[4].submit(engine, generate({1}, 5)));
  EXPECT_TRUE(clients[4].wait().result);
}

// The log of steps accounts for every token that the requests count.
TEST_F(EngineTest, StepsAreLogged) {
  const SteadyClock& clock = SteadyClock::instance();
  const TimeNs from_ns = clock.now_ns();
  uint32_t prompt_tokens = 0;
  uint32_t cached_tokens = 0;
  uint32_t passes_after_prompt = 0;
  Engine engine(model_, *tokenizer_, clock, options_);
  for (int i = 0; i < 3; ++i) {  // the second time the prompt's beginning is cached
    Client one;
    Client other;
    ASSERT_TRUE(one.submit(engine, generate(prompt_of(100, 0), 10)));
    ASSERT_TRUE(other.submit(engine, generate(prompt_of(40, i + 1), 5)));
    for (Client* client : {&one, &other}) {
      const TaskCounters counters = client->wait().trace.counters;
      prompt_tokens += counters.prompt_tokens;
      cached_tokens += counters.cached_tokens;
      passes_after_prompt += counters.decode_steps;
    }
  }
  EXPECT_GT(cached_tokens, 0u);
  engine.drain(std::chrono::seconds(10));
  uint64_t count = 0;
  EngineStep sum;
  // The last step is logged behind the callbacks of the requests that it ends.
  for (bool all = false; !all; all = count == engine.load().steps) {
    const auto steps = engine.steps().between(from_ns, clock.now_ns());
    count = steps.size();
    sum = {};
    TimeNs last_ns = from_ns;
    for (const EngineStep& step : steps) {
      EXPECT_GE(step.begin_ns, last_ns);
      EXPECT_GE(step.end_ns, step.begin_ns + step.forward_ns);
      EXPECT_GE(step.sequences, 1u);
      EXPECT_LE(step.prompt_tokens + step.decode_tokens, 48u) << "the step's budget";
      last_ns = step.end_ns;
      sum.prompt_tokens += step.prompt_tokens;
      sum.cached_tokens += step.cached_tokens;
      sum.decode_tokens += step.decode_tokens;
    }
  }
  EXPECT_EQ(sum.cached_tokens, cached_tokens);
  EXPECT_EQ(sum.prompt_tokens, prompt_tokens - cached_tokens);
  EXPECT_EQ(sum.decode_tokens, passes_after_prompt);
}

// Several threads submit and cancel at will; every request ends once and right.
TEST_F(EngineTest, ManyThreadsAtOnce) {
  FakeModel model(40);
  {
    Engine engine(model, *tokenizer_, SteadyClock::instance(), options_);
    std::vector<std::thread> threads;
    threads.reserve(4);
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&engine, t] {
        for (int i = 0; i < 40; ++i) {
          Client client;
          const auto prompt = prompt_of(1 + (t * 31 + i * 17) % 120, i);
          const bool scoring = i % 5 == 0;
          const auto id = client.submit(engine, scoring ? classify(prompt, {{1, 2}, {1, 3}, {4}})
                                                        : generate(prompt, 1 + i % 20));
          ASSERT_TRUE(id);
          if (i % 7 == 0) engine.cancel(*id);
          const EngineAnswer answer = client.wait();
          if (answer.result && !scoring) {
            ASSERT_EQ(answer.result->text, greedy_text(prompt, 1 + i % 20));
          } else if (!answer.result) {
            ASSERT_EQ(answer.result.error().code, ErrorCode::kCancelled);
          }
          engine.load();
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(engine.load().waiting + engine.load().running, 0);
  }
  EXPECT_EQ(model.kv_pool().blocks_free(), 40);
}

}  // namespace
}  // namespace qaio
