#include "base/portable_math.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdint>

namespace qaio {
namespace {

constexpr double kUlp = 0x1p-52;

TEST(PortableMathTest, AgreesWithTheLibrary) {
  for (int i = 1; i < 200'000; ++i) {
    const double x = i * 0.0037;
    ASSERT_NEAR(portable_log(x), std::log(x), 2 * kUlp * std::max(std::abs(std::log(x)), 0.5)) << x;
    const double power = 700 - i * 0.007;
    ASSERT_NEAR(portable_exp(power), std::exp(power), 2 * kUlp * std::exp(power)) << power;
  }
  EXPECT_EQ(portable_log(1), 0);
  EXPECT_EQ(portable_exp(0), 1);
  EXPECT_EQ(portable_exp(-INFINITY), 0);
  EXPECT_NEAR(portable_log(0x1p-1060), std::log(0x1p-1060), 1e-12);
}

// Of a machine with FMA, seen equally under a C library that was told to use none; exp and log of
// that library gave two different sums.
TEST(PortableMathTest, GivesTheseBitsEverywhere) {
  uint64_t sum = 0;
  for (int i = 1; i < 100'000; ++i) {
    sum = sum * 31 + std::bit_cast<uint64_t>(portable_log(i * 0.37));
    sum = sum * 31 + std::bit_cast<uint64_t>(portable_exp(i * -1e-4));
  }
  EXPECT_EQ(sum, 6835004594077209999U);
}

}  // namespace
}  // namespace qaio
