#include "stats/block_bootstrap.h"

#include <gtest/gtest.h>

namespace qaio {
namespace {

std::vector<double> values(size_t count, double scale, Random& random) {
  std::vector<double> out(count);
  for (double& value : out) value = scale * (1 + random.exponential());
  return out;
}

TEST(BlockBootstrap, HoldsTheChange) {
  int misses = 0;
  for (uint64_t repeat = 0; repeat < 100; ++repeat) {
    Random random(repeat);
    const auto a = values(400, 10, random);
    const auto b = values(900, 12, random);
    const ChangeIntervals found = bootstrap_blocks(consecutive_blocks(a, b), false, 95, random);
    ASSERT_TRUE(found.relative);
    misses += found.relative->low > 0.2 || found.relative->high < 0.2;
    EXPECT_LT(found.relative->high - found.relative->low, 0.8) << repeat;
  }
  EXPECT_LE(misses, 12);  // of 5 expected
}

TEST(BlockBootstrap, WhatLastsMakesItWide) {
  Random random(1);
  std::vector<double> a = values(400, 10, random);
  std::vector<double> b = values(400, 10, random);
  for (size_t i = 200; i < 240; ++i) b[i] = 1000;  // one disturbance of 40 requests
  const ChangeIntervals found = bootstrap_blocks(consecutive_blocks(a, b), false, 95, random);
  EXPECT_LT(found.difference.low, 10);
  EXPECT_GT(found.difference.high, 900);
}

TEST(BlockBootstrap, WhatBothShareCancels) {
  Random random(1);
  std::vector<TimeBlock> blocks(20);
  for (size_t i = 0; i < blocks.size(); ++i) {
    const double slower = i % 4 == 0 ? 5 : 1;
    blocks[i] = {values(20, slower, random), values(20, slower, random)};
  }
  const ChangeIntervals paired = bootstrap_blocks(blocks, true, 95, random);
  const ChangeIntervals alone = bootstrap_blocks(blocks, false, 95, random);
  ASSERT_TRUE(paired.relative && alone.relative);
  EXPECT_LT(paired.relative->high - paired.relative->low,
            alone.relative->high - alone.relative->low);
}

TEST(BlockBootstrap, OfZerosThereIsNoRelativeChange) {
  Random random(1);
  const std::vector<double> a(100, 0);
  const std::vector<double> b(100, 5);
  const ChangeIntervals found = bootstrap_blocks(consecutive_blocks(a, b), false, 95, random);
  EXPECT_FALSE(found.relative);
  EXPECT_EQ(found.difference.low, 5);
  EXPECT_EQ(found.difference.high, 5);
}

TEST(BlockBootstrap, ManyValuesAreSampledEvenly) {
  Random random(1);
  const auto a = values(300'000, 10, random);
  const auto b = values(300'000, 12, random);
  const ChangeIntervals found = bootstrap_blocks(consecutive_blocks(a, b), false, 95, random);
  EXPECT_NEAR(found.relative->low, 0.2, 0.1);
  EXPECT_NEAR(found.relative->high, 0.2, 0.1);
}

}  // namespace
}  // namespace qaio
