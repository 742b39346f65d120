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

TEST(Histogram, PercentilesAreAtMostAThousandthAboveTheExactOnes) {
  Random random(11);
  for (const double scale_ns : {3e3, 1e6, 2e8, 9e10}) {
    Histogram histogram;
    std::vector<int64_t> values(5000);
    for (int64_t& value : values) {
      value = static_cast<int64_t>(scale_ns * random.exponential());
      histogram.add(value);
    }
    std::ranges::sort(values);
    for (const size_t permille : {1, 10, 250, 500, 900, 950, 990, 999, 1000}) {
      const int64_t exact = exact_percentile(values, permille);
      const int64_t found = histogram.percentile_ns(static_cast<double>(permille) / 10);
      EXPECT_GE(found, exact) << permille;
      EXPECT_LE(static_cast<double>(found), static_cast<double>(exact) * (1 + 1.0 / 1024))
          << permille;
    }
    EXPECT_EQ(histogram.max_ns(), values.back());
    EXPECT_EQ(histogram.min_ns(), values.front());
    const double sum = std::accumulate(values.begin(), values.end(), 0.0);
    EXPECT_DOUBLE_EQ(histogram.mean_ns(), sum / 5000);
  }
}

TEST(Histogram, TakesTheExtremes) {
  Histogram histogram;
  histogram.add(-5);
  histogram.add(std::numeric_limits<int64_t>::max());
  EXPECT_EQ(histogram.min_ns(), 0);
  EXPECT_EQ(histogram.percentile_ns(50), 0);
  EXPECT_EQ(histogram.percentile_ns(100), std::numeric_limits<int64_t>::max());
}

}  // namespace
}  // namespace qaio
