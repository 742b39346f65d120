#include "stats/temperature_fit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>

#include "base/random.h"

namespace qaio {
namespace {

// So many answers of this confidence among two labels, the first `right` of them right.
std::vector<Prediction> said(double confidence, size_t count, size_t right) {
  std::vector<Prediction> out(count, {{confidence, 1 - confidence}, 0, 0});
  for (size_t i = right; i < count; ++i) out[i].truth = 1;
  return out;
}

TEST(TemperatureFit, MakesConfidenceWhatIsRight) {
  // 9 : 1 where 3 : 1 is true: the logarithm of 9 is twice that of 3.
  EXPECT_NEAR(fit_temperature(said(0.9, 4, 3)).value(), 2, 1e-12);
  EXPECT_NEAR(fit_temperature(said(0.75, 10, 9)).value(), 0.5, 1e-12);
  EXPECT_NEAR(fit_temperature(said(0.75, 4, 3)).value(), 1, 1e-12);
}

TEST(TemperatureFit, NeedsBothRightAndWrongAnswersAndMoreThanChance) {
  EXPECT_FALSE(fit_temperature(said(0.9, 20, 20)));
  EXPECT_FALSE(fit_temperature(said(0.9, 20, 10)));
  EXPECT_FALSE(fit_temperature(said(0.9, 20, 2)));
  EXPECT_FALSE(fit_temperature(said(1, 20, 20)));
  EXPECT_FALSE(fit_temperature({}));
}

TEST(TemperatureFit, NoOtherTemperatureIsLikelier) {
  Random random(7);
  std::vector<Prediction> all;
  for (int i = 0; i < 500; ++i) {
    const double a = random.uniform();
    const double b = random.uniform() * (1 - a);
    Prediction one{{a, b, 1 - a - b}, 0, 0};
    one.answer = static_cast<size_t>(std::ranges::max_element(one.probabilities) -
                                     one.probabilities.begin());
    one.truth = random.uniform() < 0.6 ? one.answer : static_cast<size_t>(random.below(3));
    all.push_back(one);
  }
  const double best = fit_temperature(all).value();
  const double least = log_loss(with_temperature(all, best));
  for (const double other : {0.1, 0.5, 0.9, 0.99, 1.01, 1.1, 2.0, 10.0}) {
    EXPECT_LT(least, log_loss(with_temperature(all, best * other))) << other;
  }
}

TEST(TemperatureFit, AnswersStayAndProbabilitiesSumToOne) {
  const Prediction one{{0.2, 0.5, 0.3, 0}, 1, 0};
  for (const double temperature : {0.05, 0.5, 2.0, 20.0}) {
    const Prediction at = with_temperature(one, temperature);
    EXPECT_EQ(at.answer, 1u);
    EXPECT_EQ(at.truth, 0u);
    EXPECT_EQ(std::ranges::max_element(at.probabilities) - at.probabilities.begin(), 1);
    double sum = 0;
    for (const double probability : at.probabilities) sum += probability;
    EXPECT_NEAR(sum, 1, 1e-15);
    EXPECT_EQ(at.probabilities[1] > 0.5, temperature < 1);
  }
  EXPECT_EQ(with_temperature(one, 1).probabilities, one.probabilities);
}

TEST(TemperatureFit, HalvesHaveTheirShareOfEachLabel) {
  std::vector<Prediction> all;
  all.reserve(101);
  for (size_t i = 0; i < 101; ++i) {
    all.push_back({{static_cast<double>(i), 0, 0}, 0, i < 61 ? 0u : i < 90 ? 1u : 2u});
  }
  const Halves halves = stratified_halves(all, 1);
  ASSERT_EQ(halves.fitted.size(), 51u);
  ASSERT_EQ(halves.unseen.size(), 50u);
  const auto count = [](const std::vector<Prediction>& half, size_t truth) {
    return std::ranges::count(half, truth, &Prediction::truth);
  };
  for (size_t truth = 0; truth < 3; ++truth) {
    EXPECT_LE(std::abs(count(halves.fitted, truth) - count(halves.unseen, truth)), 1);
  }
  const auto numbers_of = [](const std::vector<Prediction>& half) {
    std::vector<double> out;
    out.reserve(half.size());
    for (const Prediction& one : half) out.push_back(one.probabilities[0]);
    return out;
  };
  std::vector<double> numbers = numbers_of(halves.fitted);
  std::ranges::copy(numbers_of(halves.unseen), std::back_inserter(numbers));
  std::ranges::sort(numbers);
  for (size_t i = 0; i < 101; ++i) EXPECT_EQ(numbers[i], i) << "each in one half";
  EXPECT_EQ(numbers_of(halves.fitted), numbers_of(stratified_halves(all, 1).fitted));
  EXPECT_NE(numbers_of(halves.fitted), numbers_of(stratified_halves(all, 2).fitted));
}

TEST(TemperatureFit, FiguresOfAHalf) {
  const CalibrationFigures figures = calibration_figures(said(0.9, 4, 3));
  EXPECT_NEAR(figures.calibration_error, 0.15, 1e-15);
  EXPECT_NEAR(figures.brier, (3 * 2 * 0.01 + 2 * 0.81) / 4, 1e-15);
  EXPECT_EQ(figures.bins[13].count, 4u);
}

TEST(TemperatureFit, IsTriedOnTheOtherHalf) {
  // 30 of 40 right in each label, said with 0.9.
  std::vector<Prediction> all = said(0.9, 40, 30);
  for (Prediction one : said(0.9, 40, 30)) {
    std::ranges::reverse(one.probabilities);
    all.push_back({one.probabilities, 1, 1 - one.truth});
  }
  const TemperatureTrial trial = try_temperature(all);
  EXPECT_EQ(trial.fitted, 40u);
  EXPECT_EQ(trial.unseen, 40u);
  ASSERT_TRUE(trial.temperature);
  EXPECT_NEAR(*trial.temperature, 2, 0.6) << "halves differ by chance";
  EXPECT_TRUE(trial.helps());
  EXPECT_LT(trial.after.calibration_error, trial.before.calibration_error);
  // What was divided by 4 already: 9 : 1 to the power of 4 is the model's own.
  const TemperatureTrial again = try_temperature(with_temperature(all, 4), 4);
  EXPECT_NEAR(*again.temperature, *trial.temperature, 1e-4);
  EXPECT_NEAR(again.after.calibration_error, trial.after.calibration_error, 1e-3);
}

TEST(TemperatureFit, DoesNotHelpWhereThereIsNothingToMend) {
  EXPECT_FALSE(try_temperature(said(0.9, 40, 40)).helps());
  EXPECT_FALSE(try_temperature(said(0.9, 40, 40)).temperature);
  EXPECT_FALSE(try_temperature({}).helps());
}

}  // namespace
}  // namespace qaio
