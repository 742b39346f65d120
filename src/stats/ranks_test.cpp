#include "stats/ranks.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>

#include "base/random.h"

namespace qaio {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(Ranks, EqualValuesShareTheirMeanRank) {
  EXPECT_THAT(ranks_of(std::vector<double>{3, 1, 3, 2, 3}).of, ElementsAre(4, 1, 4, 2, 4));
  EXPECT_EQ(ranks_of(std::vector<double>{3, 1, 3, 2, 3}).tie_term, 27 - 3);
  EXPECT_EQ(ranks_of(std::vector<double>{3, 1, 2}).tie_term, 0);
  EXPECT_THAT(ranks_of({}).of, IsEmpty());
}

TEST(Ranks, OfTwoSamplesAreOfAllTheirValues) {
  EXPECT_THAT(ranks_of(std::vector<double>{5, 1}, std::vector<double>{1, 7}).of,
              ElementsAre(3, 1.5, 1.5, 4));
}

// Against the definition: 1, for each smaller value 1, for each other equal one a half.
TEST(Ranks, AreAsDefined) {
  Random random(3);
  for (const uint64_t kinds : {2, 10, 1000}) {
    std::vector<double> values(200);
    for (double& value : values) value = static_cast<double>(random.below(kinds));
    const Ranks ranks = ranks_of(values);
    for (size_t i = 0; i < values.size(); ++i) {
      const auto smaller = std::ranges::count_if(values, [&](double v) { return v < values[i]; });
      const auto equal = std::ranges::count(values, values[i]);
      ASSERT_EQ(ranks.of[i], static_cast<double>(smaller) + (static_cast<double>(equal) + 1) / 2);
    }
  }
}

}  // namespace
}  // namespace qaio
