// SIMD wrapper for AVX-512 with VNNI. Operations mean what simd_scalar.h says.
#pragma once

#include <immintrin.h>

#include <cstdint>

namespace qaio {
namespace {

using F32x16 = __m512;
using I32x16 = __m512i;

inline F32x16 set1(float x) { return _mm512_set1_ps(x); }
inline F32x16 load(const float* p) { return _mm512_loadu_ps(p); }
inline void store(float* p, F32x16 a) { _mm512_storeu_ps(p, a); }
inline F32x16 add(F32x16 a, F32x16 b) { return _mm512_add_ps(a, b); }
inline F32x16 sub(F32x16 a, F32x16 b) { return _mm512_sub_ps(a, b); }
inline F32x16 mul(F32x16 a, F32x16 b) { return _mm512_mul_ps(a, b); }
inline F32x16 div(F32x16 a, F32x16 b) { return _mm512_div_ps(a, b); }
inline F32x16 fma(F32x16 a, F32x16 b, F32x16 c) { return _mm512_fmadd_ps(a, b, c); }
inline F32x16 max(F32x16 a, F32x16 b) { return _mm512_max_ps(a, b); }
inline F32x16 min(F32x16 a, F32x16 b) { return _mm512_min_ps(a, b); }
inline F32x16 abs(F32x16 a) { return _mm512_abs_ps(a); }
inline F32x16 select_less(F32x16 a, F32x16 b, F32x16 x, F32x16 y) {
  return _mm512_mask_blend_ps(_mm512_cmp_ps_mask(a, b, _CMP_LT_OQ), y, x);
}
inline I32x16 to_int(F32x16 a) { return _mm512_cvtps_epi32(a); }
inline F32x16 to_float(I32x16 a) { return _mm512_cvtepi32_ps(a); }
inline F32x16 scale_by_power(F32x16 a, I32x16 n) {
  const __m512i bits = _mm512_slli_epi32(_mm512_add_epi32(n, _mm512_set1_epi32(127)), 23);
  return _mm512_mul_ps(a, _mm512_castsi512_ps(bits));
}
inline I32x16 iota(int32_t base) {
  return _mm512_add_epi32(_mm512_set1_epi32(base),
                          _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));
}
inline I32x16 load_i8(const int8_t* p) {
  return _mm512_cvtepi8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
}
inline void store_i8(int8_t* p, I32x16 a) {
  _mm_storeu_si128(reinterpret_cast<__m128i*>(p), _mm512_cvtepi32_epi8(a));
}
inline int32_t sum(I32x16 a) { return _mm512_reduce_add_epi32(a); }
inline float sum_lanes(__m256 h) {
  const __m128 q = _mm_add_ps(_mm256_castps256_ps128(h), _mm256_extractf128_ps(h, 1));
  const __m128 d = _mm_add_ps(q, _mm_movehl_ps(q, q));
  return _mm_cvtss_f32(_mm_add_ss(d, _mm_movehdup_ps(d)));
}
inline float sum(F32x16 a) {
  return sum_lanes(_mm256_add_ps(_mm512_castps512_ps256(a), _mm512_extractf32x8_ps(a, 1)));
}
inline float max_lane(F32x16 a) { return _mm512_reduce_max_ps(a); }
inline F32x16 load_f16(const uint16_t* p) {
  return _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)));
}
inline void store_f16(uint16_t* p, F32x16 a) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(p),
                      _mm512_cvtps_ph(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
}
inline F32x16 load_bf16(const uint16_t* p) {
  const __m256i h = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
  return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(h), 16));
}

constexpr int kLanes = 16;
// Tokens multiplied with weights decoded in registers: 32 of them hold 14 tokens' sums beside the 8
// codes of a group.
constexpr int kDirectTokens = 14;
constexpr bool kSignedDot = false;
using Codes = __m512i;
using Acc = __m512i;
using Vec = __m512;
inline Codes load_codes(const uint8_t* p) { return _mm512_loadu_si512(p); }
inline void store_codes(uint8_t* p, Codes c) { _mm512_storeu_si512(p, c); }
inline Codes low_nibbles(Codes c) { return _mm512_and_si512(c, _mm512_set1_epi8(15)); }
inline Codes high_nibbles(Codes c) {
  return _mm512_and_si512(_mm512_srli_epi16(c, 4), _mm512_set1_epi8(15));
}
template <int field>
inline Codes upper_bits(Codes c) {
  const Codes shifted = field < 2 ? _mm512_slli_epi16(c, field < 2 ? 4 - 2 * field : 0)
                                  : _mm512_srli_epi16(c, field < 2 ? 0 : 2 * field - 4);
  return _mm512_and_si512(shifted, _mm512_set1_epi8(0x30));
}
inline Codes bit_or(Codes a, Codes b) { return _mm512_or_si512(a, b); }
inline Codes codes_set1(uint8_t x) { return _mm512_set1_epi8(static_cast<char>(x)); }
inline Codes bit_xor(Codes a, Codes b) { return _mm512_xor_si512(a, b); }
inline Acc acc_zero() { return _mm512_setzero_si512(); }
using Shift = __m512i;
inline Shift shift_by(int bits) { return _mm512_set1_epi32(bits); }
inline Acc acc_shifted(int32_t x, Shift s) { return _mm512_sllv_epi32(_mm512_set1_epi32(x), s); }
inline Acc acc_add(Acc a, Acc b) { return _mm512_add_epi32(a, b); }
inline Acc acc_sub(Acc a, Acc b) { return _mm512_sub_epi32(a, b); }
inline int32_t load_4(const int8_t* a) {
  int32_t x;
  __builtin_memcpy(&x, a, 4);
  return x;
}
inline Acc dot4(Acc acc, Codes c, const int8_t* a) {
  return _mm512_dpbusd_epi32(acc, c, _mm512_set1_epi32(load_4(a)));
}
inline Vec vec_set1(float x) { return set1(x); }
inline Vec vec_load(const float* p) { return load(p); }
inline void vec_store(float* p, Vec v) { store(p, v); }
inline Vec vec_add(Vec a, Vec b) { return add(a, b); }
inline Vec vec_mul(Vec a, Vec b) { return mul(a, b); }
inline Vec vec_fma(Vec a, Vec b, Vec c) { return fma(a, b, c); }
inline Vec vec_load_f16(const uint16_t* p) { return load_f16(p); }
inline Vec vec_load_bf16(const uint16_t* p) { return load_bf16(p); }
inline Vec vec_load_i8(const int8_t* p) { return to_float(load_i8(p)); }
inline Vec vec_from(Acc a) { return to_float(a); }

}  // namespace
}  // namespace qaio
