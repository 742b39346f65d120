// Products of many tokens by AMX's int8 tiles; everything else is as AVX-512 does it. For the
// amx_tiles*.h that was included before.
//
// One instruction multiplies the codes of up to 16 tokens, 32 columns each, with those of a packed
// tile, which lie in memory as it wants them: [tokens, 32] x [32, 16 rows] -> [tokens, 16] exact
// sums. These go through memory to the vector registers, where every path's float operations
// (matmul_impl.h) follow. Codes are signed, less their zero, so that sums need no correction.
#pragma once

#include "kernels/dispatch.h"
#include "kernels/matmul_tile.h"

namespace qaio {
namespace {

constexpr int kTokensMax = 16;  // rows of a tile register
// Fewer tokens are multiplied as AVX-512 does it: for them weights need no expansion.
constexpr int kTokensMin = 13;

int amx_tile_tokens(int tokens) {
  return tokens < kTokensMin ? kernels_avx512().tile_tokens(tokens) : kTokensMax;
}

// f[t] += a part's products times its scales. A part is what shares a weight scale: a group of 32
// columns, or half of one.
template <bool kMin, int kGroup, int T>
[[gnu::always_inline]] inline void add_part(const Panel& panel, const Record<T>& record, int part,
                                            const int32_t (*sums)[kTileRows], Vec* f) {
  constexpr int kHalves = kGroupCols / kGroup;
  const Vec scale = vec_load(panel.scales + part * kTileRows);
#pragma GCC unroll 16
  for (int t = 0; t < T; ++t) {
    f[t] = vec_fma(vec_from(_mm512_load_si512(sums[t])), vec_mul(scale, vec_set1(record.scale(t))),
                   f[t]);
  }
  if (kMin && part % kHalves == kHalves - 1) {
    Vec mins[kHalves];
    for (int h = 0; h < kHalves; ++h)
      mins[h] = vec_load(panel.mins + (part - kHalves + 1 + h) * kTileRows);
#pragma GCC unroll 16
    for (int t = 0; t < T; ++t) f[t] = add_minimums<kGroup, T>(f[t], mins, record, t);
  }
}

// T tokens from `token` on x a panel's 16 rows from `row` on. A part is multiplied while the sums
// of the one before it are used, as a product takes 52 cycles to arrive. Where `tiles` has a token
// more than T, what lies behind a record's codes is multiplied, too.
template <bool kMin, int kGroup, int T>
void amx_tile(const MatmulArgs& args, const Panel& panel, const AmxTiles& tiles, int token, int row,
              Ahead& ahead) {
  constexpr int kHalves = kGroupCols / kGroup;
  const std::byte* records = args.quantized.tile(token);
  const int parts = args.weights.cols / kGroup;
  const auto record = [&](int part) {
    return Record<T>{records + static_cast<size_t>(part / kHalves) * (T * kGroupRecordBytes)};
  };
  alignas(64) int32_t sums[2][kTokensMax][kTileRows];
  const auto multiply = [&](int part) {
    tiles.multiply(record(part).codes(0) + part % kHalves * kGroup,
                   panel.codes + static_cast<size_t>(part) * kGroup * kTileRows, sums[part % 2]);
  };
  Vec f[T];
#pragma GCC unroll 16
  for (int t = 0; t < T; ++t) f[t] = vec_set1(0);
  multiply(0);
  for (int part = 0; part < parts; ++part) {
    ahead.fetch();
    if (part + 1 < parts) multiply(part + 1);
    add_part<kMin, kGroup>(panel, record(part), part, sums[part % 2], f);
  }
  write_out<T>(args, token, row, f);
}

template <CodeBits kBits, ScaleKind kScales, bool kMin, int kGroup>
void amx_tiles(const MatmulArgs& args, int tile_begin, int tile_end) {
  const PackedView& weights = args.weights;
  const TokenTiles token_tiles(args.tokens, kTokensMax);
  const AmxTiles tiles(token_tiles.begin(1), kGroup);
  const size_t bytes = tile_bytes(weights.layout, weights.cols).total();
  const int passes = token_tiles.count() * (weights.cols / kGroup);
  const Codes zero = codes_set1(weights.layout.zero);
  const auto store = [zero](Codes* codes, uint8_t* group, int slice) {
    for (int j = 0; j < 8; ++j) codes[j] = _mm512_sub_epi8(codes[j], zero);
    StoreCodes()(codes, group, slice);
  };
  for (int tile = tile_begin; tile < tile_end; ++tile) {
    const Panel panel = expand<kBits, kScales, kMin, kGroup>(weights, tile, args.scratch, store);
    Ahead ahead(after_tile(args, tile, tile_end, bytes), bytes, passes);
    for (int i = 0; i < token_tiles.count(); ++i) {
      const int token = token_tiles.begin(i);
      // balanced tiles are not smaller than half
      with_tokens<kTokensMax, kTokensMax / 2>(token_tiles.begin(i + 1) - token, [&]<int T>() {
        amx_tile<kMin, kGroup, T>(args, panel, tiles, token, tile * kTileRows, ahead);
      });
    }
  }
}

void amx_matmul(const MatmulArgs& args, int tile_begin, int tile_end) {
  if (args.tokens < kTokensMin || args.weights.layout.is_float()) {
    return kernels_avx512().matmul(args, tile_begin, tile_end);
  }
  with_layout(args.weights.layout, [&]<CodeBits kBits, ScaleKind kScales, bool kMin, int kGroup>() {
    amx_tiles<kBits, kScales, kMin, kGroup>(args, tile_begin, tile_end);
  });
}

Kernels make_amx_kernels() {
  Kernels kernels = kernels_avx512();
  kernels.isa = Isa::kAmx;
  kernels.matmul = amx_matmul;
  kernels.tile_tokens = amx_tile_tokens;
  return kernels;
}

}  // namespace
}  // namespace qaio
