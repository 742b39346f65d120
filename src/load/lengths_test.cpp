#include "load/lengths.h"

#include <gtest/gtest.h>

#include <set>

namespace qaio {
namespace {

double mean_of(const Lengths& lengths, int count) {
  Random random(1);
  double sum = 0;
  for (int i = 0; i < count; ++i) sum += lengths.sample(random);
  return sum / count;
}

TEST(Lengths, Fixed) {
  Random random(1);
  const auto lengths = Lengths::parse("64");
  ASSERT_TRUE(lengths);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(lengths->sample(random), 64);
}

TEST(Lengths, RangeHoldsBothItsEnds) {
  Random random(1);
  const auto lengths = Lengths::parse("3-6");
  ASSERT_TRUE(lengths);
  std::set<int> seen;
  for (int i = 0; i < 1000; ++i) seen.insert(lengths->sample(random));
  EXPECT_EQ(seen, (std::set<int>{3, 4, 5, 6}));
}

// Five standard errors of a mean of 10,000.
TEST(Lengths, DistributionsHaveTheirMeans) {
  EXPECT_NEAR(mean_of(*Lengths::parse("normal:1000:100"), 10'000), 1000, 5);
  EXPECT_NEAR(mean_of(*Lengths::parse("exp:1000"), 10'000), 1000, 50);
}

TEST(Lengths, SamplesStayInBounds) {
  Random random(1);
  for (const char* text : {"normal:2:1000", "exp:1", "normal:1048576:1048576"}) {
    const auto lengths = Lengths::parse(text);
    ASSERT_TRUE(lengths) << text;
    for (int i = 0; i < 1000; ++i) {
      const int tokens = lengths->sample(random);
      EXPECT_TRUE(tokens >= 1 && tokens <= Lengths::kTokensMax) << tokens;
    }
  }
}

TEST(Lengths, RefusesAnythingElse) {
  for (const char* text : {"", "0", "-3", "64 ", "1.5", "9-3", "3-", "-", "2000000", "normal:5",
                           "normal:5:0", "normal::", "exp:", "exp:0", "poisson:3"}) {
    const auto lengths = Lengths::parse(text);
    ASSERT_FALSE(lengths) << text;
    EXPECT_NE(lengths.error().message.find("MIN-MAX"), std::string::npos);
  }
}

}  // namespace
}  // namespace qaio
