#include "weights/packed.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <random>

#include "base/half.h"
#include "kernels/reference.h"
#include "weights/dequantize.h"

namespace qaio {
namespace {

// A tensor of random blocks: every bit pattern of the codes occurs, scales are finite.
struct RandomTensor {
  RandomTensor(TensorType type, int rows, int cols) {
    view.name = "test";
    view.type = type;
    view.shape = {rows, cols};
    bytes.resize(static_cast<size_t>(tensor_bytes(type, static_cast<int64_t>(rows) * cols)));
    std::mt19937 random(3);
    for (auto& byte : bytes) byte = static_cast<std::byte>(random());
    for (size_t i = 0; i + 1 < bytes.size(); i += 2) {
      uint16_t half;
      std::memcpy(&half, &bytes[i], 2);
      // exponents of all ones would be NaN wherever the pair is read as a scale
      if ((half & 0x7C00) == 0x7C00 || type <= TensorType::kBF16) half &= 0xBBFF;
      std::memcpy(&bytes[i], &half, 2);
    }
    view.bytes = bytes;
  }
  std::vector<std::byte> bytes;
  TensorView view;
};

class PackedTest : public ::testing::TestWithParam<int> {};

TEST_P(PackedTest, KeepsTheDequantizedValue) {
  const auto type = static_cast<TensorType>(GetParam());
  constexpr int kRows = 37;
  constexpr int kCols = 512;
  const RandomTensor tensor(type, kRows, kCols);
  for (const WeightsMode mode : {WeightsMode::kAuto, WeightsMode::kNative, WeightsMode::kF32}) {
    const PackedLayout layout = packed_layout(type, mode);
    const size_t tile = tile_bytes(layout, kCols).total();
    std::vector<std::byte> data(tile * 3, std::byte{0xAA});
    for (int t = 0; t < 3; ++t)
      pack_tile(tensor.view, layout, t, data.data() + static_cast<size_t>(t) * tile);
    const PackedView view{layout, kRows, kCols, data.data()};
    // 8-bit packing of plain floats is the one lossy case: half a step of its group
    const bool lossy = mode == WeightsMode::kAuto && type <= TensorType::kBF16;
    std::vector<float> expected(kCols), unpacked(kCols);
    for (int row = 0; row < kRows; ++row) {
      dequantize(type, tensor.view.row(row).data(), kCols, expected.data());
      unpack_row(view, row, unpacked.data());
      for (int col = 0; col < kCols; ++col) {
        const auto i = static_cast<size_t>(col);
        const float value = reference::weight_at(view, row, col);
        ASSERT_EQ(unpacked[i], value);
        const float step = lossy ? reference::scale_at(view, row, col).scale : 0;
        // the scale is rounded to f16: the largest weight may be off by 2^-11 of itself
        ASSERT_LE(std::fabs(value - expected[i]),
                  step * 0.5F + (lossy ? std::fabs(expected[i]) * 0x1p-10F : 0))
            << tensor_type_name(type) << " " << row << "," << col;
      }
    }
    for (int row = kRows; row < 48; ++row) EXPECT_EQ(reference::weight_at(view, row, 5), 0);
  }
}

// Relative root mean square error of packing, over a normally distributed F32 matrix.
double packing_error(WeightsMode mode) {
  constexpr int kRows = 32;
  constexpr int kCols = 256;
  RandomTensor tensor(TensorType::kF32, kRows, kCols);
  std::mt19937 random(7);
  std::normal_distribution<float> normal(0, 0.02F);
  std::vector<float> values(kRows * kCols);
  for (float& value : values) value = normal(random);
  std::memcpy(tensor.bytes.data(), values.data(), values.size() * sizeof(float));
  const PackedLayout layout = packed_layout(TensorType::kF32, mode);
  const size_t tile = tile_bytes(layout, kCols).total();
  std::vector<std::byte> data(tile * 2);
  for (int t = 0; t < 2; ++t)
    pack_tile(tensor.view, layout, t, data.data() + static_cast<size_t>(t) * tile);
  double error = 0, norm = 0;
  std::vector<float> row(kCols);
  for (int r = 0; r < kRows; ++r) {
    unpack_row({layout, kRows, kCols, data.data()}, r, row.data());
    for (int c = 0; c < kCols; ++c) {
      const double value = values[static_cast<size_t>(r) * kCols + static_cast<size_t>(c)];
      error += (row[static_cast<size_t>(c)] - value) * (row[static_cast<size_t>(c)] - value);
      norm += value * value;
    }
  }
  return std::sqrt(error / norm);
}

// The largest of 32 normal values is about 2.1 deviations, so a step of 8 bits is 2.1 / 127 and of
// 4 bits 2.1 / 8 deviations; rounding to a step d alone costs d / sqrt(12).
TEST(Packed, RoundsToEightAndFourBits) {
  EXPECT_LT(packing_error(WeightsMode::kQ8), 1.05 * 2.4 / 127 / std::sqrt(12));
  EXPECT_LT(packing_error(WeightsMode::kQ4), 2.4 / 8 / std::sqrt(12));
}

// The kernels undo the zero of the codes by a shift.
TEST(Packed, ZerosArePowersOfTwo) {
  for (int type = 0; type < kTensorTypes; ++type) {
    for (const WeightsMode mode : {WeightsMode::kAuto, WeightsMode::kNative, WeightsMode::kF32,
                                   WeightsMode::kQ8, WeightsMode::kQ4}) {
      const int zero = packed_layout(static_cast<TensorType>(type), mode).zero;
      EXPECT_EQ(zero & (zero - 1), 0) << tensor_type_name(static_cast<TensorType>(type));
    }
  }
}

TEST(Packed, ModesHaveNames) {
  EXPECT_EQ(weights_mode_from_name("q4"), WeightsMode::kQ4);
  EXPECT_EQ(weights_mode_from_name("auto"), WeightsMode::kAuto);
  EXPECT_FALSE(weights_mode_from_name("q5"));
}

INSTANTIATE_TEST_SUITE_P(Types, PackedTest, ::testing::Range(0, kTensorTypes),
                         [](const auto& test) {
                           return std::string(
                               tensor_type_name(static_cast<TensorType>(test.param)));
                         });

// Whatever can be read as a scale or is a weight itself, in every way of packing.
TEST_P(PackedTest, TellsWeightsThatAreNotFinite) {
  const auto type = static_cast<TensorType>(GetParam());
  constexpr int kCols = 512;
  RandomTensor tensor(type, 16, kCols);
  const auto finite = [&](const PackedLayout& layout) {
    std::vector<std::byte> tile(tile_bytes(layout, kCols).total());
    pack_tile(tensor.view, layout, 0, tile.data());
    return tile_is_finite(layout, kCols, tile.data());
  };
  for (const WeightsMode mode : {WeightsMode::kAuto, WeightsMode::kNative, WeightsMode::kQ8,
                                 WeightsMode::kQ4, WeightsMode::kF32}) {
    const PackedLayout layout = packed_layout(type, mode);
    // rounding may also meet finite weights that its scales are too small for
    const bool rounds = mode == WeightsMode::kQ8 || mode == WeightsMode::kQ4;
    EXPECT_TRUE(rounds || finite(layout));
    std::vector<float> row(kCols);
    for (size_t at = 0; at + 1 < tensor.bytes.size(); at += 2) {
      uint16_t kept;
      std::memcpy(&kept, &tensor.bytes[at], 2);
      const uint16_t nan = 0x7FC0;  // in every 16-bit format, and the upper half of an f32's
      std::memcpy(&tensor.bytes[at], &nan, 2);
      const auto r = static_cast<int64_t>(at) / tensor.view.row_bytes();
      dequantize(type, tensor.view.row(r).data(), kCols, row.data());
      bool numbers = true;
      for (const float value : row) numbers &= std::isfinite(value);
      EXPECT_TRUE(finite(layout) ? numbers : rounds || !numbers)
          << at << " " << static_cast<int>(mode);
      std::memcpy(&tensor.bytes[at], &kept, 2);
      if (at % 64 == 62) at += static_cast<size_t>(tensor.view.row_bytes()) / 8 * 2;
    }
  }
}

}  // namespace
}  // namespace qaio
