#include "stats/change_points.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/random.h"

namespace qaio {
namespace {

// Segments of the given medians, 60 values each, log-normal with outliers.
std::vector<double> series(std::initializer_list<double> medians, uint64_t seed) {
  Random random(seed);
  std::vector<double> values;
  for (const double level : medians) {
    for (int i = 0; i < 60; ++i)
      values.push_back(level * std::exp(0.1 * random.normal()) * (random.below(30) == 0 ? 8 : 1));
  }
  return values;
}

TEST(ChangePoints, AreFoundWhereTheLevelChanges) {
  const auto found = find_change_points(series({100, 130, 100}, 1), {});
  ASSERT_EQ(found.size(), 2u);
  EXPECT_NEAR(static_cast<double>(found[0].index), 60, 5);
  EXPECT_NEAR(found[0].before, 100, 4);
  EXPECT_NEAR(found[0].after, 130, 5);
  EXPECT_LE(found[0].p, 0.01);
  EXPECT_NEAR(static_cast<double>(found[1].index), 120, 5);
}

TEST(ChangePoints, AStepInExactValuesIsFoundExactly) {
  std::vector<double> values(40, 1.0);
  values.resize(100, 2.0);
  const auto found = find_change_points(values, {});
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].index, 40u);
}

TEST(ChangePoints, ChanceIsRarelyOne) {
  int alarms = 0;
  for (uint64_t seed = 0; seed < 50; ++seed)
    alarms += !find_change_points(series({100, 100, 100}, 10 + seed), {}).empty();
  EXPECT_LE(alarms, 2);
}

TEST(ChangePoints, SmallOnesDoNotCount) {
  std::vector<double> values(100, 100.0);
  values.resize(200, 103.0);
  EXPECT_TRUE(find_change_points(values, {}).empty());
  EXPECT_EQ(find_change_points(values, {.change_min = 0.02}).size(), 1u);
}

TEST(ChangePoints, NoneInAFewValuesOrEqualOnes) {
  EXPECT_TRUE(find_change_points({}, {}).empty());
  EXPECT_TRUE(find_change_points(std::vector<double>(29, 1.0), {}).empty());
  EXPECT_TRUE(find_change_points(std::vector<double>(1000, 0.0), {}).empty());
}

}  // namespace
}  // namespace qaio
