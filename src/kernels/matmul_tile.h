// What all matrix products over packed weights are made of: codes and scales of a tile in registers
// or in a panel, a token's record, a result's place. For the ISA whose simd_*.h was included
// before.
#pragma once

#include <type_traits>

#include "kernels/kernels.h"
#include "kernels/prefetch.h"

namespace qaio {
namespace {

constexpr int kSlices = kTileRows / kLanes;  // native vectors per 16-row tile

template <CodeBits kBits>
constexpr size_t group_code_bytes() {
  return kBits == CodeBits::k4 ? 256 : kBits == CodeBits::k6 ? 384 : 512;
}

inline Codes flip_sign(Codes c) {
  if constexpr (kSignedDot) {
    return bit_xor(c, codes_set1(128));
  } else {
    return c;
  }
}

// Codes of 32 columns of one slice; codes[j] holds columns 4j..4j+3 of kLanes rows.
template <CodeBits kBits>
[[gnu::always_inline]] inline void decode_group(const uint8_t* group, int slice, Codes codes[8]) {
  const uint8_t* p = group + slice * kLanes * 4;
  if constexpr (kBits == CodeBits::k8) {
    for (int j = 0; j < 8; ++j) codes[j] = flip_sign(load_codes(p + j * 64));
  } else {
    for (int j = 0; j < 4; ++j) {
      const Codes both = load_codes(p + j * 64);
      codes[j] = low_nibbles(both);
      codes[j + 4] = high_nibbles(both);
    }
  }
  if constexpr (kBits == CodeBits::k6) {
    for (int c = 0; c < 2; ++c) {
      const Codes upper = load_codes(p + 256 + c * 64);
      codes[4 * c] = bit_or(codes[4 * c], upper_bits<0>(upper));
      codes[4 * c + 1] = bit_or(codes[4 * c + 1], upper_bits<1>(upper));
      codes[4 * c + 2] = bit_or(codes[4 * c + 2], upper_bits<2>(upper));
      codes[4 * c + 3] = bit_or(codes[4 * c + 3], upper_bits<3>(upper));
    }
  }
}

// The sum of up to 8 dot products of 4 columns, of codes of so many bits, and of what it starts
// from.
template <CodeBits kBits>
struct Sum {
  Acc sum;
  void begin(Acc start) { sum = start; }
  void add(Codes codes, const int8_t* x) { sum = dot4(sum, codes, x); }
  Acc total(Acc /*start*/) const { return sum; }
};
#ifdef QAIO_UNSIGNED_PAIRS
template <>
struct Sum<CodeBits::k6> {
  Acc sum;
  void begin(Acc start) { sum = start; }
  void add(Codes codes, const int8_t* x) { sum = add_pairs(sum, unsigned_pairs(codes, x)); }
  Acc total(Acc /*start*/) const { return sum; }
};
// 16 bits hold all: 8 pairs of at most 2 * 15 * 127 are 30,480.
template <>
struct Sum<CodeBits::k4> {
  Acc pairs;
  void begin(Acc /*start*/) { pairs = acc_zero(); }
  void add(Codes codes, const int8_t* x) { pairs = add_16_bits(pairs, unsigned_pairs(codes, x)); }
  Acc total(Acc start) const { return add_pairs(start, pairs); }
};
template <CodeBits kBits>
constexpr CodeBits kPanelBits = kBits;
#else
template <CodeBits kBits>
constexpr CodeBits kPanelBits = CodeBits::k8;  // a panel's codes, a byte each, are alike
#endif

// Scales (and minimums) of one group of 32 columns: one of each, or two for 16-wide groups.
struct GroupScales {
  Vec scale[2];
  Vec min[2];
};

template <ScaleKind kScales, bool kMin, int kGroup>
inline GroupScales read_scales(const std::byte* scales, int group32, int slice) {
  GroupScales r{};
  constexpr int kParts = kMin ? 2 : 1;
  if constexpr (kScales == ScaleKind::kF16) {
    const auto* p =
        reinterpret_cast<const uint16_t*>(scales) + group32 * 16 * kParts + slice * kLanes;
    r.scale[0] = vec_load_f16(p);
    if constexpr (kMin) r.min[0] = vec_load_f16(p + 16);
  } else {
    constexpr int kPerSuper = kSuperCols / kGroup;
    constexpr int kSuperBytes = kParts * (32 + kPerSuper * 16);
    const std::byte* super = scales + group32 / 8 * kSuperBytes;
    const auto* head = reinterpret_cast<const uint16_t*>(super) + slice * kLanes;
    const Vec d = vec_load_f16(head);
    const Vec dmin = kMin ? vec_load_f16(head + 16) : d;
    constexpr int kHalves = 32 / kGroup;
    for (int h = 0; h < kHalves; ++h) {
      const auto* sub = reinterpret_cast<const int8_t*>(super + kParts * 32) +
                        (group32 % 8 * kHalves + h) * 16 * kParts + slice * kLanes;
      r.scale[h] = vec_mul(d, vec_load_i8(sub));
      if constexpr (kMin) r.min[h] = vec_mul(vec_mul(dmin, vec_load_i8(sub + 16)), vec_set1(-1.0F));
    }
  }
  return r;
}

inline float* output(const MatmulArgs& args, int token, int row) {
  return (args.out_rows != nullptr ? args.out_rows[token]
                                   : args.out + static_cast<size_t>(token) * args.out_stride) +
         row;
}

// Writes kLanes outputs of each of T tokens from `token` on.
template <int T>
[[gnu::always_inline]] inline void write_out(const MatmulArgs& args, int token, int row, Vec* f) {
  if (row + kLanes <= args.weights.rows) {
    if (args.bias != nullptr) {
      const Vec bias = vec_load(args.bias + row);
#pragma GCC unroll 16
      for (int t = 0; t < T; ++t) f[t] = vec_add(f[t], bias);
    }
    if (args.accumulate) {
#pragma GCC unroll 16
      for (int t = 0; t < T; ++t) f[t] = vec_add(vec_load(output(args, token + t, row)), f[t]);
    }
#pragma GCC unroll 16
    for (int t = 0; t < T; ++t) vec_store(output(args, token + t, row), f[t]);
    return;
  }
  float lanes[T][kLanes];  // the last tile of a matrix may hold fewer rows
#pragma GCC unroll 16
  for (int t = 0; t < T; ++t) vec_store(lanes[t], f[t]);
#pragma GCC unroll 1
  for (int t = 0; t < T; ++t) {
    float* out = output(args, token + t, row);
    for (int i = 0; row + i < args.weights.rows; ++i) {
      const float x = args.bias != nullptr ? lanes[t][i] + args.bias[row + i] : lanes[t][i];
      out[i] = args.accumulate ? out[i] + x : x;
    }
  }
}

// The fields of a group's record for a tile of T tokens, at constant offsets (activations.h).
template <int T>
struct Record {
  const std::byte* at;
  const int8_t* codes(int t) const { return reinterpret_cast<const int8_t*>(at) + t * kGroupCols; }
  float scale(int t) const { return words<float>(0)[t]; }
  const int32_t* negated_sum(int t) const { return words<int32_t>(1) + t; }
  const int32_t* negated_low_sum(int t) const { return words<int32_t>(2) + t; }
  float scaled_sum(int t) const { return words<float>(3)[t]; }
  int32_t negated_half_sum(int t, int half) const {
    return half == 0 ? *negated_low_sum(t) : *negated_sum(t) - *negated_low_sum(t);
  }

 private:
  template <typename Word>
  const Word* words(int row) const {
    return reinterpret_cast<const Word*>(at + T * kGroupCols + row * T * 4);
  }
};

// f += min * sum of the activations, for each part of the group that has its own minimum.
template <int kGroup, int T>
inline Vec add_minimums(Vec f, const Vec* mins, const Record<T>& record, int t) {
  if constexpr (kGroup == 32) return vec_fma(mins[0], vec_set1(record.scaled_sum(t)), f);
  for (int half = 0; half < 2; ++half) {
    const auto sum = static_cast<float>(-record.negated_half_sum(t, half));
    f = vec_fma(mins[half], vec_set1(record.scale(t) * sum), f);
  }
  return f;
}

// What is fetched while a tile is multiplied, the last of a run of tiles or not; null: nothing.
inline const std::byte* after_tile(const MatmulArgs& args, int tile, int tile_end, size_t bytes) {
  return tile + 1 < tile_end ? args.weights.data + static_cast<size_t>(tile + 1) * bytes
                             : args.next;
}

// One tile with codes one byte each and f32 scales, expanded once and used by many tokens.
struct Panel {
  const uint8_t* codes;  // [cols / 4, 16, 4]
  float* scales;         // [cols / group, 16]
  float* mins;           // [cols / group, 16], if the layout has a minimum
};

// Writes the codes of 32 columns of a slice into its group of a panel, [8, 16, 4], as they are.
struct StoreCodes {
  void operator()(const Codes codes[8], uint8_t* group, int slice) const {
    for (int j = 0; j < 8; ++j) store_codes(group + j * 64 + slice * kLanes * 4, codes[j]);
  }
};

// `store` writes the panel's codes of the layout's, as StoreCodes does or otherwise.
template <CodeBits kBits, ScaleKind kScales, bool kMin, int kGroup, typename Store = StoreCodes>
Panel expand(const PackedView& weights, int tile, std::byte* scratch, Store store = {}) {
  const TileBytes bytes = tile_bytes(weights.layout, weights.cols);
  const std::byte* scales = weights.data + static_cast<size_t>(tile) * bytes.total();
  const auto* packed = reinterpret_cast<const uint8_t*>(scales + bytes.scales);
  auto* codes_out = reinterpret_cast<uint8_t*>(scratch);
  Panel panel{codes_out, reinterpret_cast<float*>(scratch + static_cast<size_t>(weights.cols) * 16),
              nullptr};
  panel.mins = panel.scales + weights.cols;  // cols / 16 groups of 16 floats
  constexpr bool kInPlace =
      kBits == CodeBits::k8 && !kSignedDot && std::is_same_v<Store, StoreCodes>;
  if constexpr (kInPlace) panel.codes = packed;
  for (int slice = 0; slice < kSlices; ++slice) {
    for (int g = 0; g < weights.cols / kGroupCols; ++g) {
      if constexpr (!kInPlace) {
        Codes codes[8];
        decode_group<kBits>(packed + static_cast<size_t>(g) * group_code_bytes<kBits>(), slice,
                            codes);
        store(codes, codes_out + static_cast<size_t>(g) * 512, slice);
      }
      const GroupScales s = read_scales<kScales, kMin, kGroup>(scales, g, slice);
      for (int h = 0; h < 32 / kGroup; ++h) {
        const int at = (g * (32 / kGroup) + h) * 16 + slice * kLanes;
        vec_store(panel.scales + at, s.scale[h]);
        if constexpr (kMin) vec_store(panel.mins + at, s.min[h]);
      }
    }
  }
  return panel;
}

// What each of `passes` passes over a group fetches of the next tile: so many lines from `at` on.
// Evenly, as a burst would fill the miss buffers and wait for memory.
struct Ahead {
  const std::byte* at;
  int lines;

  Ahead(const std::byte* tile, size_t bytes, int passes)
      : at(tile),
        lines(tile == nullptr ? 0 : (static_cast<int>(bytes / 64) + passes - 1) / passes) {}
  void fetch() {
    for (int i = 0; i < lines; ++i, at += 64) prefetch_l2(at);
  }
};

// Calls product<T>() with T = tokens, which is from kLeast to kMost.
template <int kMost, int kLeast = 1, typename Product>
[[gnu::always_inline]] inline void with_tokens(int tokens, const Product& product) {
  if (tokens == kMost) {
    product.template operator()<kMost>();
  } else if constexpr (kMost > kLeast) {
    with_tokens<kMost - 1, kLeast>(tokens, product);
  }
}

// Calls product<bits, scales, has_min, group>() as an integer layout has them.
template <typename Product>
void with_layout(const PackedLayout& layout, Product product) {
  using enum ScaleKind;
  const auto by_scales = [&]<CodeBits kBits>() {
    if (layout.scales == kF16) {
      layout.has_min ? product.template operator()<kBits, kF16, true, 32>()
                     : product.template operator()<kBits, kF16, false, 32>();
    } else if (layout.group == 32) {
      layout.has_min ? product.template operator()<kBits, kSuper, true, 32>()
                     : product.template operator()<kBits, kSuper, false, 32>();
    } else {
      layout.has_min ? product.template operator()<kBits, kSuper, true, 16>()
                     : product.template operator()<kBits, kSuper, false, 16>();
    }
  };
  if (layout.bits == CodeBits::k4) by_scales.template operator()<CodeBits::k4>();
  if (layout.bits == CodeBits::k6) by_scales.template operator()<CodeBits::k6>();
  if (layout.bits == CodeBits::k8) product.template operator()<CodeBits::k8, kF16, false, 32>();
}

}  // namespace
}  // namespace qaio
