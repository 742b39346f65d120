#include "stats/reliability.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace qaio {
namespace {

// Of two labels: the first is the answer and has this confidence.
Prediction said(double confidence, bool right) {
  return {.probabilities = {confidence, 1 - confidence}, .answer = 0, .truth = right ? 0u : 1u};
}

const std::vector<Prediction> kTwo = {{{0.7, 0.2, 0.1}, 0, 0}, {{0.1, 0.6, 0.3}, 1, 2}};

TEST(Reliability, BrierIsSummedOverLabels) {
  // 0.09 + 0.04 + 0.01 and 0.01 + 0.36 + 0.49
  EXPECT_NEAR(brier_score(kTwo), (0.14 + 0.86) / 2, 1e-15);
  EXPECT_EQ(brier_score(std::vector{said(1, true)}), 0);
  EXPECT_EQ(brier_score(std::vector{said(1, false)}), 2);
  EXPECT_EQ(brier_score({}), 0);
}

TEST(Reliability, LogLossIsOfTheTruth) {
  EXPECT_NEAR(log_loss(kTwo), (0.35667494393873245 + 1.2039728043259361) / 2, 1e-15);
  EXPECT_EQ(log_loss(std::vector{said(1, false)}), 100) << "not infinite";
  EXPECT_EQ(log_loss({}), 0);
}

TEST(Reliability, ScalesMissByTheirExpectedLevel) {
  // 0.2 + 2 * 0.1 against 0; 0.6 + 2 * 0.3 against 2
  EXPECT_NEAR(mean_absolute_error(kTwo), (0.4 + 0.8) / 2, 1e-15);
  EXPECT_EQ(mean_absolute_error({}), 0);
}

TEST(Reliability, FifteenBinsOfEqualWidth) {
  const auto bins = reliability_bins(std::vector{
      said(0.9, true), said(0.91, false), said(0.95, true), said(0.7, false), said(1, true)});
  ASSERT_EQ(bins.size(), 15u);
  EXPECT_EQ(bins[10].count, 1u) << "10 / 15 = 0.667 to 0.733";
  EXPECT_EQ(bins[10].accuracy, 0);
  EXPECT_EQ(bins[13].count, 2u) << "0.867 to 0.933";
  EXPECT_NEAR(bins[13].confidence, 0.905, 1e-15);
  EXPECT_EQ(bins[13].accuracy, 0.5);
  EXPECT_EQ(bins[14].count, 2u) << "with 1";
  EXPECT_EQ(bins[14].accuracy, 1);
  EXPECT_EQ(bins[0].count, 0u);
  // 2 * |0.905 - 0.5| + 2 * |0.975 - 1| + |0.7 - 0|, of 5
  EXPECT_NEAR(calibration_error(bins), (0.81 + 0.05 + 0.7) / 5, 1e-15);
}

TEST(Reliability, ABinBeginsWithItsLowerEnd) {
  EXPECT_EQ(reliability_bins(std::vector{said(0.6, true)})[9].count, 1u);
  EXPECT_EQ(calibration_error(reliability_bins({})), 0);
}

TEST(Reliability, AnsweredAreTheMostCertain) {
  std::vector<Prediction> all;
  all.reserve(21);
  for (int i = 0; i < 18; ++i) all.push_back(said(0.99 - 0.01 * i, true));
  all.push_back(said(0.6, false));
  EXPECT_EQ(answered_within_error(all, 0.05), 18u) << "1 of 19 is more";
  all.push_back(said(0.55, true));
  EXPECT_EQ(answered_within_error(all, 0.05), 20u) << "1 of 20 is not";
  std::ranges::reverse(all);
  EXPECT_EQ(answered_within_error(all, 0.05), 20u) << "in any order";
  all.push_back(said(0.995, false));
  EXPECT_EQ(answered_within_error(all, 0.05), 0u) << "the most certain one is wrong";
  EXPECT_EQ(answered_within_error({}, 0.05), 0u);
}

TEST(Reliability, NoThresholdPartsEquals) {
  EXPECT_EQ(
      answered_within_error(
          std::vector{said(0.9, true), said(0.8, true), said(0.8, false), said(0.8, true)}, 0.05),
      1u);
}

}  // namespace
}  // namespace qaio
