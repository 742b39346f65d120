#include "engine/logprobs.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

namespace qaio {
namespace {

GeneratedToken logprobs_of(const std::vector<float>& logits, TokenId token, int top,
                           const Kernels& kernels = default_kernels()) {
  std::vector<float> scratch(logits.size());
  return token_logprobs(kernels, logits, token, top, scratch);
}

TEST(LogprobsTest, AgreeWithTheSortedSoftmax) {
  std::mt19937 random(1);
  std::normal_distribution<float> normal(0.0F, 3.0F);
  std::vector<float> logits(5000);
  for (float& logit : logits) logit = normal(random);
  logits[7] = logits[4000] = 20.0F;
  std::vector<TokenId> order(logits.size());
  std::iota(order.begin(), order.end(), 0);
  const auto at = [&](TokenId id) { return static_cast<double>(logits[static_cast<size_t>(id)]); };
  std::ranges::stable_sort(order, [&](TokenId a, TokenId b) { return at(a) > at(b); });
  double sum = 0;
  for (const TokenId id : order) sum += std::exp(at(id));

  const GeneratedToken token = logprobs_of(logits, 123, 20);
  EXPECT_EQ(token.chosen.token, 123);
  EXPECT_NEAR(token.chosen.logprob, at(123) - std::log(sum), 2e-5);
  ASSERT_EQ(token.top.size(), 20U);
  for (size_t i = 0; i < token.top.size(); ++i) {
    EXPECT_EQ(token.top[i].token, order[i]);
    EXPECT_NEAR(token.top[i].logprob, at(order[i]) - std::log(sum), 2e-5);
  }
}

TEST(LogprobsTest, AreTheSameBitsOnEveryInstructionSet) {
  std::mt19937 random(2);
  std::normal_distribution<float> normal(0.0F, 4.0F);
  std::vector<float> scratch(30'011);
  for (int round = 0; round < 20; ++round) {
    std::vector<float> logits(scratch.size());
    for (float& logit : logits) logit = normal(random);
    const double scalar = log_sum_exp(kernels_for(Isa::kScalar), logits, scratch);
    for (const Isa isa : isas_available()) {
      EXPECT_EQ(log_sum_exp(kernels_for(isa), logits, scratch), scalar) << isa_name(isa);
      EXPECT_EQ(logprobs_of(logits, 5, 0, kernels_for(isa)).chosen.logprob,
                static_cast<float>(static_cast<double>(logits[5]) - scalar));
    }
  }
}

TEST(LogprobsTest, NoneOrAllAlternatives) {
  const std::vector<float> logits = {1.0F, 3.0F, 2.0F};
  EXPECT_TRUE(logprobs_of(logits, 0, 0).top.empty());
  const GeneratedToken token = logprobs_of(logits, 0, 10);
  ASSERT_EQ(token.top.size(), 3U);
  EXPECT_EQ(token.top[0].token, 1);
  EXPECT_EQ(token.top[2].token, 0);
}

}  // namespace
}  // namespace qaio
