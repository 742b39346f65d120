// What the engine's tests have in common: clients, requests and what a fake model must answer.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <future>
#include <latch>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "engine/classify.h"
#include "engine/engine.h"
#include "engine/fake_model.h"
#include "engine/sampler.h"

namespace qaio {

struct EngineAnswer {
  Result<EngineResult> result;
  EngineTrace trace;
  std::string streamed;
  std::vector<GeneratedToken> streamed_tokens;
};

// Submits and remembers what came back; on_done twice fails the test.
class Client {
 public:
  Result<EngineRequestId> submit(Engine& engine, EngineRequest request) {
    request.on_text = [this](std::string_view text, std::span<const GeneratedToken> tokens) {
      streamed_ += text;
      streamed_tokens_.insert(streamed_tokens_.end(), tokens.begin(), tokens.end());
    };
    request.on_done = [this](Result<EngineResult> result, const EngineTrace& trace) {
      ASSERT_EQ(++ends_, 1) << "on_done twice";
      if (at_end) at_end();
      promise_.set_value(EngineAnswer{std::move(result), trace, streamed_, streamed_tokens_});
    };
    return engine.submit(std::move(request));
  }
  EngineAnswer wait() { return promise_.get_future().get(); }

  std::function<void()> at_end;  // on the engine thread

 private:
  int ends_ = 0;
  std::string streamed_;
  std::vector<GeneratedToken> streamed_tokens_;
  std::promise<EngineAnswer> promise_;
};

// The engine stands at the end of this request until end(): what is submitted meanwhile is there
// together, however slowly that goes.
class Standstill {
 public:
  Standstill(Engine& engine, EngineRequest request) {
    client_.at_end = [this] { over_.wait(); };
    EXPECT_TRUE(client_.submit(engine, std::move(request)));
  }
  void end() {
    over_.count_down();
    client_.wait();
  }

 private:
  std::latch over_{1};
  Client client_;
};

// Holds the engine inside a forward pass until told to go on.
class Gate {
 public:
  void pass() {
    const MutexLock lock(mutex_);
    ++arrived_;
    changed_.notify_all();
    while (!open_ && permits_ == 0) changed_.wait(mutex_);
    if (!open_) --permits_;
  }
  void wait_for_arrivals(int count) {
    const MutexLock lock(mutex_);
    while (arrived_ < count) changed_.wait(mutex_);
  }
  void permit_one() {
    const MutexLock lock(mutex_);
    ++permits_;
    changed_.notify_all();
  }
  void open() {
    const MutexLock lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  int arrived_ QAIO_GUARDED_BY(mutex_) = 0;
  int permits_ QAIO_GUARDED_BY(mutex_) = 0;
  bool open_ QAIO_GUARDED_BY(mutex_) = false;
};

// Without a gap from submission to end.
inline void expect_tiles(const EngineTrace& trace, TimeNs end_ns) {
  TimeNs at = trace.counters.submitted_ns;
  for (size_t i = 0; i < trace.lane.size(); ++i) {
    EXPECT_EQ(trace.lane[i].begin_ns, at);
    at = trace.lane[i].end_ns;
  }
  EXPECT_EQ(at, end_ns);
}

inline EngineRequest generate(std::vector<TokenId> prompt, int max_new_tokens,
                              float temperature = 0.0F, uint64_t seed = 0) {
  EngineRequest request;
  request.prompt = std::move(prompt);
  request.job = GenerateJob{.sampling = {.temperature = temperature, .seed = seed},
                            .max_new_tokens = max_new_tokens};
  return request;
}

inline EngineRequest classify(std::vector<TokenId> prompt,
                              std::vector<std::vector<TokenId>> labels) {
  EngineRequest request;
  request.prompt = std::move(prompt);
  request.job = ClassifyJob::of(std::move(labels));
  return request;
}

// Of the labels of a classification's only question.
inline std::vector<double> probabilities_of(const EngineResult& result) {
  return label_probabilities(result.label_scores.at(0));
}

// A label's share of what the labels have together, straight from the model's definition.
inline std::vector<double> label_shares(const std::vector<TokenId>& prompt,
                                        const std::vector<LabelTokens>& labels) {
  std::vector<double> result;
  for (LabelTokens label : labels) {
    if (label_begins_another(labels)) label.push_back(FakeModel::kEnd);
    std::vector<TokenId> history = prompt;
    double& probability = result.emplace_back(1.0);
    for (const TokenId token : label) {
      double sum = 0;
      for (const float logit : FakeModel::all_logits(history)) sum += std::exp(logit);
      probability *= std::exp(FakeModel::logit(history, token)) / sum;
      history.push_back(token);
    }
  }
  const double sum = std::accumulate(result.begin(), result.end(), 0.0);
  for (double& probability : result) probability /= sum;
  return result;
}

inline std::vector<TokenId> prompt_of(int length, int first) {
  std::vector<TokenId> prompt;
  prompt.reserve(static_cast<size_t>(length));
  for (int i = 0; i < length; ++i) prompt.push_back((first + i * 7) % 26);
  return prompt;
}

// The history after greedy decoding, straight from the model's definition.
inline std::vector<TokenId> greedy_history(std::vector<TokenId> history, int tokens) {
  for (int i = 0; i < tokens; ++i) history.push_back(argmax(FakeModel::all_logits(history)));
  return history;
}

inline std::string greedy_text(const std::vector<TokenId>& prompt, int tokens) {
  const auto tokenizer = fake_tokenizer();
  StreamingDetokenizer detokenizer(*tokenizer);
  std::string text;
  const std::vector<TokenId> history = greedy_history(prompt, tokens);
  for (size_t i = prompt.size(); i < history.size(); ++i) text += detokenizer.push(history[i]);
  return text + detokenizer.finish();
}

inline std::string answer_of(Engine& engine, EngineRequest request) {
  Client client;
  EXPECT_TRUE(client.submit(engine, std::move(request)));
  return client.wait().result->text;
}

class EngineFixture : public testing::Test {
 protected:
  EngineOptions options_{
      .queue_max = 64, .sequences_max = 8, .step_tokens = 48, .end_tokens = {FakeModel::kEnd}};
  FakeModel model_{64};
  std::unique_ptr<Tokenizer> tokenizer_ = fake_tokenizer();
};

}  // namespace qaio
