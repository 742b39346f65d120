#include "base/finite.h"

#include <gtest/gtest.h>

#include <vector>

#include "base/half.h"

namespace qaio {
namespace {

TEST(Finite, OneValueAnywhereDecides) {
  for (const size_t count : {1U, 3U, 4U, 16U, 37U}) {
    std::vector<float> floats(count, -3.4028235e38F);
    EXPECT_TRUE(all_finite(floats));
    for (size_t at = 0; at < count; ++at) {
      for (const uint32_t bits : {0x7F800000U, 0xFF800000U, 0x7F800001U, 0xFFC00000U}) {
        std::vector<float> wrong = floats;
        wrong[at] = f32_from_bits(bits);
        EXPECT_FALSE(all_finite(wrong)) << count << " " << at << " " << bits;
      }
    }
  }
  EXPECT_TRUE(all_finite({}));
}

TEST(Finite, EveryHalf) {
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    const auto half = static_cast<uint16_t>(bits);
    for (const size_t count : {1U, 9U}) {
      std::vector<uint16_t> values(count, 0x1234);
      values.front() = half;
      EXPECT_EQ(all_finite_f16(values.data(), count), (bits & 0x7C00) != 0x7C00);
      EXPECT_EQ(all_finite_bf16(values.data(), count), (bits & 0x7F80) != 0x7F80);
    }
  }
}

}  // namespace
}  // namespace qaio
