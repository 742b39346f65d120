// Random packed matrices and activations for tests and benchmarks of the matrix kernels.
#pragma once

#include <algorithm>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "base/half.h"
#include "kernels/kernels.h"
#include "kernels/reference.h"

namespace qaio {

struct NamedLayout {
  const char* name;
  PackedLayout layout;
};

// Every layout a file type maps to.
inline const std::vector<NamedLayout>& all_layouts() {
  using enum CodeBits;
  static const std::vector<NamedLayout> layouts{{"q8_0", {k8, ScaleKind::kF16, false, 128, 32}},
                                                {"q4_0", {k4, ScaleKind::kF16, false, 8, 32}},
                                                {"q4_1", {k4, ScaleKind::kF16, true, 0, 32}},
                                                {"q5_0", {k6, ScaleKind::kF16, false, 16, 32}},
                                                {"q5_1", {k6, ScaleKind::kF16, true, 0, 32}},
                                                {"q4_k", {k4, ScaleKind::kSuper, true, 0, 32}},
                                                {"q5_k", {k6, ScaleKind::kSuper, true, 0, 32}},
                                                {"q6_k", {k6, ScaleKind::kSuper, false, 32, 16}},
                                                {"q3_k", {k4, ScaleKind::kSuper, false, 4, 16}},
                                                {"q2_k", {k4, ScaleKind::kSuper, true, 0, 16}},
                                                {"f16", {kF16, ScaleKind::kNone, false, 0, 32}},
                                                {"bf16", {kBF16, ScaleKind::kNone, false, 0, 32}},
                                                {"f32", {kF32, ScaleKind::kNone, false, 0, 32}}};
  return layouts;
}

// 64-byte aligned, zeroed.
class AlignedBytes {
 public:
  explicit AlignedBytes(size_t bytes) : storage_(bytes + 64) {}
  std::byte* data() {
    const auto address = reinterpret_cast<uintptr_t>(storage_.data());
    return storage_.data() + (64 - address % 64) % 64;
  }

 private:
  std::vector<std::byte> storage_;
};

// Random codes over the whole range of the layout and random scales of either sign.
class TestMatrix {
 public:
  TestMatrix(const PackedLayout& layout, int rows, int cols, uint32_t seed)
      : bytes_(static_cast<size_t>((rows + 15) / 16) * tile_bytes(layout, cols).total()) {
    view_ = {layout, rows, cols, bytes_.data()};
    std::mt19937 random(seed);
    const TileBytes tile = tile_bytes(layout, cols);
    for (int t = 0; t < view_.tiles(); ++t) {
      std::byte* at = bytes_.data() + static_cast<size_t>(t) * tile.total();
      fill_scales(layout, at, tile.scales, random);
      fill_codes(layout, at + tile.scales, tile.codes, random);
    }
  }
  const PackedView& view() const { return view_; }

  // Makes all codes the largest there are, of an integer layout.
  void fill_with_largest_codes() {
    const TileBytes tile = tile_bytes(view_.layout, view_.cols);
    for (int t = 0; t < view_.tiles(); ++t) {
      std::byte* codes = bytes_.data() + static_cast<size_t>(t) * tile.total() + tile.scales;
      std::fill_n(codes, tile.codes, std::byte{0xFF});
    }
  }

 private:
  static float value(std::mt19937& random) {
    return std::uniform_real_distribution<float>(-0.1F, 0.1F)(random);
  }
  static void put16(std::byte* at, uint16_t bits) { std::memcpy(at, &bits, 2); }

  static void fill_scales(const PackedLayout& layout, std::byte* at, size_t bytes,
                          std::mt19937& random) {
    if (layout.scales == ScaleKind::kF16) {
      for (size_t i = 0; i + 2 <= bytes; i += 2) put16(at + i, f32_to_f16(value(random)));
      return;
    }
    const size_t parts = layout.has_min ? 2 : 1;
    const size_t super = parts * (32 + kSuperCols / layout.group * 16);
    for (size_t i = 0; i + super <= bytes; i += super) {
      for (size_t j = 0; j < super; j += 2) {
        put16(at + i + j, j < parts * 32 ? f32_to_f16(value(random) / 16)
                                         : static_cast<uint16_t>(random() & 0x3F3F));
      }
    }
  }

  static void fill_codes(const PackedLayout& layout, std::byte* at, size_t bytes,
                         std::mt19937& random) {
    for (size_t i = 0; i < bytes;) {
      if (layout.bits == CodeBits::kF32) {
        const float x = value(random);
        std::memcpy(at + i, &x, 4);
        i += 4;
      } else if (layout.is_float()) {
        put16(at + i, layout.bits == CodeBits::kF16 ? f32_to_f16(value(random))
                                                    : f32_to_bf16(value(random)));
        i += 2;
      } else {
        at[i++] = static_cast<std::byte>(random());
      }
    }
  }

  AlignedBytes bytes_;
  PackedView view_;
};

// Random activations in floats and quantized, some channels far larger than the rest.
struct TestActivations {
  TestActivations(int tokens, int cols, uint32_t seed, int tile_tokens = kTileTokens)
      : floats(static_cast<size_t>(tokens) * static_cast<size_t>(cols)),
        records(QuantizedActivations::bytes(tokens, cols)),
        quantized{records.data(), tokens, cols, tile_tokens} {
    std::mt19937 random(seed);
    std::normal_distribution<float> normal;
    for (size_t i = 0; i < floats.size(); ++i) {
      floats[i] = normal(random) * (i % 97 == 0 ? 50.0F : 1.0F);
    }
    for (int t = 0; t < tokens; ++t) {
      reference::quantize(floats.data() + static_cast<size_t>(t) * static_cast<size_t>(cols),
                          quantized, t);
    }
  }

  std::vector<float> floats;
  AlignedBytes records;
  QuantizedActivations quantized;
};

}  // namespace qaio
