// dequantize() against the formats' definitions written a second time, value by value: where the
// bits of value i are, and what they mean. Random blocks hit every bit.
#include "weights/dequantize.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <random>

#include "base/half.h"
#include "weights/quantize.h"

namespace qaio {
namespace {

// One block's bytes with bit access.
struct Block {
  const uint8_t* bytes;
  int u8(int at) const { return bytes[at]; }
  int i8(int at) const { return static_cast<int8_t>(bytes[at]); }
  int bits(int at, int shift, int count) const { return (bytes[at] >> shift) & ((1 << count) - 1); }
  double f16(int at) const {
    const int code = bytes[at] | (bytes[at + 1] << 8);
    const int exponent = (code >> 10) & 31;
    const int mantissa = code & 1023;
    const double magnitude =
        exponent == 0 ? std::ldexp(mantissa, -24) : std::ldexp(1024 + mantissa, exponent - 25);
    return (code & 0x8000) != 0 ? -magnitude : magnitude;
  }
};

// Nibble i of a 16-byte run that holds values 0..15 low and 16..31 high.
int nibble32(const Block& b, int at, int i) { return b.bits(at + i % 16, i / 16 * 4, 4); }

// The 6-bit numbers of Q4_K and Q5_K: scale j and minimum j, from bytes 4..15.
int scale6(const Block& b, int j) {
  return j < 4 ? b.bits(4 + j, 0, 6) : b.bits(8 + j, 0, 4) + 16 * b.bits(j, 6, 2);
}
int minimum6(const Block& b, int j) {
  return j < 4 ? b.bits(8 + j, 0, 6) : b.bits(8 + j, 4, 4) + 16 * b.bits(4 + j, 6, 2);
}

double expected(TensorType type, const Block& b, int i) {
  const int j32 = i / 32;  // sub-block of 32
  const int j16 = i / 16;  // sub-block of 16
  const int half = i / 128;
  switch (type) {
    case TensorType::kQ4_0:
      return b.f16(0) * (nibble32(b, 2, i) - 8);
    case TensorType::kQ4_1:
      return b.f16(0) * nibble32(b, 4, i) + b.f16(2);
    case TensorType::kQ5_0:
      return b.f16(0) * (nibble32(b, 6, i) + 16 * b.bits(2 + i / 8, i % 8, 1) - 16);
    case TensorType::kQ5_1:
      return b.f16(0) * (nibble32(b, 8, i) + 16 * b.bits(4 + i / 8, i % 8, 1)) + b.f16(2);
    case TensorType::kQ8_0:
      return b.f16(0) * b.i8(2 + i);
    case TensorType::kIQ4_NL: {
      constexpr int kValues[] = {-127, -104, -83, -65, -49, -35, -22, -10,
                                 1,    13,   25,  38,  53,  69,  89,  113};
      return b.f16(0) * kValues[nibble32(b, 2, i)];
    }
    case TensorType::kQ2_K: {
      const int code = b.bits(16 + 32 * half + i % 32, 2 * (j32 % 4), 2);
      return b.f16(80) * b.bits(j16, 0, 4) * code - b.f16(82) * b.bits(j16, 4, 4);
    }
    case TensorType::kQ3_K: {
      const int low = b.bits(32 + 32 * half + i % 32, 2 * (j32 % 4), 2);
      const int code = low + 4 * b.bits(i % 32, j32, 1) - 4;
      const int scale = b.bits(96 + j16 % 8, 4 * (j16 / 8), 4) +
                        16 * b.bits(104 + j16 % 4, 2 * (j16 / 4), 2) - 32;
      return b.f16(108) * scale * code;
    }
    case TensorType::kQ4_K: {
      const int code = b.bits(16 + 32 * (i / 64) + i % 32, 4 * (j32 % 2), 4);
      return b.f16(0) * scale6(b, j32) * code - b.f16(2) * minimum6(b, j32);
    }
    case TensorType::kQ5_K: {
      const int code =
          b.bits(48 + 32 * (i / 64) + i % 32, 4 * (j32 % 2), 4) + 16 * b.bits(16 + i % 32, j32, 1);
      return b.f16(0) * scale6(b, j32) * code - b.f16(2) * minimum6(b, j32);
    }
    case TensorType::kQ6_K: {
      const int quarter = i % 128 / 32;
      const int low = b.bits(64 * half + i % 64, 4 * (quarter / 2), 4);
      const int high = b.bits(128 + 32 * half + i % 32, 2 * quarter, 2);
      return b.f16(208) * b.i8(192 + j16) * (low + 16 * high - 32);
    }
    default:
      return 0;
  }
}

// Where the f16 numbers of a block are, to keep them finite.
std::vector<int> f16_positions(TensorType type) {
  switch (type) {
    case TensorType::kQ4_1:
    case TensorType::kQ5_1:
    case TensorType::kQ4_K:
    case TensorType::kQ5_K:
      return {0, 2};
    case TensorType::kQ2_K:
      return {80, 82};
    case TensorType::kQ3_K:
      return {108};
    case TensorType::kQ6_K:
      return {208};
    default:
      return {0};
  }
}

class Dequantize : public testing::TestWithParam<TensorType> {};

TEST_P(Dequantize, MatchesTheDefinitionValueByValue) {
  const TensorType type = GetParam();
  const TensorTraits& traits = tensor_traits(type);
  constexpr int kBlocks = 200;
  std::mt19937_64 random(7);
  const auto block_bytes = static_cast<size_t>(traits.block_bytes);
  std::vector<std::byte> bytes(kBlocks * block_bytes);
  for (std::byte& byte : bytes) byte = static_cast<std::byte>(random());
  for (size_t block = 0; block < kBlocks; ++block) {
    for (const int at : f16_positions(type)) {  // exponents 0..27 instead of 31
      bytes[block * block_bytes + static_cast<size_t>(at) + 1] &= static_cast<std::byte>(0xef);
    }
  }
  std::vector<float> values(static_cast<size_t>(kBlocks * traits.block_elements));
  dequantize(type, bytes.data(), static_cast<int64_t>(values.size()), values.data());
  for (size_t i = 0; i < values.size(); ++i) {
    const auto in_block = static_cast<int>(i % static_cast<size_t>(traits.block_elements));
    const size_t block = i / static_cast<size_t>(traits.block_elements);
    const Block view{reinterpret_cast<const uint8_t*>(&bytes[block * block_bytes])};
    const double truth = expected(type, view, in_block);
    // Products of f16 and small integers are exact in f32 (at most 11 + 8 + 6 bits, of which a
    // Q6_K product can need one more); the only rounding is in the final sum or product.
    const double scale =
        std::max(std::fabs(truth), std::fabs(view.f16(f16_positions(type).back())) *
                                       (f16_positions(type).size() == 2 ? 64 : 0));
    ASSERT_NEAR(static_cast<double>(values[i]), truth, scale * 0x1p-23) << "value " << i;
  }
}

INSTANTIATE_TEST_SUITE_P(Blocks, Dequantize,
                         testing::Values(TensorType::kQ4_0, TensorType::kQ4_1, TensorType::kQ5_0,
                                         TensorType::kQ5_1, TensorType::kQ8_0, TensorType::kQ2_K,
                                         TensorType::kQ3_K, TensorType::kQ4_K, TensorType::kQ5_K,
                                         TensorType::kQ6_K, TensorType::kIQ4_NL),
                         [](const auto& param_info) {
                           return std::string(tensor_type_name(param_info.param));
                         });

TEST(DequantizePlain, EveryF16) {
  for (int code = 0; code < 0x10000; ++code) {
    const uint8_t bytes[2] = {static_cast<uint8_t>(code), static_cast<uint8_t>(code >> 8)};
    float value = 0;
    dequantize(TensorType::kF16, reinterpret_cast<const std::byte*>(bytes), 1, &value);
    if ((code & 0x7c00) == 0x7c00) {
      EXPECT_EQ(std::isinf(value), (code & 0x3ff) == 0);
      EXPECT_EQ(std::isnan(value), (code & 0x3ff) != 0);
    } else {
      ASSERT_EQ(static_cast<double>(value), Block{bytes}.f16(0));
      ASSERT_EQ(std::signbit(value), (code & 0x8000) != 0);
    }
  }
}

// Between neighbouring f16 numbers everything below the middle goes down, everything above goes up
// and the middle itself to the even one. All 31,743 gaps.
TEST(Quantize, F16RoundsToNearestEven) {
  const auto to_f16 = [](float value) {
    uint16_t bits = 0;
    quantize(TensorType::kF16, &value, 1, reinterpret_cast<std::byte*>(&bits));
    return bits;
  };
  for (uint16_t code = 0; code < 0x7bff; ++code) {
    const float low = f16_to_f32(code);
    const float high = f16_to_f32(static_cast<uint16_t>(code + 1));
    const float middle = low + (high - low) / 2;  // exact: one bit more than f16 has
    const auto even = static_cast<uint16_t>(code + code % 2);
    ASSERT_EQ(to_f16(low), code);
    ASSERT_EQ(to_f16(middle), even);
    ASSERT_EQ(to_f16(std::nextafter(middle, 0.0f)), code);
    ASSERT_EQ(to_f16(std::nextafter(middle, 1e9f)), code + 1);
    ASSERT_EQ(to_f16(-middle), even | 0x8000);
  }
  EXPECT_EQ(to_f16(65519.99f), 0x7bff);
  EXPECT_EQ(to_f16(65520.0f), 0x7c00);
  EXPECT_EQ(to_f16(INFINITY), 0x7c00);
  EXPECT_GT(to_f16(NAN) & 0x7fff, 0x7c00);
}

std::vector<float> round_trip(TensorType type, const std::vector<float>& values) {
  const auto count = static_cast<int64_t>(values.size());
  std::vector<std::byte> blocks(static_cast<size_t>(tensor_bytes(type, count)));
  std::vector<float> back(values.size());
  quantize(type, values.data(), count, blocks.data());
  dequantize(type, blocks.data(), count, back.data());
  return back;
}

std::vector<float> normal_values(size_t count) {
  std::mt19937 random(11);
  std::normal_distribution<float> normal(0.0f, 0.02f);
  std::vector<float> values(count);
  for (float& value : values) value = normal(random);
  return values;
}

float block_max(const std::vector<float>& values, size_t i, size_t block) {
  float largest = 0;
  for (size_t j = i / block * block; j < (i / block + 1) * block; ++j) {
    largest = std::max(largest, std::fabs(values[j]));
  }
  return largest;
}

// Half a step, plus what rounding the step to f16 (2^-11) adds over the codes' range.
TEST(Quantize, Q8_0IsWithinHalfAStep) {
  const auto values = normal_values(32 * 500);
  const auto back = round_trip(TensorType::kQ8_0, values);
  for (size_t i = 0; i < values.size(); ++i) {
    const float step = block_max(values, i, 32) / 127;
    ASSERT_NEAR(values[i], back[i], step * (0.5f + 127 * 0x1p-11f)) << i;
  }
}

// Codes reach from -8 to 7 steps, so the far end of the other sign may miss by a whole step.
TEST(Quantize, Q4_0IsWithinAStep) {
  const auto values = normal_values(32 * 500);
  const auto back = round_trip(TensorType::kQ4_0, values);
  for (size_t i = 0; i < values.size(); ++i) {
    const float step = block_max(values, i, 32) / 8;
    ASSERT_NEAR(values[i], back[i], step * (1.0f + 8 * 0x1p-11f)) << i;
  }
}

// Neighbouring steps are at most 25 of 127 apart, and the last one is 14 short of the other end.
TEST(Quantize, IQ4_NLIsWithinHalfOfItsWidestStep) {
  const auto values = normal_values(32 * 500);
  const auto back = round_trip(TensorType::kIQ4_NL, values);
  for (size_t i = 0; i < values.size(); ++i) {
    const float step = block_max(values, i, 32) / 127;
    ASSERT_NEAR(values[i], back[i], step * (14.0f + 127 * 0x1p-11f)) << i;
  }
}

// Steps and minimums of sub-blocks are themselves rounded to 1/63 of the largest in the
// super-block.
TEST(Quantize, Q4_KIsWithinAStep) {
  const auto values = normal_values(256 * 100);
  const auto back = round_trip(TensorType::kQ4_K, values);
  for (size_t i = 0; i < values.size(); ++i) {
    const float step = 2 * block_max(values, i, 32) / 15;  // half of it, but for the roundings
    const float super_step = 2 * block_max(values, i, 256) / 15 / 63;
    const float super_minimum = block_max(values, i, 256) / 63;
    ASSERT_NEAR(values[i], back[i], step / 2 + 15 * super_step + super_minimum) << i;
  }
}

// Sub-block steps are themselves rounded to 1/128 of the largest in the super-block.
TEST(Quantize, Q6_KIsWithinAStep) {
  const auto values = normal_values(256 * 100);
  const auto back = round_trip(TensorType::kQ6_K, values);
  for (size_t i = 0; i < values.size(); ++i) {
    const float step = block_max(values, i, 16) / 32;
    const float super_step = block_max(values, i, 256) / 32 / 128;
    ASSERT_NEAR(values[i], back[i], step * 1.02f + 32 * super_step) << i;
  }
}

TEST(Quantize, ZerosStayZero) {
  const std::vector<float> zeros(256, 0.0f);
  for (int i = 0; i < kTensorTypes; ++i) {
    const auto type = static_cast<TensorType>(i);
    if (!can_quantize(type)) continue;
    EXPECT_EQ(round_trip(type, zeros), zeros) << tensor_type_name(type);
  }
}

}  // namespace
}  // namespace qaio
