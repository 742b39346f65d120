// SIMD wrapper for AVX2 + FMA + F16C, with or without AVX-VNNI (QAIO_AVX_VNNI). Operations mean
// what simd_scalar.h says; 16 lanes are two 256-bit halves.
#pragma once

#include <immintrin.h>

#include <cstdint>

namespace qaio {
namespace {

struct F32x16 {
  __m256 lo, hi;
};
struct I32x16 {
  __m256i lo, hi;
};

inline F32x16 set1(float x) { return {_mm256_set1_ps(x), _mm256_set1_ps(x)}; }
inline F32x16 load(const float* p) { return {_mm256_loadu_ps(p), _mm256_loadu_ps(p + 8)}; }
inline void store(float* p, F32x16 a) {
  _mm256_storeu_ps(p, a.lo);
  _mm256_storeu_ps(p + 8, a.hi);
}
inline F32x16 add(F32x16 a, F32x16 b) {
  return {_mm256_add_ps(a.lo, b.lo), _mm256_add_ps(a.hi, b.hi)};
}
inline F32x16 sub(F32x16 a, F32x16 b) {
  return {_mm256_sub_ps(a.lo, b.lo), _mm256_sub_ps(a.hi, b.hi)};
}
inline F32x16 mul(F32x16 a, F32x16 b) {
  return {_mm256_mul_ps(a.lo, b.lo), _mm256_mul_ps(a.hi, b.hi)};
}
inline F32x16 div(F32x16 a, F32x16 b) {
  return {_mm256_div_ps(a.lo, b.lo), _mm256_div_ps(a.hi, b.hi)};
}
inline F32x16 fma(F32x16 a, F32x16 b, F32x16 c) {
  return {_mm256_fmadd_ps(a.lo, b.lo, c.lo), _mm256_fmadd_ps(a.hi, b.hi, c.hi)};
}
inline F32x16 max(F32x16 a, F32x16 b) {
  return {_mm256_max_ps(a.lo, b.lo), _mm256_max_ps(a.hi, b.hi)};
}
inline F32x16 min(F32x16 a, F32x16 b) {
  return {_mm256_min_ps(a.lo, b.lo), _mm256_min_ps(a.hi, b.hi)};
}
inline F32x16 abs(F32x16 a) {
  const __m256 mask = _mm256_castsi256_ps(_mm256_set1_epi32(0x7FFFFFFF));
  return {_mm256_and_ps(a.lo, mask), _mm256_and_ps(a.hi, mask)};
}
inline F32x16 select_less(F32x16 a, F32x16 b, F32x16 x, F32x16 y) {
  return {_mm256_blendv_ps(y.lo, x.lo, _mm256_cmp_ps(a.lo, b.lo, _CMP_LT_OQ)),
          _mm256_blendv_ps(y.hi, x.hi, _mm256_cmp_ps(a.hi, b.hi, _CMP_LT_OQ))};
}
inline I32x16 to_int(F32x16 a) { return {_mm256_cvtps_epi32(a.lo), _mm256_cvtps_epi32(a.hi)}; }
inline F32x16 to_float(I32x16 a) { return {_mm256_cvtepi32_ps(a.lo), _mm256_cvtepi32_ps(a.hi)}; }
inline __m256 scale_by_power(__m256 a, __m256i n) {
  const __m256i bits = _mm256_slli_epi32(_mm256_add_epi32(n, _mm256_set1_epi32(127)), 23);
  return _mm256_mul_ps(a, _mm256_castsi256_ps(bits));
}
inline F32x16 scale_by_power(F32x16 a, I32x16 n) {
  return {scale_by_power(a.lo, n.lo), scale_by_power(a.hi, n.hi)};
}
inline I32x16 iota(int32_t base) {
  const __m256i steps = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  return {_mm256_add_epi32(_mm256_set1_epi32(base), steps),
          _mm256_add_epi32(_mm256_set1_epi32(base + 8), steps)};
}
inline __m256i load_8_i8(const int8_t* p) {
  return _mm256_cvtepi8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(p)));
}
inline I32x16 load_i8(const int8_t* p) { return {load_8_i8(p), load_8_i8(p + 8)}; }
inline void store_i8(int8_t* p, I32x16 a) {
  // packs interleaves the 128-bit halves: put the quarters back in order
  const __m256i words = _mm256_permute4x64_epi64(_mm256_packs_epi32(a.lo, a.hi), 0xD8);
  const __m128i bytes =
      _mm_packs_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(p), bytes);
}
inline int32_t sum(I32x16 a) {
  const __m256i h = _mm256_add_epi32(a.lo, a.hi);
  __m128i q = _mm_add_epi32(_mm256_castsi256_si128(h), _mm256_extracti128_si256(h, 1));
  q = _mm_add_epi32(q, _mm_shuffle_epi32(q, 0x4E));
  return _mm_cvtsi128_si32(_mm_add_epi32(q, _mm_shuffle_epi32(q, 0xB1)));
}
inline float sum(F32x16 a) {
  const __m256 h = _mm256_add_ps(a.lo, a.hi);
  const __m128 q = _mm_add_ps(_mm256_castps256_ps128(h), _mm256_extractf128_ps(h, 1));
  const __m128 d = _mm_add_ps(q, _mm_movehl_ps(q, q));
  return _mm_cvtss_f32(_mm_add_ss(d, _mm_movehdup_ps(d)));
}
inline float max_lane(F32x16 a) {
  const __m256 h = _mm256_max_ps(a.lo, a.hi);
  const __m128 q = _mm_max_ps(_mm256_castps256_ps128(h), _mm256_extractf128_ps(h, 1));
  const __m128 d = _mm_max_ps(q, _mm_movehl_ps(q, q));
  return _mm_cvtss_f32(_mm_max_ss(d, _mm_movehdup_ps(d)));
}
inline __m256 load_8_f16(const uint16_t* p) {
  return _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
}
inline F32x16 load_f16(const uint16_t* p) { return {load_8_f16(p), load_8_f16(p + 8)}; }
inline void store_f16(uint16_t* p, F32x16 a) {
  constexpr int kRound = _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC;
  _mm_storeu_si128(reinterpret_cast<__m128i*>(p), _mm256_cvtps_ph(a.lo, kRound));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(p + 8), _mm256_cvtps_ph(a.hi, kRound));
}
inline __m256 load_8_bf16(const uint16_t* p) {
  const __m128i h = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
  return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(h), 16));
}
inline F32x16 load_bf16(const uint16_t* p) { return {load_8_bf16(p), load_8_bf16(p + 8)}; }

constexpr int kLanes = 8;
// Tokens multiplied with weights decoded in registers: 16 of them hold no more.
constexpr int kDirectTokens = 4;
using Codes = __m256i;
using Acc = __m256i;
using Vec = __m256;
inline Codes load_codes(const uint8_t* p) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
}
inline void store_codes(uint8_t* p, Codes c) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), c);
}
inline Codes low_nibbles(Codes c) { return _mm256_and_si256(c, _mm256_set1_epi8(15)); }
inline Codes high_nibbles(Codes c) {
  return _mm256_and_si256(_mm256_srli_epi16(c, 4), _mm256_set1_epi8(15));
}
template <int field>
inline Codes upper_bits(Codes c) {
  const Codes shifted = field < 2 ? _mm256_slli_epi16(c, field < 2 ? 4 - 2 * field : 0)
                                  : _mm256_srli_epi16(c, field < 2 ? 0 : 2 * field - 4);
  return _mm256_and_si256(shifted, _mm256_set1_epi8(0x30));
}
inline Codes bit_or(Codes a, Codes b) { return _mm256_or_si256(a, b); }
inline Codes codes_set1(uint8_t x) { return _mm256_set1_epi8(static_cast<char>(x)); }
inline Codes bit_xor(Codes a, Codes b) { return _mm256_xor_si256(a, b); }
inline Acc acc_zero() { return _mm256_setzero_si256(); }
using Shift = __m256i;
inline Shift shift_by(int bits) { return _mm256_set1_epi32(bits); }
inline Acc acc_shifted(int32_t x, Shift s) { return _mm256_sllv_epi32(_mm256_set1_epi32(x), s); }
inline Acc acc_add(Acc a, Acc b) { return _mm256_add_epi32(a, b); }
inline Acc acc_sub(Acc a, Acc b) { return _mm256_sub_epi32(a, b); }
inline __m256i broadcast_4(const int8_t* a) {
  int32_t x;
  __builtin_memcpy(&x, a, 4);
  return _mm256_set1_epi32(x);
}
#ifdef QAIO_AVX_VNNI
constexpr bool kSignedDot = false;
inline Acc dot4(Acc acc, Codes c, const int8_t* a) {
  return _mm256_dpbusd_avx_epi32(acc, c, broadcast_4(a));
}
#else
// Codes are signed here: pairs of |code| <= 128 times |activation| <= 127 stay within 16 bits,
// which unsigned codes up to 255 would not.
constexpr bool kSignedDot = true;
// Sums are added up in this order: GCC would compute all products first, more than there are
// registers.
inline __m256i in_order(__m256i sum) {
  asm("" : "+x"(sum));
  return sum;
}
inline Acc add_pairs(Acc acc, __m256i pairs) {
  return in_order(_mm256_add_epi32(acc, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1))));
}
inline Acc dot4(Acc acc, Codes c, const int8_t* a) {
  return add_pairs(acc,
                   _mm256_maddubs_epi16(_mm256_abs_epi8(c), _mm256_sign_epi8(broadcast_4(a), c)));
}
// Unsigned codes of up to 6 bits are multiplied as they are.
#define QAIO_UNSIGNED_PAIRS
inline __m256i unsigned_pairs(Codes c, const int8_t* a) {
  return _mm256_maddubs_epi16(c, broadcast_4(a));
}
inline __m256i add_16_bits(__m256i a, __m256i b) { return in_order(_mm256_add_epi16(a, b)); }
#endif
inline Vec vec_set1(float x) { return _mm256_set1_ps(x); }
inline Vec vec_load(const float* p) { return _mm256_loadu_ps(p); }
inline void vec_store(float* p, Vec v) { _mm256_storeu_ps(p, v); }
inline Vec vec_add(Vec a, Vec b) { return _mm256_add_ps(a, b); }
inline Vec vec_mul(Vec a, Vec b) { return _mm256_mul_ps(a, b); }
inline Vec vec_fma(Vec a, Vec b, Vec c) { return _mm256_fmadd_ps(a, b, c); }
inline Vec vec_load_f16(const uint16_t* p) { return load_8_f16(p); }
inline Vec vec_load_bf16(const uint16_t* p) { return load_8_bf16(p); }
inline Vec vec_load_i8(const int8_t* p) { return _mm256_cvtepi32_ps(load_8_i8(p)); }
inline Vec vec_from(Acc a) { return _mm256_cvtepi32_ps(a); }

}  // namespace
}  // namespace qaio
