#include "kernels/delta_net.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "kernels/kernels.h"
#include "kernels/reference.h"

namespace qaio {
namespace {

constexpr int kTaps = 4;

// Random inputs of a head for some tokens behind others: rows of q, k, v, z, a, b.
struct Head {
  Head(int key_dim, int value_dim, int token_count)
      : keys(key_dim), values(value_dim), tokens(token_count) {
    std::mt19937 random(static_cast<uint32_t>(key_dim + 7 * value_dim));
    std::normal_distribution<float> normal;
    const auto fill = [&](std::vector<float>& to, int n, float scale) {
      to.resize(static_cast<size_t>(n));
      for (float& x : to) x = scale * normal(random);
    };
    channels = 2 * keys + values;
    stride = channels + values + 2;
    fill(inputs, stride * tokens, 1);
    fill(taps, kTaps * channels, 0.5F);
    fill(window, (kTaps - 1) * channels, 1);
    fill(norm, values, 1);
    fill(state, keys * values, 0.3F);
  }

  struct Result {
    std::vector<float> out, state, window;
    bool operator==(const Result&) const = default;
  };
  Result start(bool fresh) const {
    Result result{std::vector<float>(static_cast<size_t>(tokens * values)), state, window};
    if (fresh) {
      std::ranges::fill(result.state, NAN);  // it must not be looked at
      std::ranges::fill(result.window, 0.0F);
    }
    return result;
  }
  // Tokens [begin, end), the result going on from what was before.
  void run(const Kernels* kernels, int begin, int end, bool fresh, Result& result) const {
    const float* row = inputs.data() + static_cast<size_t>(begin) * static_cast<size_t>(stride);
    const auto part = [&](int channel) {
      return ConvChannels{.inputs = row + channel,
                          .taps = taps.data() + channel,
                          .window = result.window.data() + channel,
                          .window_stride = static_cast<size_t>(channels),
                          .window_out = result.window.data() + channel,
                          .window_out_stride = static_cast<size_t>(channels)};
    };
    std::vector<float> scratch(delta_net_scratch_floats(keys, values));
    const DeltaNetArgs args{.tokens = end - begin,
                            .key_dim = keys,
                            .value_dim = values,
                            .conv_taps = kTaps,
                            .input_stride = static_cast<size_t>(stride),
                            .tap_stride = static_cast<size_t>(channels),
                            .q = part(0),
                            .k = part(keys),
                            .v = part(2 * keys),
                            .z = row + channels,
                            .a = row + channels + values,
                            .b = row + channels + values + 1,
                            .decay_rate = -2.5F,
                            .time_bias = -3.0F,
                            .norm = norm.data(),
                            .epsilon = 1e-6F,
                            .state_from = fresh ? nullptr : result.state.data(),
                            .state_to = result.state.data(),
                            .out = result.out.data() + static_cast<size_t>(begin * values),
                            .out_stride = static_cast<size_t>(values),
                            .scratch = scratch.data()};
    kernels != nullptr ? kernels->delta_net(args) : reference::delta_net(args);
  }
  Result all(const Kernels* kernels, bool fresh) const {
    Result result = start(fresh);
    run(kernels, 0, tokens, fresh, result);
    return result;
  }

  int keys, values, tokens;
  int channels, stride;
  std::vector<float> inputs, taps, window, norm, state;
};

class DeltaNetTest : public ::testing::TestWithParam<Isa> {
 protected:
  const Kernels& kernels = kernels_for(GetParam());
};

// A state's error decays with the state; each token adds a few roundings of sums over the keys.
TEST_P(DeltaNetTest, AgreesWithTheReference) {
  for (const auto& [keys, values] : {std::pair(16, 16), {128, 128}, {32, 48}, {256, 32}}) {
    const Head head(keys, values, 100);
    for (const bool fresh : {false, true}) {
      const Head::Result got = head.all(&kernels, fresh);
      const Head::Result expected = head.all(nullptr, fresh);
      for (size_t i = 0; i < got.out.size(); ++i)
        ASSERT_NEAR(got.out[i], expected.out[i], 1e-4 * (1 + std::fabs(expected.out[i]))) << i;
      for (size_t i = 0; i < got.state.size(); ++i)
        ASSERT_NEAR(got.state[i], expected.state[i], 1e-5 * (1 + std::fabs(expected.state[i])));
      EXPECT_EQ(got.window, expected.window);
    }
  }
}

TEST_P(DeltaNetTest, IsBitForBitTheSameHoweverTheTokensAreCut) {
  for (const int dim : {16, 128}) {
    const Head head(dim, dim, 100);
    for (const bool fresh : {false, true}) {
      const Head::Result whole = head.all(&kernels, fresh);
      for (const int step : {1, 2, 7, 31, 32, 33, 64}) {
        Head::Result cut = head.start(fresh);
        for (int begin = 0; begin < head.tokens; begin += step)
          head.run(&kernels, begin, std::min(begin + step, head.tokens), fresh && begin == 0, cut);
        EXPECT_EQ(cut, whole) << dim << " by " << step;
      }
    }
  }
}

TEST_P(DeltaNetTest, EveryInstructionSetGivesTheBitsOfPlainCode) {
  for (const auto& [keys, values] : {std::pair(16, 16), {128, 128}, {48, 80}}) {
    const Head head(keys, values, 70);
    EXPECT_EQ(head.all(&kernels, false), head.all(&kernels_for(Isa::kScalar), false));
  }
}

// Gates at the ends of what a float holds must not make a NaN of a state.
TEST_P(DeltaNetTest, ExtremeGatesAreTheirLimits) {
  Head head(16, 16, 6);
  const auto a = static_cast<size_t>(head.channels + head.values);
  const float gates[] = {-1e30F, -100, -20, 20, 100, 1e30F};
  for (size_t t = 0; t < 6; ++t) {
    head.inputs[t * static_cast<size_t>(head.stride) + a] = gates[t];
    head.inputs[t * static_cast<size_t>(head.stride) + a + 1] = gates[5 - t];
  }
  const Head::Result got = head.all(&kernels, false);
  const Head::Result expected = head.all(nullptr, false);
  for (size_t i = 0; i < got.state.size(); ++i)
    ASSERT_NEAR(got.state[i], expected.state[i], 1e-5 * (1 + std::fabs(expected.state[i])));
}

TEST_P(DeltaNetTest, SigmoidGate) {
  std::vector<float> gate, x, expected;
  for (int i = 0; i < 512; ++i) {
    gate.push_back(-100.0F + 200.0F * static_cast<float>(i) / 512);
    x.push_back(static_cast<float>(i % 7) - 3);
  }
  expected = x;
  reference::sigmoid_gate(gate.data(), 512, expected.data());
  kernels.sigmoid_gate(gate.data(), 512, x.data());
  for (size_t i = 0; i < x.size(); ++i)
    EXPECT_NEAR(x[i], expected[i], 1e-6 * std::fabs(expected[i]) + 1e-30) << gate[i];
}

INSTANTIATE_TEST_SUITE_P(Isas, DeltaNetTest,
                         ::testing::ValuesIn(isas_available().begin(), isas_available().end()),
                         [](const auto& test) { return std::string(isa_name(test.param)); });

}  // namespace
}  // namespace qaio
