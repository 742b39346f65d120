#include "engine/sampler.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <random>
#include <set>

namespace qaio {
namespace {

constexpr int kQwenVocab = 151'936;

std::vector<float> normal_logits(int vocab, float deviation, uint32_t seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal(0.0F, deviation);
  std::vector<float> logits(static_cast<size_t>(vocab));
  for (float& logit : logits) logit = normal(random);
  return logits;
}

// Draws without keeping the sampler's hands on the caller's logits.
TokenId draw(Sampler& sampler, std::vector<float> logits, SamplerScratch& scratch) {
  return sampler.draw(logits, scratch);
}

// The specification: sort everything, cut, renormalize.
std::map<TokenId, double> reference_probabilities(const std::vector<float>& logits,
                                                  const SamplingParams& params) {
  std::vector<TokenId> order(logits.size());
  std::iota(order.begin(), order.end(), 0);
  const auto logit = [&](TokenId id) {
    return static_cast<double>(logits[static_cast<size_t>(id)]);
  };
  std::ranges::stable_sort(order, [&](TokenId a, TokenId b) { return logit(a) > logit(b); });
  const double max = logit(order.front());
  const auto weight = [&](TokenId id) {
    return std::exp((logit(id) - max) / static_cast<double>(params.temperature));
  };
  std::erase_if(order, [&](TokenId id) { return weight(id) < static_cast<double>(params.min_p); });
  if (params.top_k > 0 && static_cast<size_t>(params.top_k) < order.size()) {
    order.resize(static_cast<size_t>(params.top_k));
  }
  double total = 0;
  for (const TokenId id : order) total += weight(id);
  std::map<TokenId, double> kept;
  double sum = 0;
  for (const TokenId id : order) {
    if (params.top_p < 1 && sum >= static_cast<double>(params.top_p) * total) break;
    sum += kept[id] = weight(id);
  }
  for (auto& [id, probability] : kept) probability /= sum;
  return kept;
}

TEST(ArgmaxTest, TiesGoToTheLowerId) {
  std::vector<float> logits(1000, -1.0F);
  logits[17] = logits[500] = logits[999] = 3.0F;
  EXPECT_EQ(argmax(logits), 17);
  logits[999] = 4.0F;
  EXPECT_EQ(argmax(logits), 999);
  EXPECT_EQ(argmax(std::vector<float>{-5.0F, -4.0F, -4.0F}), 1);
  EXPECT_EQ(argmax(std::vector<float>(40, std::nanf(""))), 0);
}

TEST(SamplerTest, GreedyTakesTheLikeliest) {
  const auto logits = normal_logits(kQwenVocab, 3, 1);
  SamplerScratch scratch(kQwenVocab);
  Sampler sampler({.temperature = 0});
  EXPECT_EQ(draw(sampler, logits, scratch), argmax(logits));
}

TEST(SamplerTest, FrequenciesMatchTheReference) {
  constexpr int kDraws = 10'000;
  for (const SamplingParams& params : {
           SamplingParams{.temperature = 0.7F, .top_k = 0, .top_p = 0.9F},
           SamplingParams{.temperature = 1.3F, .top_k = 0, .top_p = 1.0F},
           SamplingParams{.temperature = 1.0F, .top_k = 7, .top_p = 1.0F},
           SamplingParams{.temperature = 1.0F, .top_k = 20, .top_p = 0.5F},
           SamplingParams{.temperature = 2.0F, .top_k = 1, .top_p = 0.5F},
           SamplingParams{.temperature = 0.5F, .top_k = 500, .top_p = 0.01F},
           SamplingParams{.temperature = 1.0F, .top_p = 1.0F, .min_p = 0.1F},
           SamplingParams{.temperature = 1.5F, .top_p = 0.8F, .min_p = 0.02F},
           SamplingParams{.temperature = 1.0F, .top_k = 9, .top_p = 0.9F, .min_p = 0.01F},
           SamplingParams{.temperature = 1.0F, .top_p = 1.0F, .min_p = 1.0F},
       }) {
    const int vocab = 101;  // not a multiple of a block
    auto logits = normal_logits(vocab, 2, 5);
    logits[3] = logits[70] = *std::ranges::max_element(logits);  // equals at the top
    const auto reference = reference_probabilities(logits, params);
    SamplerScratch scratch(vocab);
    Sampler sampler(params);
    std::map<TokenId, int> drawn;
    for (int i = 0; i < kDraws; ++i) ++drawn[draw(sampler, logits, scratch)];
    for (const auto& [id, times] : drawn) ASSERT_TRUE(reference.contains(id)) << id;
    for (const auto& [id, probability] : reference) {
      const double deviation = std::sqrt(kDraws * probability * (1 - probability));
      EXPECT_NEAR(drawn[id], kDraws * probability, 5 * deviation + 1) << id;
    }
  }
}

TEST(SamplerTest, DrawsOnlyFromTheNucleusOfALargeVocabulary) {
  constexpr int kVocab = 20'011;
  for (const float deviation : {0.02F, 1.0F, 4.0F}) {  // flat to peaked
    const auto logits = normal_logits(kVocab, deviation, 9);
    for (const SamplingParams& params : {SamplingParams{.temperature = 0.7F, .top_p = 0.9F},
                                         SamplingParams{.temperature = 0.7F, .top_p = 0.1F},
                                         SamplingParams{.top_k = 50, .top_p = 0.95F}}) {
      const auto reference = reference_probabilities(logits, params);
      SamplerScratch scratch(kVocab);
      Sampler sampler(params);
      int outside = 0;
      for (int i = 0; i < 50; ++i) {
        outside += reference.contains(draw(sampler, logits, scratch)) ? 0 : 1;
      }
      EXPECT_EQ(outside, 0) << deviation << " " << params.top_k << " " << params.top_p;
    }
  }
}

TEST(SamplerTest, EqualLogitsKeepTheLowerIds) {
  const std::vector<float> logits(64, 1.0F);
  SamplerScratch scratch(64);
  Sampler sampler({.temperature = 1, .top_k = 5, .top_p = 1});
  std::set<TokenId> drawn;
  for (int i = 0; i < 500; ++i) drawn.insert(draw(sampler, logits, scratch));
  EXPECT_EQ(drawn, (std::set<TokenId>{0, 1, 2, 3, 4}));
}

TEST(SamplerTest, SameSeedSameTokens) {
  const auto logits = normal_logits(5000, 1, 3);
  SamplerScratch scratch(5000);
  const auto tokens = [&](uint64_t seed) {
    Sampler sampler({.seed = seed});
    Sampler other({.seed = 99});
    std::vector<TokenId> result;
    for (int i = 0; i < 20; ++i) {
      result.push_back(draw(sampler, logits, scratch));
      if (seed == 7) draw(other, logits, scratch);  // a neighbour changes nothing
    }
    return result;
  };
  EXPECT_EQ(tokens(7), tokens(7));
  EXPECT_NE(tokens(7), tokens(8));
  EXPECT_NE(tokens(0), tokens(0x9e3779b97f4a7c15));  // not the same stream, shifted
}

TEST(SamplerTest, RepetitionPenaltyMakesSeenTokensLessLikely) {
  SamplerScratch scratch(4);
  Sampler sampler({.temperature = 0, .repetition_penalty = 2});
  sampler.observe_prompt(2);
  sampler.observe_prompt(2);
  EXPECT_EQ(draw(sampler, {1.0F, -1.0F, 1.9F, -3.0F}, scratch), 0);  // 1.9 counts as 0.95
  EXPECT_EQ(draw(sampler, {1.0F, -1.0F, 1.9F, 0.8F}, scratch), 2);   // and now 1.0 as 0.5
  EXPECT_EQ(draw(sampler, {-1.0F, -1.5F, -1.0F, -9.0F}, scratch), 1);
}

TEST(SamplerTest, PresenceAndFrequencyCountTheAnswerOnly) {
  SamplerScratch scratch(3);
  Sampler presence({.temperature = 0, .presence_penalty = 1.5F});
  presence.observe_prompt(0);
  const std::vector<float> logits = {3.0F, 2.0F, 1.0F};
  EXPECT_EQ(draw(presence, logits, scratch), 0);
  EXPECT_EQ(draw(presence, logits, scratch), 1);  // 1.5, 2, 1
  EXPECT_EQ(draw(presence, logits, scratch), 0);  // 1.5, 0.5, 1: once, however often it came

  Sampler frequency({.temperature = 0, .frequency_penalty = 0.6F});
  std::vector<TokenId> tokens;
  tokens.reserve(5);
  for (int i = 0; i < 5; ++i) tokens.push_back(draw(frequency, logits, scratch));
  EXPECT_EQ(tokens, (std::vector<TokenId>{0, 0, 1, 0, 1}));  // 3, 2.4 | 1.8: 2 | 1.8: 1.4 | ...
}

TEST(SamplerTest, BiasForcesAndBars) {
  SamplerScratch scratch(3);
  const std::vector<float> logits = {3.0F, 2.0F, 1.0F};
  Sampler forced({.temperature = 1, .logit_bias = {{2, 100.0F}}});
  Sampler barred({.temperature = 1, .logit_bias = {{0, -100.0F}, {1, -100.0F}}});
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(draw(forced, logits, scratch), 2);
    EXPECT_EQ(draw(barred, logits, scratch), 2);
  }
}

TEST(SamplerTest, StrangeLogitsGiveATokenOfTheVocabulary) {
  const float infinity = std::numeric_limits<float>::infinity();
  SamplerScratch scratch(40);
  for (const float fill : {-infinity, std::nanf(""), 0.0F, 3e38F, -3e38F}) {
    for (const float one : {infinity, std::nanf(""), -infinity, 3e38F}) {
      for (const float temperature : {0.0F, 1e-38F, 1e-45F, 0.7F, 3e38F}) {
        std::vector<float> logits(40, fill);
        logits[11] = one;
        Sampler sampler({.temperature = temperature});
        const TokenId token = draw(sampler, logits, scratch);
        EXPECT_TRUE(token >= 0 && token < 40);
      }
    }
  }
}

}  // namespace
}  // namespace qaio
