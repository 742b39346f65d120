// Matrix products over packed weights, for the ISA whose simd_*.h was included before.
//
// Integer layouts, per output row and token, groups g of 32 columns in order:
//   f = fma(float(sum_k (code - zero) * a), scale[g] * a_scale[g], f)   (twice for 16-wide groups)
//   f = fma(min[g], a_scale[g] * float(sum_k a), f)                      (layouts with minimum)
// The integer sums are exact and the float operations are always these, in this order, whatever the
// number of tokens, so every path and every ISA gives the same bits. kernels/reference.cpp is the
// specification in plain loops.
#pragma once

#include "kernels/matmul_tile.h"

namespace qaio {
namespace {

// More tokens than kDirectTokens take several passes over a tile, which then lies in the
// first-level cache, or the weights are expanded to a panel first.
constexpr bool kUsesPanel = kLanes < 16;

// What the integer dot product must subtract is 0 or a power of two, so accumulators start from the
// negated sum of activations shifted left by this; a shift of 32 leaves 0. Multiplications would
// share the dot products' ports. Signed instructions see 8-bit codes less 128.
template <CodeBits kBits>
inline int zero_shift(int zero) {
  if (kSignedDot && kBits == CodeBits::k8) zero -= 128;
  return zero == 0 ? 32 : __builtin_ctz(static_cast<unsigned>(zero));
}

// f += one group of 32 columns of a slice, decoded, times token t of a record. Inlined by force, as
// the codes are to stay in registers.
template <CodeBits kBits, bool kMin, int kGroup, int T>
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
  Sum<kBits> low_sum, high_sum;
  low_sum.begin(low);
  high_sum.begin(high);
  for (int j = 0; j < 4; ++j) {
    low_sum.add(codes[j], x + 4 * j);
    high_sum.add(codes[j + 4], x + 4 * j + 16);
  }
  low = low_sum.total(low);
  high = high_sum.total(high);
  const Vec a_scale = vec_set1(record.scale(t));
  if constexpr (kGroup == 16) {
    f = vec_fma(vec_from(low), vec_mul(s.scale[0], a_scale), f);
    f = vec_fma(vec_from(high), vec_mul(s.scale[1], a_scale), f);
  } else {
    f = vec_fma(vec_from(acc_add(low, high)), vec_mul(s.scale[0], a_scale), f);
  }
  if constexpr (kMin) f = add_minimums<kGroup, T>(f, s.min, record, t);
}

// Weights from memory are fetched so many bytes before up to 4 tokens use them. Nearer, they come
// too late; further ahead was slower. More tokens are slow enough for a tile ahead.
constexpr int kStreamAhead = 8 << 10;

// A tile of T tokens from `token` on against one tile of weights decoded on the fly. With `stream`
// the weights come from memory: the rest of the tile is fetched on the way, then the beginning of
// `next`, as after_tile() has it. Never inlined: the loops of all T in one function are 5 % slower.
template <CodeBits kBits, ScaleKind kScales, bool kMin, int kGroup, int T>
[[gnu::noinline]] void direct_tile(const MatmulArgs& args, int tile, int token, bool stream,
                                   const std::byte* next) {
  constexpr bool kNear = T <= 4;
  const int cols = args.weights.cols;
  const TileBytes bytes = tile_bytes(args.weights.layout, cols);
  const std::byte* scales = args.weights.data + static_cast<size_t>(tile) * bytes.total();
  const auto* codes_base = reinterpret_cast<const uint8_t*>(scales + bytes.scales);
  const std::byte* records = args.quantized.tile(token);
  const int groups = cols / kGroupCols;
  const int group_bytes = static_cast<int>(bytes.total()) / groups;
  const int groups_ahead = kNear ? std::min(kStreamAhead / group_bytes, groups) : groups;
  if (next == nullptr) next = scales;
  const std::byte* fetch = kNear ? scales + groups_ahead * group_bytes : next;
  int fetched_per_group = stream ? group_bytes : 0;
  int due = 63;  // bytes to be fetched by now, rounded up to whole lines
  const Shift shift = shift_by(zero_shift<kBits>(args.weights.layout.zero));
  for (int slice = 0; slice < kSlices; ++slice) {
    Vec f[T];
#pragma GCC unroll 16
    for (int t = 0; t < T; ++t) f[t] = vec_set1(0);
    for (int g = 0; g < groups; ++g) {
      const auto at = static_cast<size_t>(g);
      if (kNear && g == groups - groups_ahead) fetch = next;
      for (due += fetched_per_group; due >= 64; due -= 64, fetch += 64) prefetch_l2(fetch);
      Codes codes[8];
      decode_group<kBits>(codes_base + at * group_code_bytes<kBits>(), slice, codes);
      const GroupScales s = read_scales<kScales, kMin, kGroup>(scales, g, slice);
      const Record<T> record{records + at * T * kGroupRecordBytes};
#pragma GCC unroll 16
      for (int t = 0; t < T; ++t)
        direct_token<kBits, kMin, kGroup>(codes, s, record, shift, t, f[t]);
    }
    fetched_per_group = 0;  // the other slice is of the same lines
    write_out<T>(args, token, tile * kTileRows + slice * kLanes, f);
  }
}

// Each tile of weights in passes of one token tile.
template <CodeBits kBits, ScaleKind kScales, bool kMin, int kGroup>
void direct_tiles(const MatmulArgs& args, int tile_begin, int tile_end) {
  const TokenTiles token_tiles(args.tokens, args.quantized.tile_tokens);
  const size_t bytes = tile_bytes(args.weights.layout, args.weights.cols).total();
  for (int tile = tile_begin; tile < tile_end; ++tile) {
    const std::byte* next = after_tile(args, tile, tile_end, bytes);
    // the first of several passes leaves the tile in the first-level cache
    for (int i = 0; i < token_tiles.count(); ++i) {
      const int token = token_tiles.begin(i);
      with_tokens<kDirectTokens>(token_tiles.begin(i + 1) - token, [&]<int T>() {
        direct_tile<kBits, kScales, kMin, kGroup, T>(args, tile, token, i == 0, next);
      });
    }
  }
}

// T tokens from `token` on x kLanes rows from `row` on, at `lane` of the panel.
template <CodeBits kBits, bool kMin, int kGroup, int T>
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
    ahead.fetch();
    for (int h = 0; h < kHalves; ++h) {
      const auto start = [&](int t) {
        return acc_shifted(kHalves == 2 ? record.negated_half_sum(t, h) : *record.negated_sum(t),
                           shift);
      };
      Sum<kBits> sums[T];
#pragma GCC unroll 8
      for (int t = 0; t < T; ++t) sums[t].begin(start(t));
#pragma GCC unroll 8
      for (int j = h * 8 / kHalves; j < (h + 1) * 8 / kHalves; ++j) {
        const Codes w = load_codes(codes + (g * 8 + j) * 64);
#pragma GCC unroll 8
        for (int t = 0; t < T; ++t) sums[t].add(w, record.codes(t) + 4 * j);
      }
      const Vec scale = vec_load(panel.scales + (g * kHalves + h) * 16 + lane);
#pragma GCC unroll 8
      for (int t = 0; t < T; ++t) {
        f[t] = vec_fma(vec_from(sums[t].total(start(t))), vec_mul(scale, vec_set1(record.scale(t))),
                       f[t]);
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
  write_out<T>(args, token, row, f);
}

template <CodeBits kBits, ScaleKind kScales, bool kMin, int kGroup>
void panel_tiles(const MatmulArgs& args, int tile_begin, int tile_end) {
  const Shift shift = shift_by(zero_shift<kBits>(args.weights.layout.zero));
  const TokenTiles token_tiles(args.tokens);
  const size_t bytes = tile_bytes(args.weights.layout, args.weights.cols).total();
  const int passes = kSlices * token_tiles.count() * (args.weights.cols / kGroupCols);
  for (int tile = tile_begin; tile < tile_end; ++tile) {
    const Panel panel = expand<kBits, kScales, kMin, kGroup>(args.weights, tile, args.scratch);
    Ahead ahead(after_tile(args, tile, tile_end, bytes), bytes, passes);
    for (int lane = 0; lane < kTileRows; lane += kLanes) {
      for (int i = 0; i < token_tiles.count(); ++i) {
        const int token = token_tiles.begin(i);
        with_tokens<kTileTokens>(token_tiles.begin(i + 1) - token, [&]<int T>() {
          panel_tile<kPanelBits<kBits>, kMin, kGroup, T>(args, panel, shift, token,
                                                         tile * kTileRows + lane, lane, ahead);
        });
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
  Vec f[kSlices][T];
  for (int s = 0; s < kSlices; ++s)
    for (int t = 0; t < T; ++t) f[s][t] = vec_set1(0);
  for (int k = 0; k < cols; ++k) {
    for (int s = 0; s < kSlices; ++s) {
      const Vec w = load_weight<kBits>(weights, k, s * kLanes);
      for (int t = 0; t < T; ++t)
        f[s][t] = vec_fma(w, vec_set1(x[static_cast<size_t>(t) * args.float_stride + k]), f[s][t]);
    }
  }
  for (int s = 0; s < kSlices; ++s) write_out<T>(args, token, tile * kTileRows + s * kLanes, f[s]);
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

void matmul(const MatmulArgs& args, int tile_begin, int tile_end) {
  switch (args.weights.layout.bits) {
    case CodeBits::kF16:
      return matmul_floats<CodeBits::kF16>(args, tile_begin, tile_end);
    case CodeBits::kBF16:
      return matmul_floats<CodeBits::kBF16>(args, tile_begin, tile_end);
    case CodeBits::kF32:
      return matmul_floats<CodeBits::kF32>(args, tile_begin, tile_end);
    default:
      with_layout(args.weights.layout,
                  [&]<CodeBits kBits, ScaleKind kScales, bool kMin, int kGroup>() {
                    matmul_codes<kBits, kScales, kMin, kGroup>(args, tile_begin, tile_end);
                  });
  }
}

}  // namespace
}  // namespace qaio
