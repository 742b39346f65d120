#include "base/histogram.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <numeric>

#include "base/random.h"

namespace qaio {
namespace {

int64_t exact_percentile(const std::vector<int64_t>& sorted, size_t permille) {
  const size_t rank = (permille * sorted.size() + 999) / 1000;
  return sorted[rank - 1];
}

std::vector<int64_t> exponential_values(Random& random, double scale, size_t count) {
  std::vector<int64_t> values(count);
  for (int64_t& value : values) value = static_cast<int64_t>(scale * random.exponential());
  return values;
}

void expect_percentiles(const Histogram& histogram, std::vector<int64_t> values, double error) {
  std::ranges::sort(values);
  for (const size_t permille : {1, 10, 250, 500, 900, 950, 990, 999, 1000}) {
    const int64_t exact = exact_percentile(values, permille);
    const int64_t found = histogram.percentile_ns(static_cast<double>(permille) / 10);
    EXPECT_GE(found, exact) << permille;
    EXPECT_LE(static_cast<double>(found), static_cast<double>(exact) * (1 + error)) << permille;
  }
  EXPECT_EQ(histogram.count(), values.size());
  EXPECT_EQ(histogram.max_ns(), values.back());
  EXPECT_EQ(histogram.min_ns(), values.front());
  const double sum = std::accumulate(values.begin(), values.end(), 0.0);
  EXPECT_NEAR(histogram.mean_ns(), sum / static_cast<double>(values.size()), 1e-6 * sum);
}

TEST(Histogram, OfNothing) {
  const Histogram histogram;
  EXPECT_EQ(histogram.count(), 0u);
  EXPECT_EQ(histogram.mean_ns(), 0);
  EXPECT_EQ(histogram.max_ns(), 0);
  EXPECT_EQ(histogram.percentile_ns(50), 0);
}

TEST(Histogram, SmallValuesAreExact) {
  Histogram histogram;
  for (int value = 1; value <= 100; ++value) histogram.add(value);
  for (int percent = 1; percent <= 100; ++percent)
    EXPECT_EQ(histogram.percentile_ns(percent), percent);
  EXPECT_EQ(histogram.percentile_ns(0.001), 1);
  EXPECT_EQ(histogram.mean_ns(), 50.5);
  EXPECT_EQ(histogram.min_ns(), 1);
  EXPECT_EQ(histogram.max_ns(), 100);
}

// The bound of the class comment: one part in the number of buckets per power of two.
TEST(Histogram, PercentilesAreAtMostThePrecisionAboveTheExactOnes) {
  for (const auto precision : {Histogram::Precision::kFine, Histogram::Precision::kCoarse}) {
    const double error = 1.0 / (1 << static_cast<int>(precision));
    Random random(11);
    for (const double scale_ns : {3e3, 1e6, 2e8, 9e10}) {
      Histogram histogram(precision);
      const std::vector<int64_t> values = exponential_values(random, scale_ns, 5000);
      for (const int64_t value : values) histogram.add(value);
      expect_percentiles(histogram, values, error);
    }
  }
  EXPECT_LT(1.0 / (1 << static_cast<int>(Histogram::Precision::kCoarse)), 0.01);
}

TEST(Histogram, MergedIsAsIfAllHadBeenAdded) {
  Random random(12);
  Histogram all(Histogram::Precision::kCoarse);
  Histogram merged(Histogram::Precision::kCoarse);
  std::vector<int64_t> values;
  for (const double scale_ns : {1e3, 1e6, 1e6, 1e9}) {
    Histogram part(Histogram::Precision::kCoarse);
    for (const int64_t value : exponential_values(random, scale_ns, 700)) {
      part.add(value);
      all.add(value);
      values.push_back(value);
    }
    merged.merge(part);
    merged.merge(Histogram(Histogram::Precision::kCoarse));  // nothing changes nothing
  }
  expect_percentiles(merged, values, 1.0 / 128);
  for (int percent = 1; percent <= 100; ++percent) {
    EXPECT_EQ(merged.percentile_ns(percent), all.percentile_ns(percent));
  }
}

TEST(Histogram, MemoryIsThatOfTheBucketsInUse) {
  Histogram coarse(Histogram::Precision::kCoarse);
  Histogram fine;
  for (int64_t value = 1'000'000; value < 1'000'000'000; value += 501) {
    coarse.add(value);
    fine.add(value);
  }
  EXPECT_LE(coarse.memory_bytes(), size_t{2} * 8 * 10 * 128);
  EXPECT_LE(fine.memory_bytes(), size_t{2} * 8 * 10 * 1024);
  for (int i = 0; i < 100'000; ++i) coarse.add(5'000'000);
  EXPECT_LE(coarse.memory_bytes(), size_t{2} * 8 * 10 * 128);
}

TEST(Histogram, TakesTheExtremes) {
  Histogram histogram;
  histogram.add(-5);
  histogram.add(std::numeric_limits<int64_t>::max());
  EXPECT_EQ(histogram.min_ns(), 0);
  EXPECT_EQ(histogram.percentile_ns(50), 0);
  EXPECT_EQ(histogram.percentile_ns(100), std::numeric_limits<int64_t>::max());
  Histogram coarse(Histogram::Precision::kCoarse);
  coarse.add(std::numeric_limits<int64_t>::max());
  EXPECT_EQ(coarse.percentile_ns(50), std::numeric_limits<int64_t>::max());
}

}  // namespace
}  // namespace qaio
