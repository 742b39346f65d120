#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "base/half.h"
#include "kernels/kernels.h"
#include "kernels/reference.h"

namespace qaio {
namespace {

std::vector<float> random_floats(int n, float scale, uint32_t seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal(0, scale);
  std::vector<float> x(static_cast<size_t>(n));
  for (float& v : x) v = normal(random);
  return x;
}

class VectorTest : public ::testing::TestWithParam<Isa> {
 protected:
  const Kernels& kernels = kernels_for(GetParam());
};

TEST_P(VectorTest, QuantizeEqualsTheReference) {
  auto x = random_floats(512, 3.0F, 1);
  for (int i = 64; i < 96; ++i) x[static_cast<size_t>(i)] = 0;  // a group of zeros
  x[200] = 4000;
  // two tokens share a tile: neither may touch the other's bytes
  for (const int tokens : {1, 2, 7}) {
    std::vector<std::byte> got(QuantizedActivations::bytes(tokens, 512));
    std::vector<std::byte> expected(got.size());
    for (int t = tokens - 1; t >= 0; --t) {
      kernels.quantize(x.data() + t, {got.data(), tokens, 480}, t);
      reference::quantize(x.data() + t, {expected.data(), tokens, 480}, t);
    }
    EXPECT_EQ(got, expected);
  }
}

// Sum of 1024 squares in 16 chains: at most (64 + 4) roundings of 2^-24 each, and the final ones.
TEST_P(VectorTest, RmsNorm) {
  const auto x = random_floats(1024, 2.0F, 2);
  const auto weight = random_floats(1024, 1.0F, 3);
  std::vector<float> out(1024), expected(1024);
  kernels.rms_norm(x.data(), weight.data(), 1e-6F, 1024, out.data());
  reference::rms_norm(x.data(), weight.data(), 1e-6F, 1024, expected.data());
  for (size_t i = 0; i < out.size(); ++i)
    EXPECT_NEAR(out[i], expected[i], 75 * 0x1p-24 * std::fabs(expected[i]) + 1e-30);
}

// The polynomial's exp is within 4 ulp; sigmoid and the products add 3 roundings.
TEST_P(VectorTest, SwigluOverTheWholeRange) {
  std::vector<float> gate, up;
  for (int i = 0; i < 4096; ++i) {
    gate.push_back(-120.0F + 240.0F * static_cast<float>(i) / 4096);
    up.push_back(i % 2 ? 1.5F : -0.5F);
  }
  std::vector<float> out(4096), expected(4096);
  kernels.swiglu(gate.data(), up.data(), 4096, out.data());
  reference::swiglu(gate.data(), up.data(), 4096, expected.data());
  for (size_t i = 0; i < out.size(); ++i) {
    ASSERT_NEAR(out[i], expected[i], 16 * 0x1p-24 * std::fabs(expected[i]) + 1e-30) << gate[i];
  }
}

TEST_P(VectorTest, RotateTurnsPairs) {
  for (const int head_dim : {16, 32, 48, 64, 128}) {
    auto x = random_floats(head_dim, 1.0F, 4);
    const auto before = x;
    std::vector<float> cos, sin;
    for (int i = 0; i < head_dim / 2; ++i) {
      cos.push_back(std::cos(0.3F * static_cast<float>(i)));
      sin.push_back(std::sin(0.3F * static_cast<float>(i)));
    }
    kernels.rotate(x.data(), cos.data(), sin.data(), head_dim);
    const auto half = static_cast<size_t>(head_dim) / 2;
    for (size_t i = 0; i < half; ++i) {
      EXPECT_NEAR(x[i], before[i] * cos[i] - before[i + half] * sin[i], 1e-6);
      EXPECT_NEAR(x[i + half], before[i + half] * cos[i] + before[i] * sin[i], 1e-6);
    }
  }
}

TEST_P(VectorTest, MaxOfPassesOverNan) {
  for (const int n : {1, 15, 16, 63, 64, 65, 1000}) {
    auto x = random_floats(n, 3.0F, 5);
    EXPECT_EQ(kernels.max_of(x.data(), n), *std::max_element(x.begin(), x.end())) << n;
    for (const int at : {0, n / 2, n - 1}) {  // wherever it stands
      auto y = x;
      y[static_cast<size_t>(at)] = 50;
      EXPECT_EQ(kernels.max_of(y.data(), n), 50) << n << " at " << at;
    }
    std::fill(x.begin(), x.end(), std::nanf(""));
    EXPECT_EQ(kernels.max_of(x.data(), n), -INFINITY) << n;
    x.back() = -7;
    EXPECT_EQ(kernels.max_of(x.data(), n), -7) << n;
  }
  EXPECT_EQ(kernels.max_of(nullptr, 0), -INFINITY);
}

// The difference, its product and the polynomial: the argument's error of 2^-23 |argument| counts
// in full. The sum is of 16 chains.
TEST_P(VectorTest, Exponentials) {
  for (const int n : {1, 16, 33, 5000}) {
    auto x = random_floats(n, 8.0F, 6);
    if (n > 1) x[1] = -INFINITY;
    const float max = *std::max_element(x.begin(), x.end());
    std::vector<float> out(x.size() + 1, -1.0F), expected(x.size());
    const float sum = kernels.exponentials(x.data(), max, 1.0F / 0.7F, n, out.data());
    const float wanted = reference::exponentials(x.data(), max, 1.0F / 0.7F, n, expected.data());
    for (size_t i = 0; i < x.size(); ++i) {
      const float argument = std::min((max - x[i]) / 0.7F, 87.0F);
      EXPECT_NEAR(out[i], expected[i], (4 + 2 * argument) * 0x1p-23 * expected[i] + 2e-38) << n;
    }
    EXPECT_EQ(out.back(), -1.0F) << "written past the end";
    EXPECT_NEAR(sum, wanted, 1e-5 * wanted);
    if (n > 1) {
      EXPECT_EQ(out[1], 0.0F);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Isas, VectorTest,
                         ::testing::ValuesIn(isas_available().begin(), isas_available().end()),
                         [](const auto& test) { return std::string(isa_name(test.param)); });

TEST(Half, RoundTripsEveryF16) {
  for (uint32_t h = 0; h < 0x10000; ++h) {
    const float f = f16_to_f32(static_cast<uint16_t>(h));
    if (std::isnan(f)) continue;
    ASSERT_EQ(f32_to_f16(f), h);
  }
  EXPECT_EQ(f32_to_f16(65520.0F), 0x7C00);  // rounds past the largest
  EXPECT_EQ(f32_to_f16(65519.996F), 0x7BFF);
  EXPECT_EQ(f32_to_f16(1.0F + 0x1p-11F), 0x3C00);  // tie to even
  EXPECT_EQ(f32_to_f16(1.0F + 3 * 0x1p-11F), 0x3C02);
}

}  // namespace
}  // namespace qaio
