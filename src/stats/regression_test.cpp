#include "stats/regression.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/random.h"

namespace qaio {
namespace {

const std::vector<std::vector<double>> kRows = {{10, 5}, {20, 3},   {30, 8},  {40, 1},
                                                {50, 9}, {60, 4},   {70, 7},  {80, 2},
                                                {90, 6}, {100, 10}, {15, 12}, {25, 11}};
const std::vector<double> kY = {14.8,  16.3,  29.1, 23.1, 40.7, 38.25,
                                47.35, 45.05, 55.7, 67.2, 27.6, 30.85};

// Ordinary least squares of these twelve, solved in exact fractions.
TEST(LinearFit, AgreesWithLeastSquaresWhereThereAreNoOutliers) {
  const auto fit = fit_linear(kRows, kY);
  ASSERT_TRUE(fit);
  ASSERT_EQ(fit->coefficients.size(), 3u);
  // The bisquare weighs large residuals a little less: within half a standard error.
  const double reference[3] = {1.8814856741908177, 0.4997543903506031, 1.5200907897801843};
  const double errors[3] = {0.19797389998748094, 0.002397390902662254, 0.020387599893707045};
  for (size_t j = 0; j < 3; ++j) {
    EXPECT_NEAR(fit->coefficients[j], reference[j], errors[j] / 2) << j;
    EXPECT_NEAR(fit->standard_errors[j], errors[j], errors[j] / 2) << j;
  }
  EXPECT_GT(fit->explained, 0.999);
  EXPECT_TRUE(fit->outliers.empty());
  EXPECT_NEAR(fit->predict(std::vector<double>{100, 10}), 67, 0.3);
}

TEST(LinearFit, FindsAnExactLine) {
  std::vector<std::vector<double>> rows;
  std::vector<double> y;
  for (int i = 0; i < 20; ++i) {
    rows.push_back({double(i), double(i * i)});
    y.push_back(3 - 2.0 * i + 0.5 * i * i);
  }
  const auto fit = fit_linear(rows, y);
  ASSERT_TRUE(fit);
  EXPECT_THAT(fit->coefficients, testing::Pointwise(testing::DoubleNear(1e-6), {3.0, -2.0, 0.5}));
  EXPECT_TRUE(fit->outliers.empty());
}

TEST(LinearFit, FewOutliersBendNothingAndAreNamed) {
  Random random(1);
  std::vector<std::vector<double>> rows;
  std::vector<double> y;
  for (int i = 0; i < 100; ++i) {
    rows.push_back({double(i)});
    y.push_back(5 + 2.0 * i + random.normal());
  }
  for (const size_t i : {90u, 95u, 99u, 10u, 50u}) y[i] += 500;
  y[99] += 100;
  const auto fit = fit_linear(rows, y);
  ASSERT_TRUE(fit);
  EXPECT_NEAR(fit->coefficients[0], 5, 1);
  EXPECT_NEAR(fit->coefficients[1], 2, 0.02);
  EXPECT_NEAR(fit->deviation, 1, 0.3);
  ASSERT_GE(fit->outliers.size(), 5u);  // one in 16,000 normal errors is one as well
  ASSERT_LE(fit->outliers.size(), 6u);
  EXPECT_EQ(fit->outliers[0], 99u);
  EXPECT_THAT(std::vector(fit->outliers.begin(), fit->outliers.begin() + 5),
              testing::UnorderedElementsAre(10u, 50u, 90u, 95u, 99u));
}

TEST(LinearFit, RefusesWhatHasNoAnswer) {
  EXPECT_FALSE(fit_linear({}, {}));
  EXPECT_FALSE(fit_linear(std::span(kRows).first(8), std::span(kY).first(8)));  // too few
  std::vector<std::vector<double>> dependent;
  std::vector<std::vector<double>> constant;
  for (const auto& row : kRows) {
    dependent.push_back({row[0], 3 * row[0] + 1});
    constant.push_back({7});
  }
  EXPECT_FALSE(fit_linear(dependent, kY));
  EXPECT_FALSE(fit_linear(constant, kY));
}

}  // namespace
}  // namespace qaio
