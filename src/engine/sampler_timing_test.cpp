// What a draw costs; see HACKING.md about tests that judge times.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <random>

#include "engine/sampler.h"

namespace qaio {
namespace {

constexpr int kQwenVocab = 151'936;

std::vector<float> normal_logits(float deviation) {
  std::mt19937 random(2);
  std::normal_distribution<float> normal(0.0F, deviation);
  std::vector<float> logits(kQwenVocab);
  for (float& logit : logits) logit = normal(random);
  return logits;
}

TEST(SamplerTimingTest, OneDrawTakesWellUnderAMillisecond) {
  SamplerScratch scratch(kQwenVocab);
  for (const float deviation : {0.3F, 1.0F, 3.0F}) {
    const auto logits = normal_logits(deviation);
    for (const SamplingParams& params :
         {SamplingParams{.temperature = 0}, SamplingParams{}, SamplingParams{.top_p = 1.0F},
          SamplingParams{.top_k = 40, .top_p = 0.95F}}) {
      Sampler sampler(params);
      auto best = std::chrono::nanoseconds::max();
      for (int i = 0; i < 30; ++i) {
        auto copy = logits;
        const auto begin = std::chrono::steady_clock::now();
        sampler.draw(copy, scratch);
        best = std::min(best, std::chrono::nanoseconds(std::chrono::steady_clock::now() - begin));
      }
      const double ms = static_cast<double>(best.count()) / 1e6;
      RecordProperty("draw_us", static_cast<int>(ms * 1000));
      EXPECT_LT(ms, 1.5) << deviation << " " << params.top_k << " " << params.top_p;
    }
  }
}

}  // namespace
}  // namespace qaio
