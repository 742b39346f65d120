#include "stats/statistics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace qaio {
namespace {

using testing::DoubleNear;
using testing::ElementsAre;
using testing::Pointwise;

std::vector<double> one_to(int n) {
  std::vector<double> values(static_cast<size_t>(n));
  std::iota(values.begin(), values.end(), 1.0);
  return values;
}

// Of few and of many values, with and without ties, and where a sample says nothing of the rest.
TEST(Percentiles, AreThoseOfTheSortedValues) {
  const std::vector<double> percents = {50, 90, 99, 99.999, 100, 0};
  Random random(1);
  for (const size_t count : {0, 1, 2, 7, 1000, 16'384, 16'385, 100'000}) {
    for (const int kind : {0, 1, 2, 3, 4}) {
      std::vector<double> values(count);
      for (size_t i = 0; i < count; ++i) {
        values[i] = kind == 0   ? random.uniform()
                    : kind == 1 ? static_cast<double>(random.below(5))
                    : kind == 2 ? 7
                    : kind == 3 ? static_cast<double>(i)
                                : (i == count / 3 ? 1e9 : -random.exponential());
      }
      std::vector<double> sorted = values;
      std::ranges::sort(sorted);
      const std::vector<double> got = percentiles(values, percents);
      for (size_t i = 0; i < percents.size(); ++i)
        EXPECT_EQ(got[i], percentile(sorted, percents[i])) << count << ' ' << kind << ' ' << i;
    }
  }
}

TEST(Percentile, IsNearestRank) {
  const std::vector<double> values = {15, 20, 35, 40, 50};  // the textbook example
  EXPECT_EQ(percentile(values, 5), 15);
  EXPECT_EQ(percentile(values, 30), 20);
  EXPECT_EQ(percentile(values, 40), 20);
  EXPECT_EQ(percentile(values, 50), 35);
  EXPECT_EQ(percentile(values, 100), 50);
  EXPECT_EQ(percentile({}, 50), 0);
  EXPECT_EQ(median({5, 1, 4, 2, 3}), 3);
}

TEST(Spread, OfKnownValues) {
  EXPECT_NEAR(standard_deviation(std::vector<double>{2, 4, 4, 4, 5, 5, 7, 9}), 2.138090, 1e-6);
  EXPECT_NEAR(scaled_median_deviation(std::vector<double>{1, 2, 3, 4, 5, 6, 7, 8, 100}), 2 * 1.4826,
              1e-9);
}

// Reference: the quantiles of the order statistic by the binomial distribution, P(Beta(k, n-k+1) <=
// x) = P(Binomial(n, x) >= k), solved for x: of 100 values the 2.5 % and 97.5 % points of the 50th
// smallest position are 39.83 and 59.20, of the 95th 88.72 and 97.77.
TEST(Bootstrap, IntervalsAreTheOrderStatisticsQuantiles) {
  const std::vector<double> values = one_to(100);
  Random random(1);
  const Interval middle = bootstrap_interval(values, 50, random);
  EXPECT_NEAR(middle.low, 40, 1);
  EXPECT_NEAR(middle.high, 60, 1);
  const Interval tail = bootstrap_interval(values, 95, random);
  EXPECT_NEAR(tail.low, 89, 1);
  EXPECT_NEAR(tail.high, 98, 1);
}

// The shortcut against what it stands for: resamples drawn value by value.
TEST(Bootstrap, HasTheDistributionOfResamples) {
  std::vector<double> values;
  values.reserve(41);
  Random random(2);
  for (int i = 0; i < 41; ++i) values.push_back(random.exponential());
  std::ranges::sort(values);
  std::vector<double> direct;
  std::vector<double> drawn;
  for (int round = 0; round < 4000; ++round) {
    std::vector<double> resample;
    for (size_t i = 0; i < values.size(); ++i) resample.push_back(values[random.below(41)]);
    direct.push_back(median(std::move(resample)));
    drawn.push_back(bootstrap_percentile(values, 50, random));
  }
  EXPECT_NEAR(mean(drawn), mean(direct), 0.02 * mean(direct));
  EXPECT_NEAR(standard_deviation(drawn), standard_deviation(direct),
              0.06 * standard_deviation(direct));
}

TEST(Bootstrap, IntervalsHoldTheTruthAsOftenAsTheySay) {
  Random random(3);
  int held = 0;
  for (int round = 0; round < 400; ++round) {
    std::vector<double> values;
    values.reserve(101);
    for (int i = 0; i < 101; ++i) values.push_back(random.exponential());
    std::ranges::sort(values);
    const Interval interval = bootstrap_interval(values, 50, random);
    held += interval.low <= std::log(2.0) && std::log(2.0) <= interval.high;
  }
  EXPECT_GE(held, 360);  // 380 expected, standard deviation 4.4
  EXPECT_LE(held, 396);
}

TEST(Bootstrap, IsTheSameForTheSameSeed) {
  const std::vector<double> values = one_to(50);
  Random a(7);
  Random b(7);
  EXPECT_EQ(bootstrap_interval(values, 50, a).low, bootstrap_interval(values, 50, b).low);
}

// References: all 24,310 ways to divide the 17 values, counted.
TEST(MannWhitney, IsExactForSmallSamples) {
  const std::vector<double> a = {12.1, 14.3, 11.8, 15.2, 13.9, 12.7, 16.4, 14.8};
  const std::vector<double> b = {13.2, 15.9, 17.1, 14.1, 16.8, 18.3, 15.5, 12.9, 17.7};
  EXPECT_NEAR(mann_whitney_p(a, b), 0.059234882764294526, 1e-12);
  EXPECT_NEAR(mann_whitney_p(b, a), 0.059234882764294526, 1e-12);
  EXPECT_NEAR(mann_whitney_p(one_to(3), std::vector<double>{4, 5, 6}), 0.1, 1e-12);
  EXPECT_EQ(mann_whitney_p(std::vector<double>{1, 4}, std::vector<double>{2, 3}), 1);
}

// References: the textbook formula, evaluated independently.
TEST(MannWhitney, ApproximatesWithTiesAndManyValues) {
  const std::vector<double> ties_a = {1, 2, 2, 3, 3, 3, 4, 5, 5, 6};
  const std::vector<double> ties_b = {2, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8};
  EXPECT_NEAR(mann_whitney_p(ties_a, ties_b), 0.023590808268137753, 1e-12);
  std::vector<double> many_a;
  std::vector<double> many_b;
  many_a.reserve(50);
  many_b.reserve(60);
  for (int i = 0; i < 50; ++i) many_a.push_back(i * 7 % 53);
  for (int i = 0; i < 60; ++i) many_b.push_back(i * 11 % 59 + 9);
  EXPECT_NEAR(mann_whitney_p(many_a, many_b), 0.00047035310732779223, 1e-12);
}

TEST(MannWhitney, OfEqualValuesOrNoneIsOne) {
  EXPECT_EQ(mann_whitney_p(std::vector<double>(30, 5.0), std::vector<double>(30, 5.0)), 1);
  EXPECT_EQ(mann_whitney_p({}, one_to(5)), 1);
}

TEST(MannWhitney, PIsUniformWithoutADifference) {
  Random random(4);
  int below = 0;
  for (int round = 0; round < 1000; ++round) {
    std::vector<double> a;
    std::vector<double> b;
    for (int i = 0; i < 30; ++i) {
      a.push_back(random.exponential());
      b.push_back(random.exponential());
    }
    below += mann_whitney_p(a, b) < 0.05;
  }
  EXPECT_NEAR(below, 50, 28);  // four standard deviations
}

// References: the table of Student's t in any textbook.
TEST(Student, AgreesWithTheTable) {
  EXPECT_NEAR(student_p(12.706, 1), 0.05, 1e-5);
  EXPECT_NEAR(student_p(-2.228, 10), 0.05, 1e-4);
  EXPECT_NEAR(student_p(2.750, 30), 0.01, 1e-4);
  EXPECT_NEAR(student_p(1.960, 1e6), 0.05, 1e-4);
  EXPECT_NEAR(student_p(0, 5), 1, 1e-12);
}

// Values in which a disturbance lasts for 10 requests in the mean, as on a busy machine.
std::vector<double> disturbed(Random& random, double level) {
  std::vector<double> values;
  double load = 0;
  for (int i = 0; i < 200; ++i) {
    if (random.below(10) == 0) load = random.exponential();
    values.push_back(level * (1 + load) + random.uniform());
  }
  return values;
}

TEST(BlockRanks, LastingDisturbancesAreNoDifference) {
  Random random(5);
  int independent = 0;
  int blocks = 0;
  for (int round = 0; round < 200; ++round) {
    const std::vector<double> a = disturbed(random, 10);
    const std::vector<double> b = disturbed(random, 10);
    independent += mann_whitney_p(a, b) < 0.05;
    blocks += block_rank_p(a, b) < 0.05;
  }
  EXPECT_GT(independent, 50);  // far more than the 10 it promises
  EXPECT_LT(blocks, 40);
}

TEST(BlockRanks, ADifferenceIsOne) {
  Random random(6);
  std::vector<double> a;
  std::vector<double> b;
  for (int i = 0; i < 200; ++i) {
    a.push_back(10 + random.normal());
    b.push_back(11 + random.normal());
  }
  EXPECT_LT(block_rank_p(a, b), 1e-4);
  EXPECT_EQ(block_rank_p(std::span(a).first(15), b), 1);
  EXPECT_EQ(block_rank_p(std::vector<double>(20, 1.0), std::vector<double>(20, 1.0)), 1);
}

// By hand: two blocks in which b is larger in 3 of 4 pairs and in all 4; their distances from one
// half are 0.25 and 0.5, so t = 0.375 / 0.125 = 3 with one degree of freedom: 1 - 2 atan(3) / pi.
TEST(MatchedRanks, IsStudentsTestOfTheBlocks) {
  const std::vector<TimeBlock> blocks = {{{1, 3}, {2, 4}}, {{1, 2}, {3, 4}}};
  EXPECT_NEAR(matched_rank_p(blocks), 0.20483276469913345, 1e-7);
  EXPECT_EQ(matched_rank_p(std::span(blocks).first(1)), 1);
  EXPECT_EQ(matched_rank_p(std::vector<TimeBlock>(5, {{1, 2}, {1, 2}})), 1);
}

TEST(TimeBlocks, HoldWhatArrivedTogether) {
  std::vector<int64_t> times(16);
  std::vector<double> values(16);
  std::iota(times.begin(), times.end(), int64_t{0});
  std::iota(values.begin(), values.end(), 0.0);
  const std::vector<TimeBlock> blocks = time_blocks(times, values, times, values);
  ASSERT_EQ(blocks.size(), 4u);
  for (const TimeBlock& block : blocks) EXPECT_EQ(block.a, block.b);
  EXPECT_THAT(blocks[3].a, ElementsAre(12, 13, 14, 15));

  std::vector<int64_t> later = times;
  for (int64_t& time : later) time += 8;  // half of them while the other sample is over
  EXPECT_TRUE(time_blocks(times, values, later, values).empty());
  EXPECT_TRUE(
      time_blocks(std::span(times).first(15), std::span(values).first(15), times, values).empty());
}

TEST(MiddleMean, LeavesOutAQuarterAtEitherEnd) {
  EXPECT_EQ(interquartile_mean({100, 2, 1, 4, -50}), (1 + 2 + 4) / 3.0);
  EXPECT_EQ(interquartile_mean({3}), 3);
  EXPECT_EQ(interquartile_mean({}), 0);
  Random random(1);
  std::vector<double> values(100);
  for (double& value : values) value = 10 + random.normal();
  const Interval interval = bootstrap_interquartile_mean(values, random);
  EXPECT_LT(interval.low, 10);
  EXPECT_GT(interval.high, 10);
  EXPECT_LT(interval.high - interval.low, 0.6);  // 4 standard errors of the mean are 0.4
}

// By hand: sorted 0.01, 0.02, 0.03, 0.04 times 4, 3, 2, 1, never falling.
// Of R's fisher.test().
TEST(Fisher, AgreesWithReference) {
  EXPECT_NEAR(fisher_p(3, 10, 8, 10), 0.06977852, 1e-7);  // 3 of 10 against 8 of 10
  EXPECT_NEAR(fisher_p(0, 400, 21, 400), 7.2e-7, 1e-7);
  EXPECT_EQ(fisher_p(0, 10, 0, 20), 1);
  EXPECT_NEAR(fisher_p(5, 10, 10, 20), 1, 1e-9);
  EXPECT_NEAR(fisher_p(10, 10, 0, 10), 2 / 184756.0, 1e-12);
  EXPECT_LT(fisher_p(0, 500'000, 100, 500'000), 1e-25);
}

TEST(Holm, CorrectsStepDown) {
  EXPECT_THAT(holm(std::vector<double>{0.04, 0.01, 0.03, 0.02}),
              Pointwise(DoubleNear(1e-12), {0.06, 0.04, 0.06, 0.06}));
  EXPECT_THAT(holm(std::vector<double>{0.5, 0.9}), Pointwise(DoubleNear(1e-12), {1.0, 1.0}));
  EXPECT_TRUE(holm({}).empty());
}

}  // namespace
}  // namespace qaio
