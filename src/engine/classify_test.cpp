#include "engine/classify.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <random>
#include <set>

namespace qaio {
namespace {

using Labels = std::vector<std::vector<TokenId>>;
constexpr TokenId kEnd = 0;

// Any deterministic function of the tokens before and the row asked for.
float fake_logit(const std::vector<TokenId>& path, TokenId row) {
  uint32_t hash = 2166136261U;
  for (const TokenId token : path) hash = (hash ^ static_cast<uint32_t>(token)) * 16777619U;
  hash = (hash ^ static_cast<uint32_t>(row + 1000)) * 16777619U;
  return static_cast<float>(hash % 8000) / 1000.0F - 4.0F;
}

// Every label, and the end token behind those that begin another, token by token through every
// node of the trie: the softmax over the node's children.
std::vector<double> brute_force(const Labels& labels) {
  std::vector<double> result;
  for (const auto& label : labels) {
    double probability = 1;
    for (size_t depth = 0; depth <= label.size(); ++depth) {
      const std::vector<TokenId> path(label.begin(), label.begin() + static_cast<long>(depth));
      std::set<TokenId> children;
      for (const auto& other : labels) {
        if (other.size() < depth || !std::equal(path.begin(), path.end(), other.begin())) continue;
        children.insert(depth < other.size() ? other[depth] : kEnd);
      }
      double sum = 0;
      for (const TokenId child : children) sum += std::exp(fake_logit(path, child));
      const TokenId next = depth < label.size() ? label[depth] : kEnd;
      probability *= std::exp(fake_logit(path, next)) / sum;
    }
    result.push_back(probability);
  }
  return result;
}

// Returns the tokens that had to be computed behind the prompt.
int check(const Labels& labels) {
  LabelWalk walk(labels, kEnd);
  int computed = 0;
  std::vector<TokenId> before;
  while (!walk.done()) {
    const std::vector<TokenId> path(walk.path().begin(), walk.path().end());
    const auto common = std::ranges::mismatch(before, path).in1 - before.begin();
    computed += static_cast<int>(path.size()) - static_cast<int>(common);
    before = path;
    EXPECT_GE(walk.rows().size(), 2U);
    EXPECT_EQ(std::set<TokenId>(walk.rows().begin(), walk.rows().end()).size(), walk.rows().size());
    std::vector<float> logits;
    for (const TokenId row : walk.rows()) logits.push_back(fake_logit(path, row));
    walk.score(logits);
  }
  const auto probabilities = walk.probabilities();
  const auto expected = brute_force(labels);
  EXPECT_EQ(probabilities.size(), labels.size());
  double sum = 0;
  for (size_t i = 0; i < labels.size(); ++i) {
    EXPECT_NEAR(probabilities[i], expected[i], 1e-5);
    sum += probabilities[i];
  }
  EXPECT_NEAR(sum, 1, 1e-5);
  return computed;
}

TEST(LabelWalkTest, DistinctFirstTokensNeedNoFurtherPass) {
  EXPECT_EQ(check({{7}, {5}}), 0);
  EXPECT_EQ(check({{7, 1, 2}, {5, 3}, {6}}), 0);
}

TEST(LabelWalkTest, SharedTokensAreComputedOnce) {
  EXPECT_EQ(check({{9, 8, 1}, {9, 8, 2}, {9, 8, 3}}), 2);
  EXPECT_EQ(check({{9, 1}, {9, 2}, {8, 1}, {8, 2}, {7}}), 2);
  EXPECT_EQ(check({{9, 1, 1}, {9, 1, 2}, {9, 2, 1}, {9, 2, 2}}), 3);
}

TEST(LabelWalkTest, ALabelThatBeginsAnotherEndsWithTheEndToken) {
  EXPECT_EQ(check({{9}, {9, 1}}), 1);
  EXPECT_EQ(check({{9, 1, 2}, {9}, {9, 1}}), 2);
}

TEST(LabelWalkTest, RandomTries) {
  std::mt19937 random(4);
  for (int round = 0; round < 300; ++round) {
    std::set<std::vector<TokenId>> labels;
    const size_t count = 2 + random() % 8;
    while (labels.size() < count) {
      std::vector<TokenId> label(1 + random() % 4);
      for (TokenId& token : label) token = 1 + static_cast<TokenId>(random() % 3);
      labels.insert(label);
    }
    Labels shuffled(labels.begin(), labels.end());
    std::shuffle(shuffled.begin(), shuffled.end(), random);
    check(shuffled);
  }
}

TEST(LabelWalkTest, ExtremeLogitsStillSumToOne) {
  LabelWalk walk({{1}, {2}, {3}}, kEnd);
  walk.score(std::vector<float>{1000.0F, -1000.0F, 1000.0F});
  EXPECT_EQ(walk.probabilities(), (std::vector<float>{0.5F, 0.0F, 0.5F}));
}

}  // namespace
}  // namespace qaio
