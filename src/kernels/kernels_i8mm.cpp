// Arm's i8mm: products of several tokens by `smmla`; everything else is as NEON does it.
//
// One instruction multiplies 8 columns of 2 tokens with those of 2 rows: 32 products where `sdot`
// has
// 16. Codes are signed, less their zero, so that sums need no correction; the float operations are
// those of every path (matmul_impl.h).
#include "kernels/simd_neon.h"
// the wrapper above is what the kernels below are written in
#include "kernels/dispatch.h"
#include "kernels/matmul_tile.h"

namespace qaio {
namespace {

// Fewer tokens are multiplied as NEON does it: for them weights need no expansion.
constexpr int kTokensMin = 5;
// Rows multiplied at a time: with a tile of 6 tokens, 12 registers of integer sums, 12 of float
// ones, 4 of codes and 3 of activations.
constexpr int kRows = 8;

// 8 columns of tokens `first` and `second` of a record.
template <int T>
inline int8x16_t two_tokens(const Record<T>& record, int first, int second, int col) {
  return vcombine_s8(vld1_s8(record.codes(first) + col), vld1_s8(record.codes(second) + col));
}

// Products of a part, the columns that share a weight scale: sums[p][j] is of tokens 2p and 2p + 1
// and rows 2j and 2j + 1, [2, 2]. An odd last token is multiplied twice. codes [part / 8, 8, 2, 8].
template <int kGroup, int T>
[[gnu::always_inline]] inline void multiply_part(const Record<T>& record, int first_col,
                                                 const uint8_t* codes,
                                                 int32x4_t (*sums)[kRows / 2]) {
#pragma GCC unroll 3
  for (int p = 0; p < (T + 1) / 2; ++p) {
#pragma GCC unroll 4
    for (int j = 0; j < kRows / 2; ++j) sums[p][j] = vdupq_n_s32(0);
  }
#pragma GCC unroll 4
  for (int col = 0; col < kGroup; col += 8) {
    int8x16_t rows[kRows / 2];
#pragma GCC unroll 4
    for (int j = 0; j < kRows / 2; ++j)
      rows[j] = vreinterpretq_s8_u8(vld1q_u8(codes + col * kTileRows + j * 16));
#pragma GCC unroll 3
    for (int p = 0; p < (T + 1) / 2; ++p) {
      const int8x16_t x =
          two_tokens(record, 2 * p, 2 * p + 1 < T ? 2 * p + 1 : 2 * p, first_col + col);
#pragma GCC unroll 4
      for (int j = 0; j < kRows / 2; ++j) sums[p][j] = vmmlaq_s32(sums[p][j], x, rows[j]);
    }
  }
}

// The sums of token t with rows 4q to 4q + 3.
inline int32x4_t sums_of(const int32x4_t (*sums)[kRows / 2], int t, int q) {
  const int64x2_t low = vreinterpretq_s64_s32(sums[t / 2][2 * q]);
  const int64x2_t high = vreinterpretq_s64_s32(sums[t / 2][2 * q + 1]);
  return vreinterpretq_s32_s64(t % 2 == 0 ? vtrn1q_s64(low, high) : vtrn2q_s64(low, high));
}

// T tokens from `token` on x 8 rows of a panel from `lane` on.
template <bool kMin, int kGroup, int T>
void i8mm_tile(const MatmulArgs& args, const Panel& panel, int token, int row, int lane,
               Ahead& ahead) {
  constexpr int kHalves = kGroupCols / kGroup;
  constexpr int kQuads = kRows / kLanes;
  const std::byte* records = args.quantized.tile(token);
  Vec f[kQuads][T];
#pragma GCC unroll 6
  for (int t = 0; t < T; ++t) {
#pragma GCC unroll 2
    for (int q = 0; q < kQuads; ++q) f[q][t] = vec_set1(0);
  }
  for (int g = 0; g < args.weights.cols / kGroupCols; ++g) {
    const Record<T> record{records + static_cast<size_t>(g) * (T * kGroupRecordBytes)};
    ahead.fetch();
#pragma GCC unroll 2
    for (int h = 0; h < kHalves; ++h) {
      const int part = g * kHalves + h;
      int32x4_t sums[(T + 1) / 2][kRows / 2];
      multiply_part<kGroup>(record, h * kGroup,
                            panel.codes + static_cast<size_t>(part) * kGroup * kTileRows + lane * 8,
                            sums);
#pragma GCC unroll 2
      for (int q = 0; q < kQuads; ++q) {
        const Vec scale = vec_load(panel.scales + part * kTileRows + lane + q * kLanes);
#pragma GCC unroll 6
        for (int t = 0; t < T; ++t) {
          f[q][t] = vec_fma(vec_from(sums_of(sums, t, q)),
                            vec_mul(scale, vec_set1(record.scale(t))), f[q][t]);
        }
      }
    }
    if constexpr (kMin) {
#pragma GCC unroll 2
      for (int q = 0; q < kQuads; ++q) {
        Vec mins[kHalves];
        for (int h = 0; h < kHalves; ++h)
          mins[h] = vec_load(panel.mins + (g * kHalves + h) * kTileRows + lane + q * kLanes);
#pragma GCC unroll 6
        for (int t = 0; t < T; ++t) f[q][t] = add_minimums<kGroup, T>(f[q][t], mins, record, t);
      }
    }
  }
  for (int q = 0; q < kQuads; ++q) write_out<T>(args, token, row + q * kLanes, f[q]);
}

template <CodeBits kBits, ScaleKind kScales, bool kMin, int kGroup>
void i8mm_tiles(const MatmulArgs& args, int tile_begin, int tile_end) {
  const PackedView& weights = args.weights;
  const TokenTiles token_tiles(args.tokens);
  const size_t bytes = tile_bytes(weights.layout, weights.cols).total();
  const int passes = 2 * token_tiles.count() * (weights.cols / kGroupCols);
  // decode_group() has made 8-bit codes signed
  const Codes zero = codes_set1(kBits == CodeBits::k8 ? 0 : weights.layout.zero);
  // 4 rows of 8 columns come as two vectors of 4 columns and leave as two of 2 rows
  const auto store = [zero](const Codes* codes, uint8_t* group, int slice) {
    for (int j = 0; j < 4; ++j) {
      const uint32x4_t low = vreinterpretq_u32_u8(vsubq_u8(codes[2 * j], zero));
      const uint32x4_t high = vreinterpretq_u32_u8(vsubq_u8(codes[2 * j + 1], zero));
      uint8_t* out = group + j * 128 + slice * 32;
      store_codes(out, vreinterpretq_u8_u32(vzip1q_u32(low, high)));
      store_codes(out + 16, vreinterpretq_u8_u32(vzip2q_u32(low, high)));
    }
  };
  for (int tile = tile_begin; tile < tile_end; ++tile) {
    const Panel panel = expand<kBits, kScales, kMin, kGroup>(weights, tile, args.scratch, store);
    Ahead ahead(after_tile(args, tile, tile_end, bytes), bytes, passes);
    for (int lane = 0; lane < kTileRows; lane += kRows) {
      for (int i = 0; i < token_tiles.count(); ++i) {
        const int token = token_tiles.begin(i);
        // balanced tiles are not smaller than half
        with_tokens<kTileTokens, kTileTokens / 2>(token_tiles.begin(i + 1) - token, [&]<int T>() {
          i8mm_tile<kMin, kGroup, T>(args, panel, token, tile * kTileRows + lane, lane, ahead);
        });
      }
    }
  }
}

void matmul(const MatmulArgs& args, int tile_begin, int tile_end) {
  if (args.tokens < kTokensMin || args.weights.layout.is_float()) {
    return kernels_neon().matmul(args, tile_begin, tile_end);
  }
  with_layout(args.weights.layout, [&]<CodeBits kBits, ScaleKind kScales, bool kMin, int kGroup>() {
    i8mm_tiles<kBits, kScales, kMin, kGroup>(args, tile_begin, tile_end);
  });
}

}  // namespace

const Kernels& kernels_i8mm() {
  static const Kernels kKernels = [] {
    Kernels kernels = kernels_neon();
    kernels.isa = Isa::kNeonI8mm;
    kernels.matmul = matmul;
    return kernels;
  }();
  return kKernels;
}

}  // namespace qaio
