#include "engine/classify.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <random>
#include <set>

namespace qaio {
namespace {

using Labels = std::vector<LabelTokens>;
constexpr TokenId kEnd = 0;
constexpr size_t kVocab = 12;

// Any deterministic function of the tokens before.
std::vector<float> fake_logits(const LabelTokens& before) {
  std::vector<float> logits(kVocab);
  for (size_t row = 0; row < kVocab; ++row) {
    uint32_t hash = 2166136261U;
    for (const TokenId token : before) hash = (hash ^ static_cast<uint32_t>(token)) * 16777619U;
    hash = (hash ^ static_cast<uint32_t>(row + 1000)) * 16777619U;
    logits[row] = static_cast<float>(hash % 8000) / 1000.0F - 4.0F;
  }
  return logits;
}

double log_sum(const std::vector<float>& logits) {
  double sum = 0;
  for (const float logit : logits) sum += std::exp(static_cast<double>(logit));
  return std::log(sum);
}

// The product of a label's tokens' probabilities over the whole vocabulary; with the end token
// behind each where one begins another.
std::vector<double> brute_force_parts(const Labels& labels) {
  const bool ends = std::ranges::any_of(labels, [&](const LabelTokens& a) {
    return std::ranges::any_of(labels, [&](const LabelTokens& b) {
      return a.size() < b.size() && std::equal(a.begin(), a.end(), b.begin());
    });
  });
  std::vector<double> result;
  for (LabelTokens label : labels) {
    if (ends) label.push_back(kEnd);
    double probability = 1;
    LabelTokens before;
    for (const TokenId token : label) {
      const std::vector<float> logits = fake_logits(before);
      probability *= std::exp(logits[static_cast<size_t>(token)] - log_sum(logits));
      before.push_back(token);
    }
    result.push_back(probability);
  }
  return result;
}

double sum_of(const std::vector<double>& parts) {
  return std::accumulate(parts.begin(), parts.end(), 0.0);
}

// The same divided by the sum over labels.
std::vector<double> brute_force(const Labels& labels) {
  std::vector<double> result = brute_force_parts(labels);
  const double sum = sum_of(result);
  for (double& probability : result) probability /= sum;
  return result;
}

// With a mass, nothing of the labels counts as certain, not even what all begin with.
void check_mass(const Labels& labels) {
  LabelWalk walk(labels, kEnd, true);
  EXPECT_TRUE(walk.beginning().empty());
  LabelTokens way;
  const std::vector<float> at_root = fake_logits(way);
  walk.score_root(at_root, log_sum(at_root));
  for (size_t i = 0; i < walk.nodes().size(); ++i) {
    way.resize(static_cast<size_t>(walk.nodes()[i].depth) - 1);
    way.push_back(walk.nodes()[i].token);
    const std::vector<float> all = fake_logits(way);
    walk.score_node(i, all, log_sum(all));
  }
  const auto scores = walk.scores();
  ASSERT_TRUE(scores && scores->mass);
  EXPECT_NEAR(*scores->mass, sum_of(brute_force_parts(labels)), 1e-6);
  const auto probabilities = label_probabilities(*scores);
  const auto expected = brute_force(labels);
  for (size_t i = 0; i < labels.size(); ++i) EXPECT_NEAR(probabilities[i], expected[i], 1e-5);
}

std::vector<double> probabilities_of(const LabelWalk& walk) {
  return label_probabilities(*walk.scores());
}

// Returns the tokens that had to be computed behind the root.
size_t check(const Labels& labels) {
  check_mass(labels);
  LabelWalk walk(labels, kEnd);
  LabelTokens way(walk.beginning().begin(), walk.beginning().end());
  const size_t root = way.size();
  EXPECT_GE(walk.rows().size(), 2U);
  EXPECT_EQ(std::set<TokenId>(walk.rows().begin(), walk.rows().end()).size(), walk.rows().size());
  const std::vector<float> at_root = fake_logits(way);
  std::vector<float> logits;
  for (const TokenId row : walk.rows()) logits.push_back(at_root[static_cast<size_t>(row)]);
  walk.score_root(logits);
  for (size_t i = 0; i < walk.nodes().size(); ++i) {
    const LabelWalk::Node& node = walk.nodes()[i];
    EXPECT_GE(node.depth, 1);
    EXPECT_LE(root + static_cast<size_t>(node.depth), way.size() + 1) << "not depth first";
    way.resize(root + static_cast<size_t>(node.depth) - 1);
    way.push_back(node.token);
    const std::vector<float> all = fake_logits(way);
    walk.score_node(i, all, log_sum(all));
  }
  const auto probabilities = probabilities_of(walk);
  const auto expected = brute_force(labels);
  EXPECT_EQ(probabilities.size(), labels.size());
  double sum = 0;
  for (size_t i = 0; i < labels.size(); ++i) {
    EXPECT_NEAR(probabilities[i], expected[i], 1e-5);
    sum += probabilities[i];
  }
  EXPECT_NEAR(sum, 1, 1e-5);
  return walk.nodes().size();
}

TEST(LabelWalkTest, LabelsOfOneTokenNeedNoFurtherPass) {
  EXPECT_EQ(check({{7}, {5}}), 0U);
  EXPECT_EQ(check({{9, 8, 1}, {9, 8, 2}, {9, 8, 3}}), 0U);  // nor one behind what all begin with
}

TEST(LabelWalkTest, TokensThatTellNoLabelApartCountAsWell) {
  EXPECT_EQ(check({{7, 1, 2}, {5, 3}, {6}}), 3U);
  // As likely at first, but what follows in one of them is next to impossible.
  LabelWalk walk({{1, 2}, {3}}, kEnd);
  walk.score_root(std::vector<float>{1.0F, 1.0F});
  std::vector<float> logits(kVocab, 0.0F);
  logits[2] = -24.0F;
  walk.score_node(0, logits, log_sum(logits));
  EXPECT_LT(probabilities_of(walk)[0], 1e-10);
}

TEST(LabelWalkTest, SharedTokensAreComputedOnce) {
  EXPECT_EQ(check({{9, 1}, {9, 2}, {8, 1}, {8, 2}, {7}}), 2U);
  EXPECT_EQ(check({{9, 1, 1}, {9, 1, 2}, {9, 2, 1}, {9, 2, 2}}), 2U);
}

TEST(LabelWalkTest, WhereALabelBeginsAnotherAllAreJudgedWithTheirEnd) {
  EXPECT_TRUE(label_begins_another(Labels{{9, 1}, {3}, {9}}));
  EXPECT_FALSE(label_begins_another(Labels{{9, 1}, {3}, {9, 2}}));
  EXPECT_EQ(check({{9}, {9, 1}}), 1U);
  EXPECT_EQ(check({{9, 1, 2}, {9}, {9, 1}, {4}}), 4U);
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
  walk.score_root(std::vector<float>{1000.0F, -1000.0F, 1000.0F});
  EXPECT_EQ(probabilities_of(walk), (std::vector<double>{0.5, 0.0, 0.5}));

  LabelWalk unlikely({{1, 2}, {3, 2}}, kEnd);  // e^-2000 each
  unlikely.score_root(std::vector<float>{0.0F, 0.0F});
  std::vector<float> logits(kVocab, 0.0F);
  logits[2] = -2000.0F;
  for (size_t i = 0; i < 2; ++i) unlikely.score_node(i, logits, log_sum(logits));
  EXPECT_EQ(probabilities_of(unlikely), (std::vector<double>{0.5, 0.5}));
}

TEST(LabelProbabilities, ATemperatureFlattensAndNeverReorders) {
  const LabelScores scores{.log_weights = {0, -1, -2}, .mass = {}};
  const auto plain = label_probabilities(scores);
  const auto flat = label_probabilities(scores, 4);
  EXPECT_NEAR(plain[1] / plain[0], std::exp(-1), 1e-12);
  EXPECT_NEAR(flat[1] / flat[0], std::exp(-0.25), 1e-12);
  EXPECT_GT(flat[0], flat[1]);
  EXPECT_GT(flat[1], flat[2]);
  EXPECT_NEAR(sum_of(flat), 1, 1e-12);
}

TEST(LabelWalkTest, LogitsThatAreNotFiniteHaveNoScores) {
  LabelWalk walk({{1}, {2}}, kEnd);
  walk.score_root(std::vector<float>{0.0F, std::nanf("")});
  EXPECT_FALSE(walk.scores());
}

}  // namespace
}  // namespace qaio
