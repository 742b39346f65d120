// An allocation that fails ends the requests that needed it, and nothing else.
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <future>

#include "base/failing_memory_for_test.h"
#include "engine/engine_fixture_for_test.h"
#include "model/load.h"

namespace qaio {
namespace {

// On the demo model, and on one whose recurrent states are memory of their own.
class EngineMemoryTest : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    const auto files = FileSet::open(GetParam());
    ASSERT_TRUE(files) << files.error().message;
    // Little KV memory, so that sequences are paused as well.
    auto loaded = load_model(*files, pool_, {.kv_tokens = 256, .step_tokens_max = 64});
    ASSERT_TRUE(loaded) << loaded.error().message;
    loaded_ = std::move(*loaded);
    EngineOptions options{.step_tokens = 64, .end_tokens = loaded_.end_tokens, .pool = &pool_};
    engine_ = std::make_unique<Engine>(*loaded_.model, *loaded_.tokenizer, SteadyClock::instance(),
                                       std::move(options));
  }

  std::vector<TokenId> prompt(const std::string& text) const {
    return loaded_.tokenizer->encode_with_special("<|im_start|>user\n" + text +
                                                  "<|im_end|>\n<|im_start|>assistant\n");
  }

  std::vector<EngineRequest> requests() const {
    std::vector<EngineRequest> all;
    all.push_back(generate(prompt("tell me a story"), 80));
    all.push_back(
        generate(prompt("今天天气真好, and a long prompt of many blocks of memory follows it "
                        "so that it is remembered for those that begin alike"),
                 12, 1.0F, 7));
    auto& job = std::get<GenerateJob>(all.back().job);
    job.logprobs = 3;
    job.sampling.repetition_penalty = 1.1F;
    all.push_back(classify(
        prompt("你好"), {loaded_.tokenizer->encode("你走开"), loaded_.tokenizer->encode("很高兴"),
                         loaded_.tokenizer->encode("很抱歉")}));
    all.push_back(classify(prompt("你好"), {}));
    all.back().job = ClassifyJob{
        .questions = {
            {.tokens = loaded_.tokenizer->encode("开心吗"),
             .labels = {loaded_.tokenizer->encode("你走开"), loaded_.tokenizer->encode("很高兴")}},
            {.tokens = loaded_.tokenizer->encode("开门吗"),
             .labels = {loaded_.tokenizer->encode("是"), loaded_.tokenizer->encode("否")},
             .mass = true}}};
    return all;
  }

  using Answers = std::vector<Result<EngineResult>>;

  // The engine's own threads may run out of memory, and so may what a client does at the end.
  Answers run() {
    std::vector<std::future<Result<EngineResult>>> waiting;
    for (EngineRequest& request : requests()) {
      const auto promise = std::make_shared<std::promise<Result<EngineResult>>>();
      waiting.push_back(promise->get_future());
      request.on_text = [](std::string_view text, std::span<const GeneratedToken>) {
        const std::string kept(text.size() + 100, 'x');
      };
      request.on_done = [promise](Result<EngineResult> result, const EngineTrace&) {
        const std::string kept(result ? 100 : 0, 'x');  // an error needs none
        const FailingMemory::Safe safe;
        promise->set_value(std::move(result));
      };
      EXPECT_TRUE(engine_->submit(std::move(request)));
    }
    Answers answers;
    for (auto& one : waiting) {
      if (one.wait_for(std::chrono::seconds(20)) != std::future_status::ready) {
        ADD_FAILURE() << "no answer";
        std::abort();  // the engine hangs, and so would its end
      }
      answers.push_back(one.get());
    }
    return answers;
  }

  static void expect_same(const Result<EngineResult>& answer, const Result<EngineResult>& wanted) {
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->text, wanted->text);
    EXPECT_EQ(answer->finish_reason, wanted->finish_reason);
    EXPECT_EQ(answer->label_scores, wanted->label_scores);
    ASSERT_EQ(answer->tokens.size(), wanted->tokens.size());
    for (size_t i = 0; i < answer->tokens.size(); ++i) {
      EXPECT_EQ(answer->tokens[i].chosen.logprob, wanted->tokens[i].chosen.logprob);
    }
  }

  const FailingMemory::Safe safe_;  // of the test's own thread
  ThreadPool pool_{2};
  LoadedModel loaded_;
  std::unique_ptr<Engine> engine_;
};

INSTANTIATE_TEST_SUITE_P(Models, EngineMemoryTest,
                         testing::Values(QAIO_SOURCE_DIR "/models/demo",
                                         QAIO_SHARED_DATA_DIR "/mini-qwen3.5/model-q8_0.gguf"),
                         [](const auto& test) { return test.index == 0 ? "Demo" : "Recurrent"; });

TEST_P(EngineMemoryTest, WhatLacksMemoryEndsAndTheRestGoesOn) {
  const Answers wanted = run();
  for (const auto& answer : wanted) ASSERT_TRUE(answer);
  int failed = 0;
  int unharmed = 0;
  for (const int64_t count : {1, 2, 5, 100}) {
    SCOPED_TRACE(count);
    for (int64_t first = 0;; first += first < 100 ? 1 : 1 + first / 20) {
      SCOPED_TRACE(first);
      FailingMemory::arm(first, count);
      const Answers answers = run();
      const int64_t seen = FailingMemory::disarm();
      for (size_t i = 0; i < answers.size(); ++i) {
        if (answers[i]) {
          expect_same(answers[i], wanted[i]);
          ++unharmed;
        } else {
          EXPECT_EQ(answers[i].error().code, ErrorCode::kResourceExhausted);
          ++failed;
        }
      }
      EXPECT_EQ(engine_->load().kv_blocks_used, 0);
      EXPECT_EQ(engine_->load().states_used, 0);
      EXPECT_EQ(engine_->load().waiting + engine_->load().running, 0);
      if (HasFailure() || seen <= first) break;
    }
    const Answers after = run();
    for (size_t i = 0; i < after.size(); ++i) expect_same(after[i], wanted[i]);
  }
  EXPECT_GT(failed, 100);
  EXPECT_GT(unharmed, 100);
}

}  // namespace
}  // namespace qaio
