// The demo model, end to end: a request's answer depends on nothing but the request.
#include <gtest/gtest.h>

#include <filesystem>

#include "engine/engine_fixture_for_test.h"
#include "model/load.h"

namespace qaio {
namespace {

class UnderLoadTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto files = FileSet::open(std::filesystem::path(QAIO_SOURCE_DIR) / "models" / "demo");
    ASSERT_TRUE(files);
    // Little KV memory, so that requests wait for it and the cache has to let go.
    auto loaded = load_model(*files, pool_, {.kv_tokens = 512, .step_tokens_max = 128});
    ASSERT_TRUE(loaded) << loaded.error().message;
    loaded_ = std::move(*loaded);
  }

  EngineOptions options(bool prefix_cache) {
    return {.queue_max = 256,
            .step_tokens = 128,
            .prefix_cache = prefix_cache,
            .end_tokens = loaded_.end_tokens,
            .pool = &pool_};
  }

  EngineRequest request(int i) const {
    static const std::vector<std::string> kInputs = {"今天天气真好", "hello, how are you?",
                                                     "这家店的服务太差了", "tell me a story"};
    EngineRequest out;
    std::string text = "<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n";
    for (int turn = 0; turn <= i % 4; ++turn) {
      text += "<|im_start|>user\n" + kInputs[static_cast<size_t>(turn)] +
              "<|im_end|>\n<|im_start|>assistant\n";
    }
    out.prompt = loaded_.tokenizer->encode_with_special(text);
    GenerateJob job;
    job.max_new_tokens = 20 + 8 * i;
    job.ignore_eos = i % 3 == 0;
    job.sampling.temperature = i % 5 == 0 ? 0.0F : 1.2F;
    job.sampling.top_k = i % 2 == 0 ? 40 : 0;
    job.sampling.repetition_penalty = i % 4 == 0 ? 1.1F : 1.0F;
    job.sampling.seed = static_cast<uint64_t>(i % 7);
    if (i % 6 == 0) job.logprobs = 2;
    if (i % 5 == 1) job.stops = {"!!", "。。"};
    out.job = std::move(job);
    return out;
  }

  ThreadPool pool_{2};
  LoadedModel loaded_;
};

TEST_F(UnderLoadTest, SameSeedSameTokensWhateverElseRuns) {
  constexpr int kRequests = 20;
  std::vector<EngineResult> alone;
  {
    Engine engine(*loaded_.model, *loaded_.tokenizer, SteadyClock::instance(), options(false));
    for (int i = 0; i < kRequests; ++i) {
      Client client;
      ASSERT_TRUE(client.submit(engine, request(i)));
      alone.push_back(*client.wait().result);
    }
  }
  Engine engine(*loaded_.model, *loaded_.tokenizer, SteadyClock::instance(), options(true));
  uint32_t most_together = 0;
  uint32_t cached = 0;
  // Who runs together, and so whether somebody is paused, depends on how fast the machine is.
  constexpr int kRoundsMax = 10;
  for (int round = 0; round < 3 || (engine.load().preemptions == 0 && round < kRoundsMax);
       ++round) {
    Standstill standstill(engine, request(0));
    std::vector<Client> clients(kRequests);
    std::vector<Client> others(kRequests);
    for (int i = 0; i < kRequests; ++i) {
      const auto at = static_cast<size_t>(i);
      ASSERT_TRUE(clients[at].submit(engine, request(i)));
      const auto other = others[at].submit(engine, request(i + round + 1));
      ASSERT_TRUE(other);
      if (i % 2 == 0) engine.cancel(*other);
    }
    standstill.end();
    for (size_t i = 0; i < kRequests; ++i) {
      const EngineAnswer answer = clients[i].wait();
      ASSERT_TRUE(answer.result);
      EXPECT_EQ(answer.result->text, alone[i].text) << i;
      EXPECT_EQ(answer.result->finish_reason, alone[i].finish_reason) << i;
      ASSERT_EQ(answer.result->tokens.size(), alone[i].tokens.size());
      for (size_t token = 0; token < alone[i].tokens.size(); ++token) {
        EXPECT_EQ(answer.result->tokens[token].chosen.logprob,
                  alone[i].tokens[token].chosen.logprob)
            << "bit for bit";
      }
      most_together = std::max(most_together, answer.trace.counters.batch_max);
      cached += answer.trace.counters.cached_tokens;
      others[i].wait();
    }
  }
  EXPECT_GE(most_together, 4U);
  EXPECT_GT(cached, 0U);
  EXPECT_GT(engine.load().preemptions, 0U);
  EXPECT_EQ(engine.load().kv_blocks_used, 0);
}

}  // namespace
}  // namespace qaio
