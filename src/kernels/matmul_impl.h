// Matrix products over packed weights, for the ISA whose simd_*.h was included before.
//
// Integer layouts, per output row and token, groups g of 32 columns in order:
//   f = fma(float(sum_k (code - zero) * a), scale[g] * a_scale[g], f)   (twice for 16-wide groups)
//   f = fma(min[g], a_scale[g] * float(sum_k a), f)                      (layouts with minimum)
// The integer sums are exact and the float operations are always these, in this order, whatever the
// number of tokens, so every path and every ISA gives the same bits. kernels/reference.cpp is the
// specification in plain loops.
#pragma once

#include "kernels/kernels.h"

namespace qaio {
namespace {

// Tokens multiplied with weights decoded in registers. AVX-512's 32 registers hold 12 tokens' sums
// beside the 8 codes of a group; more tokens take several passes over a tile, which then lies in
// the first-level cache. With 16 registers more than 4 tokens are better off with the weights
// expanded to a panel first.
constexpr int kDirectTokens = kLanes == 16 ? 12 : 4;
constexpr bool kUsesPanel = kLanes < 16;

constexpr int kSlices = kTileRows / kLanes;  // native vectors per 16-row tile

// Fetches the line of memory at p into the second-level cache. Into the first it would hold one of
// its few miss buffers (24 on Zen 4, enough for 12 GB/s) for the whole way from memory.
inline void prefetch_l2(const std::byte* p) { __builtin_prefetch(p, 0, 2); }

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

// What the integer dot product must subtract is 0 or a power of two, so accumulators start from the
// negated sum of activations shifted left by this; a shift of 32 leaves 0. Multiplications would
// share the dot products' ports. Signed instructions see 8-bit codes less 128.
template <CodeBits kBits>
inline int zero_shift(int zero) {
  if (kSignedDot && kBits == CodeBits::k8) zero -= 128;
  return zero == 0 ? 32 : __builtin_ctz(static_cast<unsigned>(zero));
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

// Writes kLanes outputs of one token; the last tile of a matrix may hold fewer real rows.
inline void write_out(const MatmulArgs& args, int token, int row, Vec value) {
  if (row >= args.weights.rows) return;
  float* out =
      (args.out_rows != nullptr ? args.out_rows[token]
                                : args.out + static_cast<size_t>(token) * args.out_stride) +
      row;
  if (row + kLanes <= args.weights.rows) {
    if (args.bias != nullptr) value = vec_add(value, vec_load(args.bias + row));
    if (args.accumulate) value = vec_add(vec_load(out), value);
    vec_store(out, value);
    return;
  }
  float lanes[kLanes];
  vec_store(lanes, value);
  for (int i = 0; row + i < args.weights.rows; ++i) {
    const float x = args.bias != nullptr ? lanes[i] + args.bias[row + i] : lanes[i];
    out[i] = args.accumulate ? out[i] + x : x;
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

// f += one group of 32 columns of a slice, decoded, times token t of a record. Inlined by force, as
// the codes are to stay in registers.
template <bool kMin, int kGroup, int T>
[[gnu::always_inline]] inline void direct_token(const Codes codes[8], const GroupScales& s,
                                                const Record<T>& record, Shift shift, int t,
                                                Vec& f) {
  const int8_t* x = record.codes(t);
  Acc low, high;
  if constexpr (kGroup == 16) {
    low = acc_shifted(*record.negated_low_sum(t), shift);
    high = acc_sub(acc_shifted(*record.negated_sum(t), shift), low);
  } else {
    low = acc_shifted(*record.negated_sum(t), shift);
    high = acc_zero();
  }
  for (int j = 0; j < 4; ++j) {
    low = dot4(low, codes[j], x + 4 * j);
    high = dot4(high, codes[j + 4], x + 4 * j + 16);
  }
  const Vec a_scale = vec_set1(record.scale(t));
  if constexpr (kGroup == 16) {
    f = vec_fma(vec_from(low), vec_mul(s.scale[0], a_scale), f);
    f = vec_fma(vec_from(high), vec_mul(s.scale[1], a_scale), f);
  } else {
    f = vec_fma(vec_from(acc_add(low, high)), vec_mul(s.scale[0], a_scale), f);
  }
  if constexpr (kMin) f = add_minimums<kGroup, T>(f, s.min, record, t);
}

// f[t] += such a group times all T tokens of the record.
template <bool kMin, int kGroup, int T>
[[gnu::always_inline]] inline void direct_group(const Codes codes[8], const GroupScales& s,
                                                const Record<T>& record, Shift shift, Vec* f) {
#pragma GCC unroll 8
  for (int t = 0; t < T; ++t) direct_token<kMin, kGroup>(codes, s, record, shift, t, f[t]);
}

// What is fetched while a tile is multiplied, the last of a run of tiles or not; null: nothing.
inline const std::byte* after_tile(const MatmulArgs& args, int tile, int tile_end, size_t bytes) {
  return tile + 1 < tile_end ? args.weights.data + static_cast<size_t>(tile + 1) * bytes
                             : args.next;
}

// T tokens from `token` on, one or two token tiles of them, against one tile of weights decoded on
// the fly. `fetch`: as after_tile() has it.
template <CodeBits kBits, ScaleKind kScales, bool kMin, int kGroup, int T>
void direct_tile(const MatmulArgs& args, int tile, int token, const std::byte* fetch) {
  static_assert(T <= 2 * kTileTokens);
  constexpr int kFirst = T <= kTileTokens ? T : (T + 1) / 2;  // as TokenTiles cuts
  constexpr int kSecond = T - kFirst;
  const int cols = args.weights.cols;
  const TileBytes bytes = tile_bytes(args.weights.layout, cols);
  const std::byte* scales = args.weights.data + static_cast<size_t>(tile) * bytes.total();
  const auto* codes_base = reinterpret_cast<const uint8_t*>(scales + bytes.scales);
  const std::byte* first = args.quantized.tile(token);
  const std::byte* second = args.quantized.tile(token + kFirst);
  const int groups = cols / kGroupCols;
  const size_t fetch_per_group = fetch != nullptr ? bytes.total() / static_cast<size_t>(groups) : 0;
  size_t fetched = 0;
  const Shift shift = shift_by(zero_shift<kBits>(args.weights.layout.zero));
  for (int slice = 0; slice < kSlices; ++slice) {
    Vec f[T];
    for (int t = 0; t < T; ++t) f[t] = vec_set1(0);
    for (int g = 0; g < groups; ++g) {
      const auto at = static_cast<size_t>(g);
      for (; fetched < (at + 1) * fetch_per_group; fetched += 64) prefetch_l2(fetch + fetched);
      Codes codes[8];
      decode_group<kBits>(codes_base + at * group_code_bytes<kBits>(), slice, codes);
      const GroupScales s = read_scales<kScales, kMin, kGroup>(scales, g, slice);
      direct_group<kMin, kGroup, kFirst>(
          codes, s, Record<kFirst>{first + at * kFirst * kGroupRecordBytes}, shift, f);
      if constexpr (kSecond > 0) {
        direct_group<kMin, kGroup, kSecond>(
            codes, s, Record<kSecond>{second + at * kSecond * kGroupRecordBytes}, shift,
            f + kFirst);
      }
    }
    for (int t = 0; t < T; ++t) write_out(args, token + t, tile * kTileRows + slice * kLanes, f[t]);
  }
}

template <CodeBits kBits, ScaleKind kScales, bool kMin, int kGroup, int T = kDirectTokens>
inline void direct_tile_of(int tokens, const MatmulArgs& args, int tile, int token,
                           const std::byte* fetch) {
  if (tokens == T) {
    direct_tile<kBits, kScales, kMin, kGroup, T>(args, tile, token, fetch);
  } else if constexpr (T > 1) {
    direct_tile_of<kBits, kScales, kMin, kGroup, T - 1>(tokens, args, tile, token, fetch);
  }
}

// Each tile of weights in passes of two token tiles, or one if two are too many.
template <CodeBits kBits, ScaleKind kScales, bool kMin, int kGroup>
void direct_tiles(const MatmulArgs& args, int tile_begin, int tile_end) {
  const TokenTiles token_tiles(args.tokens);
  const size_t bytes = tile_bytes(args.weights.layout, args.weights.cols).total();
  for (int tile = tile_begin; tile < tile_end; ++tile) {
    // Few tokens are multiplied at memory speed: the first pass over a tile fetches the next one.
    const std::byte* fetch = after_tile(args, tile, tile_end, bytes);
    for (int i = 0, token = 0; token < args.tokens; fetch = nullptr) {
      int end = token_tiles.begin(++i);
      if (end < args.tokens && token_tiles.begin(i + 1) - token <= kDirectTokens) {
        end = token_tiles.begin(++i);
      }
      direct_tile_of<kBits, kScales, kMin, kGroup>(end - token, args, tile, token, fetch);
      token = end;
    }
  }
}

// One tile with codes one byte each and f32 scales, expanded once and used by many tokens.
struct Panel {
  const uint8_t* codes;  // [cols / 4, 16, 4]
  float* scales;         // [cols / group, 16]
  float* mins;           // [cols / group, 16], if the layout has a minimum
};

template <CodeBits kBits, ScaleKind kScales, bool kMin, int kGroup>
Panel expand(const PackedView& weights, int tile, std::byte* scratch) {
  const TileBytes bytes = tile_bytes(weights.layout, weights.cols);
  const std::byte* scales = weights.data + static_cast<size_t>(tile) * bytes.total();
  const auto* packed = reinterpret_cast<const uint8_t*>(scales + bytes.scales);
  auto* codes_out = reinterpret_cast<uint8_t*>(scratch);
  Panel panel{codes_out, reinterpret_cast<float*>(scratch + static_cast<size_t>(weights.cols) * 16),
              nullptr};
  panel.mins = panel.scales + weights.cols;  // cols / 16 groups of 16 floats
  constexpr bool kInPlace = kBits == CodeBits::k8 && !kSignedDot;
  if constexpr (kInPlace) panel.codes = packed;
  for (int slice = 0; slice < kSlices; ++slice) {
    for (int g = 0; g < weights.cols / kGroupCols; ++g) {
      if constexpr (!kInPlace) {
        Codes codes[8];
        decode_group<kBits>(packed + static_cast<size_t>(g) * group_code_bytes<kBits>(), slice,
                            codes);
        for (int j = 0; j < 8; ++j)
          store_codes(codes_out + (g * 8 + j) * 64 + slice * kLanes * 4, codes[j]);
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

// What the groups of a tile fetch of the next one: so many lines each, from `at` on.
struct Ahead {
  const std::byte* at;
  int lines;
};

// T tokens from `token` on x kLanes rows from `row` on, at `lane` of the panel.
template <bool kMin, int kGroup, int T>
inline void panel_tile(const MatmulArgs& args, const Panel& panel, Shift shift, int token, int row,
                       int lane, Ahead& ahead) {
  constexpr int kHalves = 32 / kGroup;
  const std::byte* records = args.quantized.tile(token);
  const uint8_t* codes = panel.codes + lane * 4;
  Vec f[T];
#pragma GCC unroll 8
  for (int t = 0; t < T; ++t) f[t] = vec_set1(0);
  for (int g = 0; g < args.weights.cols / kGroupCols; ++g) {
    const Record<T> record{records + static_cast<size_t>(g) * (T * kGroupRecordBytes)};
    for (int i = 0; i < ahead.lines; ++i, ahead.at += 64) prefetch_l2(ahead.at);
    for (int h = 0; h < kHalves; ++h) {
      Acc acc[T];
#pragma GCC unroll 8
      for (int t = 0; t < T; ++t) {
        acc[t] = acc_shifted(kHalves == 2 ? record.negated_half_sum(t, h) : *record.negated_sum(t),
                             shift);
      }
#pragma GCC unroll 8
      for (int j = h * 8 / kHalves; j < (h + 1) * 8 / kHalves; ++j) {
        const Codes w = load_codes(codes + (g * 8 + j) * 64);
#pragma GCC unroll 8
        for (int t = 0; t < T; ++t) acc[t] = dot4(acc[t], w, record.codes(t) + 4 * j);
      }
      const Vec scale = vec_load(panel.scales + (g * kHalves + h) * 16 + lane);
#pragma GCC unroll 8
      for (int t = 0; t < T; ++t) {
        f[t] = vec_fma(vec_from(acc[t]), vec_mul(scale, vec_set1(record.scale(t))), f[t]);
      }
    }
    if constexpr (kMin) {
      Vec mins[kHalves];
      for (int h = 0; h < kHalves; ++h)
        mins[h] = vec_load(panel.mins + (g * kHalves + h) * 16 + lane);
#pragma GCC unroll 8
      for (int t = 0; t < T; ++t) f[t] = add_minimums<kGroup, T>(f[t], mins, record, t);
    }
  }
#pragma GCC unroll 8
  for (int t = 0; t < T; ++t) write_out(args, token + t, row, f[t]);
}

template <bool kMin, int kGroup, int T = kTileTokens>
inline void panel_tile_of(int tokens, const MatmulArgs& args, const Panel& panel, Shift shift,
                          int token, int row, int lane, Ahead& ahead) {
  if (tokens == T) {
    panel_tile<kMin, kGroup, T>(args, panel, shift, token, row, lane, ahead);
  } else if constexpr (T > 1) {
    panel_tile_of<kMin, kGroup, T - 1>(tokens, args, panel, shift, token, row, lane, ahead);
  }
}

template <CodeBits kBits, ScaleKind kScales, bool kMin, int kGroup>
void panel_tiles(const MatmulArgs& args, int tile_begin, int tile_end) {
  const Shift shift = shift_by(zero_shift<kBits>(args.weights.layout.zero));
  const TokenTiles token_tiles(args.tokens);
  const size_t bytes = tile_bytes(args.weights.layout, args.weights.cols).total();
  // The next tile is fetched evenly: a burst would fill the miss buffers and wait for memory.
  const int passes = kSlices * token_tiles.count() * (args.weights.cols / kGroupCols);
  const int lines = (static_cast<int>(bytes / 64) + passes - 1) / passes;
  for (int tile = tile_begin; tile < tile_end; ++tile) {
    const Panel panel = expand<kBits, kScales, kMin, kGroup>(args.weights, tile, args.scratch);
    const std::byte* fetch = after_tile(args, tile, tile_end, bytes);
    Ahead ahead{fetch, fetch == nullptr ? 0 : lines};
    for (int lane = 0; lane < kTileRows; lane += kLanes) {
      for (int i = 0; i < token_tiles.count(); ++i) {
        const int token = token_tiles.begin(i);
        panel_tile_of<kMin, kGroup>(token_tiles.begin(i + 1) - token, args, panel, shift, token,
                                    tile * kTileRows + lane, lane, ahead);
      }
    }
  }
}

template <CodeBits kBits, ScaleKind kScales, bool kMin, int kGroup>
void matmul_codes(const MatmulArgs& args, int tile_begin, int tile_end) {
  if constexpr (kUsesPanel) {
    if (args.tokens > kDirectTokens)
      return panel_tiles<kBits, kScales, kMin, kGroup>(args, tile_begin, tile_end);
  }
  direct_tiles<kBits, kScales, kMin, kGroup>(args, tile_begin, tile_end);
}

template <CodeBits kBits>
inline Vec load_weight(const std::byte* tile, int k, int lane) {
  const int at = k * kTileRows + lane;
  if constexpr (kBits == CodeBits::kF32) return vec_load(reinterpret_cast<const float*>(tile) + at);
  const auto* half = reinterpret_cast<const uint16_t*>(tile) + at;
  if constexpr (kBits == CodeBits::kF16) return vec_load_f16(half);
  return vec_load_bf16(half);
}

// f = fma(weight, x, f) over the columns in order.
template <CodeBits kBits, int T>
void float_tile(const MatmulArgs& args, int tile, int token) {
  const int cols = args.weights.cols;
  const std::byte* weights =
      args.weights.data + static_cast<size_t>(tile) * tile_bytes(args.weights.layout, cols).total();
  const float* x = args.floats + static_cast<size_t>(token) * args.float_stride;
  Vec f[T][kSlices];
  for (int t = 0; t < T; ++t)
    for (int s = 0; s < kSlices; ++s) f[t][s] = vec_set1(0);
  for (int k = 0; k < cols; ++k) {
    for (int s = 0; s < kSlices; ++s) {
      const Vec w = load_weight<kBits>(weights, k, s * kLanes);
      for (int t = 0; t < T; ++t)
        f[t][s] = vec_fma(w, vec_set1(x[static_cast<size_t>(t) * args.float_stride + k]), f[t][s]);
    }
  }
  for (int t = 0; t < T; ++t)
    for (int s = 0; s < kSlices; ++s)
      write_out(args, token + t, tile * kTileRows + s * kLanes, f[t][s]);
}

template <CodeBits kBits>
void matmul_floats(const MatmulArgs& args, int tile_begin, int tile_end) {
  constexpr int kTokens = kLanes == 16 ? 8 : 4;
  for (int tile = tile_begin; tile < tile_end; ++tile) {
    int token = 0;
    for (; token + kTokens <= args.tokens; token += kTokens)
      float_tile<kBits, kTokens>(args, tile, token);
    for (; token + 2 <= args.tokens; token += 2) float_tile<kBits, 2>(args, tile, token);
    for (; token < args.tokens; ++token) float_tile<kBits, 1>(args, tile, token);
  }
}

template <CodeBits kBits>
void matmul_by_scales(const MatmulArgs& args, int tile_begin, int tile_end) {
  const PackedLayout& layout = args.weights.layout;
  if (layout.scales == ScaleKind::kF16) {
    layout.has_min ? matmul_codes<kBits, ScaleKind::kF16, true, 32>(args, tile_begin, tile_end)
                   : matmul_codes<kBits, ScaleKind::kF16, false, 32>(args, tile_begin, tile_end);
  } else if (layout.group == 32) {
    layout.has_min ? matmul_codes<kBits, ScaleKind::kSuper, true, 32>(args, tile_begin, tile_end)
                   : matmul_codes<kBits, ScaleKind::kSuper, false, 32>(args, tile_begin, tile_end);
  } else {
    layout.has_min ? matmul_codes<kBits, ScaleKind::kSuper, true, 16>(args, tile_begin, tile_end)
                   : matmul_codes<kBits, ScaleKind::kSuper, false, 16>(args, tile_begin, tile_end);
  }
}

void matmul(const MatmulArgs& args, int tile_begin, int tile_end) {
  switch (args.weights.layout.bits) {
    case CodeBits::k4:
      return matmul_by_scales<CodeBits::k4>(args, tile_begin, tile_end);
    case CodeBits::k6:
      return matmul_by_scales<CodeBits::k6>(args, tile_begin, tile_end);
    case CodeBits::k8:
      return matmul_codes<CodeBits::k8, ScaleKind::kF16, false, 32>(args, tile_begin, tile_end);
    case CodeBits::kF16:
      return matmul_floats<CodeBits::kF16>(args, tile_begin, tile_end);
    case CodeBits::kBF16:
      return matmul_floats<CodeBits::kBF16>(args, tile_begin, tile_end);
    case CodeBits::kF32:
      return matmul_floats<CodeBits::kF32>(args, tile_begin, tile_end);
  }
}

}  // namespace
}  // namespace qaio
