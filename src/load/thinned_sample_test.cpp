#include "load/thinned_sample.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace qaio {
namespace {

TEST(ThinnedSample, KeepsAllOfAFew) {
  ThinnedSample<int> sample(8);
  for (int i = 0; i < 7; ++i) sample.add(i);
  EXPECT_THAT(sample.values(), testing::ElementsAre(0, 1, 2, 3, 4, 5, 6));
}

TEST(ThinnedSample, OfManyKeepsOneOutOfEveryGroup) {
  ThinnedSample<int> sample(1000);
  for (int i = 0; i < 100'000; ++i) sample.add(i);
  const std::vector<int>& values = sample.values();
  ASSERT_EQ(values.size(), 100'000u / 128);
  for (size_t i = 0; i < values.size(); ++i) EXPECT_EQ(values[i] / 128, static_cast<int>(i));
}

TEST(ThinnedSample, FollowsNoRhythm) {
  ThinnedSample<int> sample(1000);
  for (int i = 0; i < 100'000; ++i) sample.add(i % 8);  // clients in turn
  for (int client = 0; client < 8; ++client)
    EXPECT_NEAR(static_cast<double>(std::ranges::count(sample.values(), client)), 781 / 8.0, 50);
}

}  // namespace
}  // namespace qaio
