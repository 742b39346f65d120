// Streaming-softmax attention over blocks of 32 cached positions, for the ISA whose simd_*.h was
// included before.
//
// Per row the blocks are visited in order of position, and each block does the same operations
// whatever rows stand beside it; a block beyond a row's position leaves it bit for bit as it was
// (its weights are exactly 0, its correction exactly 1). So a row's result depends neither on the
// batch nor on how the prompt was cut.
#pragma once

#include <algorithm>

#include "kernels/kernels.h"
#include "kernels/prefetch.h"
#include "kernels/vector_impl.h"

namespace qaio {
namespace {

constexpr int kBlockKeys = 32;
constexpr int kHeadDimMax = 256;
constexpr float kMasked = -1e30F;  // far below any score, far above float's lowest

template <KvType kType>
struct KvElement;
template <>
struct KvElement<KvType::kF16> {
  using Type = uint16_t;
  static F32x16 load16(const Type* p) { return load_f16(p); }
};
template <>
struct KvElement<KvType::kQ8> {
  using Type = int8_t;
  static F32x16 load16(const Type* p) { return to_float(load_i8(p)); }
};
template <>
struct KvElement<KvType::kF32> {
  using Type = float;
  static F32x16 load16(const Type* p) { return load(p); }
};

// Scales of the positions [32] of a kQ8 block.
inline const float* block_scales(const std::byte* block, int head_dim) {
  return reinterpret_cast<const float*>(block + static_cast<size_t>(head_dim) * kBlockKeys);
}

// Quarters of blocks, each half of its keys or of its values, that are fetched in the halves of a
// loop over keys or values.
struct Fetched {
  const std::byte* first;
  const std::byte* second;
};

// scores[r] = scale * q[r] . keys, masked beyond positions[r]. With kFetch, `ahead` is fetched.
template <KvType kType, int R, bool kFetch>
inline void block_scores(const AttentionArgs& args, int row, const std::byte* keys,
                         const Fetched& ahead, int first_position, float (*scores)[kBlockKeys]) {
  using Element = KvElement<kType>;
  constexpr int kRowBytes = kBlockKeys * sizeof(typename Element::Type);
  const auto* k = reinterpret_cast<const typename Element::Type*>(keys);
  const int half_dim = args.head_dim / 2;
  F32x16 acc[R][2];
  for (int r = 0; r < R; ++r) acc[r][0] = acc[r][1] = set1(0);
  const float* q = args.q + static_cast<size_t>(row) * args.q_stride;
  for (int half = 0; half < 2; ++half) {
    const std::byte* line = half == 0 ? ahead.first : ahead.second;
    for (int d = half * half_dim; d < (half + 1) * half_dim; ++d, line += kRowBytes) {
      if constexpr (kFetch) {
        for (int byte = 0; byte < kRowBytes; byte += 64) prefetch_l2(line + byte);
      }
      const F32x16 k0 = Element::load16(k + d * kBlockKeys);
      const F32x16 k1 = Element::load16(k + d * kBlockKeys + 16);
      for (int r = 0; r < R; ++r) {
        const F32x16 x = set1(q[static_cast<size_t>(r) * args.q_stride + d]);
        acc[r][0] = fma(x, k0, acc[r][0]);
        acc[r][1] = fma(x, k1, acc[r][1]);
      }
    }
  }
  for (int r = 0; r < R; ++r) {
    const F32x16 limit = set1(static_cast<float>(args.positions[row + r] - first_position) + 0.5F);
    for (int half = 0; half < 2; ++half) {
      const F32x16 index = to_float(iota(half * 16));
      F32x16 score = mul(acc[r][half], set1(args.scale));
      if constexpr (kType == KvType::kQ8)
        score = mul(score, load(block_scales(keys, args.head_dim) + half * 16));
      store(scores[r] + half * 16, select_less(index, limit, score, set1(kMasked)));
    }
  }
}

// out[r] = out[r] * correction[r] + sum_t weights[r][t] * values[t], over `keys` positions, in
// order of t: chunks of head_dim stay in registers. With kFetch, `ahead` is fetched.
template <KvType kType, int R, int V, bool kFetch>
inline void accumulate_values(const float (*weights)[kBlockKeys], const float* correction,
                              const std::byte* values, const Fetched& ahead, int head_dim,
                              int offset, int keys, float (*out)[kHeadDimMax]) {
  using Element = KvElement<kType>;
  const auto* v = reinterpret_cast<const typename Element::Type*>(values) + offset;
  F32x16 acc[R][V];
  for (int r = 0; r < R; ++r)
    for (int c = 0; c < V; ++c)
      acc[r][c] = mul(load(out[r] + offset + c * 16), set1(correction[r]));
  constexpr int kElementBytes = sizeof(typename Element::Type);
  for (int t = 0; t < keys; ++t) {
    if constexpr (kFetch) {
      const std::byte* half = t < kBlockKeys / 2 ? ahead.first : ahead.second;
      const std::byte* line = half + (t % (kBlockKeys / 2) * head_dim + offset) * kElementBytes;
      for (int byte = 0; byte < V * 16 * kElementBytes; byte += 64) prefetch_l2(line + byte);
    }
    F32x16 row[V];
    for (int c = 0; c < V; ++c)
      row[c] = Element::load16(v + static_cast<size_t>(t) * head_dim + c * 16);
    for (int r = 0; r < R; ++r) {
      const F32x16 w = set1(weights[r][t]);
      for (int c = 0; c < V; ++c) acc[r][c] = fma(w, row[c], acc[r][c]);
    }
  }
  for (int r = 0; r < R; ++r)
    for (int c = 0; c < V; ++c) store(out[r] + offset + c * 16, acc[r][c]);
}

// So far ahead is fetched: 6 KiB, or 5 of kQ8, with 64 columns. (GB/s of one and of two threads of
// Zen 5 that share a cache, 2,048 positions; f16: 4 quarters 25 and 37, 3 29 and 41, 5 32 and 39;
// kQ8: 4 quarters 18 and 31, 3 14 and 27, 5 21 and 41.)
template <KvType kType>
constexpr int kQuartersAhead = kType == KvType::kQ8 ? 5 : 3;

// With kFetch, a block is fetched before it is used: it comes from memory when its first rows
// attend to it.
template <KvType kType, int R, bool kFetch>
void attend_rows(const AttentionArgs& args, int row) {
  float out[R][kHeadDimMax];
  float scores[R][kBlockKeys];
  float largest[R];
  float correction[R];
  F32x16 total[R];
  const int half_bytes =
      args.head_dim * kBlockKeys / 2 * static_cast<int>(sizeof(typename KvElement<kType>::Type));
  int last = 0;
  for (int r = 0; r < R; ++r) {
    largest[r] = kMasked;
    total[r] = set1(0);
    for (int d = 0; d < args.head_dim; d += 16) store(out[r] + d, set1(0));
    last = args.positions[row + r] > last ? args.positions[row + r] : last;
  }
  const int last_block = last / kBlockKeys;
  const auto quarter_of = [&](int index) {
    const int block = std::min(index / 4, last_block);
    const bool after = index / 4 > last_block && args.next.keys != nullptr;
    const KvBlock of =
        after ? args.next : KvBlock{args.key_blocks[block], args.value_blocks[block]};
    return (index % 4 < 2 ? of.keys : of.values) + index % 2 * half_bytes;
  };
  for (int block = 0; block <= last_block; ++block) {
    const int first = block * kBlockKeys;
    const int quarter = 4 * block + kQuartersAhead<kType>;
    block_scores<kType, R, kFetch>(args, row, args.key_blocks[block],
                                   {quarter_of(quarter), quarter_of(quarter + 1)}, first, scores);
    for (int r = 0; r < R; ++r) {
      const F32x16 s0 = load(scores[r]);
      const F32x16 s1 = load(scores[r] + 16);
      const float block_max = max_lane(max(s0, s1));
      const float new_max = block_max > largest[r] ? block_max : largest[r];
      const F32x16 shift = set1(new_max);
      const F32x16 p0 = exp(sub(s0, shift));
      const F32x16 p1 = exp(sub(s1, shift));
      const F32x16 factor = exp(set1(largest[r] - new_max));
      if constexpr (kType == KvType::kQ8) {
        const float* scales = block_scales(args.value_blocks[block], args.head_dim);
        store(scores[r], mul(p0, load(scales)));
        store(scores[r] + 16, mul(p1, load(scales + 16)));
      } else {
        store(scores[r], p0);
        store(scores[r] + 16, p1);
      }
      total[r] = fma(total[r], factor, add(p0, p1));
      float lanes[16];
      store(lanes, factor);
      correction[r] = lanes[0];
      largest[r] = new_max;
    }
    const int keys = last - first + 1 < kBlockKeys ? last - first + 1 : kBlockKeys;
    const Fetched fetched{quarter_of(quarter + 2), quarter_of(quarter + 3)};
    int d = 0;
    for (; d + 64 <= args.head_dim; d += 64)
      accumulate_values<kType, R, 4, kFetch>(scores, correction, args.value_blocks[block], fetched,
                                             args.head_dim, d, keys, out);
    for (; d < args.head_dim; d += 16)
      accumulate_values<kType, R, 1, kFetch>(scores, correction, args.value_blocks[block], fetched,
                                             args.head_dim, d, keys, out);
  }
  for (int r = 0; r < R; ++r) {
    const F32x16 inverse = set1(1.0F / sum(total[r]));
    float* to = args.out + static_cast<size_t>(row + r) * args.out_stride;
    for (int d = 0; d < args.head_dim; d += 16) store(to + d, mul(load(out[r] + d), inverse));
  }
}

template <KvType kType, int R>
void attend_rows_from(const AttentionArgs& args, int row) {
  row == 0 ? attend_rows<kType, R, true>(args, row) : attend_rows<kType, R, false>(args, row);
}

template <KvType kType>
void attend(const AttentionArgs& args) {
  constexpr int kRows = kLanes == 16 ? 6 : 2;
  int row = 0;
  for (; row + kRows <= args.rows; row += kRows) attend_rows_from<kType, kRows>(args, row);
  for (; row + 2 <= args.rows; row += 2) attend_rows_from<kType, 2>(args, row);
  for (; row < args.rows; ++row) attend_rows_from<kType, 1>(args, row);
}

void attention(const AttentionArgs& args) {
  switch (args.kv_type) {
    case KvType::kF16:
      return attend<KvType::kF16>(args);
    case KvType::kF32:
      return attend<KvType::kF32>(args);
    case KvType::kQ8:
      return attend<KvType::kQ8>(args);
  }
}

// Saturated: an infinity in a cache would poison masked positions (0 * inf).
inline F32x16 load_for_cache(const float* p) {
  return min(max(load(p), set1(-65504.0F)), set1(65504.0F));
}

// x [head_dim] as int8 codes, `stride` bytes apart; returns their scale.
inline float store_q8(const float* x, int head_dim, int8_t* codes, int stride) {
  F32x16 largest = set1(0);
  for (int d = 0; d < head_dim; d += 16) largest = max(largest, abs(load_for_cache(x + d)));
  const float amax = max_lane(largest);
  const F32x16 inverse = set1(amax > 0 ? 127.0F / amax : 0.0F);
  for (int d = 0; d < head_dim; d += 16) {
    int8_t lanes[16];
    store_i8(lanes, to_int(mul(load_for_cache(x + d), inverse)));
    for (int i = 0; i < 16; ++i) codes[(d + i) * stride] = lanes[i];
  }
  return amax / 127.0F;
}

void store_kv(const float* key, const float* value, int head_dim, int slot, KvType type,
              std::byte* key_block, std::byte* value_block) {
  if (type == KvType::kQ8) {
    const size_t codes = static_cast<size_t>(head_dim) * kBlockKeys;
    auto* k = reinterpret_cast<int8_t*>(key_block) + slot;
    auto* v = reinterpret_cast<int8_t*>(value_block) + static_cast<size_t>(slot) * head_dim;
    reinterpret_cast<float*>(key_block + codes)[slot] = store_q8(key, head_dim, k, kBlockKeys);
    reinterpret_cast<float*>(value_block + codes)[slot] = store_q8(value, head_dim, v, 1);
    return;
  }
  if (type == KvType::kF32) {
    auto* k = reinterpret_cast<float*>(key_block) + slot;
    auto* v = reinterpret_cast<float*>(value_block) + static_cast<size_t>(slot) * head_dim;
    for (int d = 0; d < head_dim; ++d) k[d * kBlockKeys] = key[d];
    for (int d = 0; d < head_dim; d += 16) store(v + d, load(value + d));
    return;
  }
  auto* k = reinterpret_cast<uint16_t*>(key_block) + slot;
  auto* v = reinterpret_cast<uint16_t*>(value_block) + static_cast<size_t>(slot) * head_dim;
  for (int d = 0; d < head_dim; d += 16) {
    uint16_t lanes[16];
    store_f16(lanes, load_for_cache(key + d));
    for (int i = 0; i < 16; ++i) k[(d + i) * kBlockKeys] = lanes[i];
    store_f16(v + d, load_for_cache(value + d));
  }
}

}  // namespace
}  // namespace qaio
