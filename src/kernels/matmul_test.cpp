#include <gtest/gtest.h>

#include "kernels/dispatch.h"
#include "kernels/test_matrix.h"

namespace qaio {
namespace {

struct Shape {
  int rows, cols, tokens;
};

std::vector<float> multiply(const Kernels* kernels, TestMatrix& matrix, TestActivations& x,
                            int tokens, bool with_bias, bool accumulate) {
  const PackedView& view = matrix.view();
  const auto stride = static_cast<size_t>(view.rows) + 5;
  std::vector<float> out(stride * static_cast<size_t>(tokens), 0.25F);
  std::vector<float> bias(static_cast<size_t>(view.rows));
  for (size_t i = 0; i < bias.size(); ++i) bias[i] = 0.01F * static_cast<float>(i);
  AlignedBytes scratch(matmul_scratch_bytes(view.cols));
  const MatmulArgs args{.weights = view,
                        .quantized = x.quantized,
                        .floats = x.floats.data(),
                        .float_stride = static_cast<size_t>(view.cols),
                        .tokens = tokens,
                        .bias = with_bias ? bias.data() : nullptr,
                        .out = out.data(),
                        .out_stride = stride,
                        .accumulate = accumulate,
                        .scratch = scratch.data()};
  if (kernels != nullptr) {
    kernels->matmul(args, 0, view.tiles());
  } else {
    reference::matmul(args);
  }
  return out;
}

// Of every ISA that can run here; AMX's emulated, too, as few machines have it.
std::vector<const Kernels*> kernels_under_test() {
  std::vector<const Kernels*> all;
  for (const Isa isa : isas_available()) {
    all.push_back(&kernels_for(isa));
#if defined(__x86_64__)
    if (isa == Isa::kAvx512Vnni) all.push_back(&kernels_amx_emulated());
#endif
  }
  return all;
}

class MatmulTest : public ::testing::TestWithParam<NamedLayout> {};

// Bit for bit: neither the ISA, nor the number of tokens (which chooses the path), nor the ragged
// last tile may change an output.
TEST_P(MatmulTest, EveryIsaEqualsTheReferenceBitForBit) {
  const Shape shapes[] = {{16, 256, 1},  {48, 256, 3},  {53, 512, 4},  {40, 256, 5}, {64, 512, 7},
                          {21, 256, 17}, {16, 1024, 9}, {37, 256, 13}, {32, 512, 49}};
  for (const Shape& s : shapes) {
    TestMatrix matrix(GetParam().layout, s.rows, s.cols, 7);
    TestActivations x(s.tokens, s.cols, 11);
    for (const bool flag : {false, true}) {
      const auto expected = multiply(nullptr, matrix, x, s.tokens, flag, flag);
      for (const Kernels* kernels : kernels_under_test()) {
        TestActivations tiled(s.tokens, s.cols, 11, kernels->tile_tokens(s.tokens));
        const auto got = multiply(kernels, matrix, tiled, s.tokens, flag, flag);
        ASSERT_EQ(got, expected) << isa_name(kernels->isa) << " rows " << s.rows << " cols "
                                 << s.cols << " tokens " << s.tokens;
      }
    }
  }
}

TEST_P(MatmulTest, ARowDoesNotDependOnItsNeighbours) {
  constexpr int kTokens = 41;  // every way in which balanced tiles can follow each other
  TestMatrix matrix(GetParam().layout, 32, 256, 3);
  for (const Kernels* kernels : kernels_under_test()) {
    TestActivations x(kTokens, 256, 5, kernels->tile_tokens(kTokens));
    const auto together = multiply(kernels, matrix, x, kTokens, false, false);
    for (int tokens = 1; tokens < kTokens; ++tokens) {
      // the same seed: the first tokens of x
      TestActivations first(tokens, 256, 5, kernels->tile_tokens(tokens));
      const auto some = multiply(kernels, matrix, first, tokens, false, false);
      ASSERT_TRUE(std::equal(some.begin(), some.end(), together.begin()))
          << isa_name(kernels->isa) << tokens;
    }
  }
}

// The largest codes times the largest activations: sums that narrow registers must hold.
TEST_P(MatmulTest, ExtremesDoNotOverflow) {
  constexpr int kCols = 256;
  if (GetParam().layout.is_float()) return;  // has no codes
  TestMatrix matrix(GetParam().layout, 32, kCols, 3);
  matrix.fill_with_largest_codes();
  for (const int tokens : {1, 6, 17}) {
    for (const float value : {1.0F, -1.0F}) {  // codes 127 and -127
      const auto activations = [&](int tile_tokens) {
        TestActivations x(tokens, kCols, 5, tile_tokens);
        std::ranges::fill(x.floats, value);
        for (int t = 0; t < tokens; ++t)
          reference::quantize(x.floats.data() + t * kCols, x.quantized, t);
        return x;
      };
      TestActivations x = activations(kTileTokens);
      const auto expected = multiply(nullptr, matrix, x, tokens, false, false);
      for (const Kernels* kernels : kernels_under_test()) {
        TestActivations tiled = activations(kernels->tile_tokens(tokens));
        const auto got = multiply(kernels, matrix, tiled, tokens, false, false);
        ASSERT_EQ(got, expected) << isa_name(kernels->isa) << " tokens " << tokens;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Layouts, MatmulTest, ::testing::ValuesIn(all_layouts()),
                         [](const auto& test) { return std::string(test.param.name); });

TEST(Packed, CodesSurviveSetAndGet) {
  for (const auto& [name, layout] : all_layouts()) {
    if (layout.is_float()) continue;
    AlignedBytes bytes(tile_bytes(layout, 256).total());
    const int mask = layout.bits == CodeBits::k4 ? 15 : layout.bits == CodeBits::k6 ? 63 : 255;
    for (int row = 0; row < 16; ++row)
      for (int col = 0; col < 256; ++col)
        reference::set_code(layout, 256, bytes.data(), row, col, (row * 37 + col * 11) & mask);
    const PackedView view{layout, 16, 256, bytes.data()};
    for (int row = 0; row < 16; ++row)
      for (int col = 0; col < 256; ++col)
        ASSERT_EQ(reference::code_at(view, row, col), (row * 37 + col * 11) & mask) << name;
  }
}

TEST(Isa, EveryAvailableIsaHasItsOwnKernels) {
  for (const Isa isa : isas_available()) EXPECT_EQ(kernels_for(isa).isa, isa);
}

}  // namespace
}  // namespace qaio
