// SIMD wrapper for Armv8.2 NEON with the dot product instructions. Operations mean what
// simd_scalar.h says; 16 lanes are four 128-bit quarters.
#pragma once

#include <arm_neon.h>

#include <cstdint>

namespace qaio {
namespace {

struct F32x16 {
  float32x4_t q0, q1, q2, q3;
};
struct I32x16 {
  int32x4_t q0, q1, q2, q3;
};

// A function of one quarter, applied to all four.
template <typename Result, typename Op, typename... Args>
inline Result quarters(Op op, Args... a) {
  return {op(a.q0...), op(a.q1...), op(a.q2...), op(a.q3...)};
}

inline F32x16 set1(float x) {
  const float32x4_t q = vdupq_n_f32(x);
  return {q, q, q, q};
}
inline F32x16 load(const float* p) {
  return {vld1q_f32(p), vld1q_f32(p + 4), vld1q_f32(p + 8), vld1q_f32(p + 12)};
}
inline void store(float* p, F32x16 a) {
  vst1q_f32(p, a.q0);
  vst1q_f32(p + 4, a.q1);
  vst1q_f32(p + 8, a.q2);
  vst1q_f32(p + 12, a.q3);
}
inline F32x16 add(F32x16 a, F32x16 b) {
  return quarters<F32x16>([](auto x, auto y) { return vaddq_f32(x, y); }, a, b);
}
inline F32x16 sub(F32x16 a, F32x16 b) {
  return quarters<F32x16>([](auto x, auto y) { return vsubq_f32(x, y); }, a, b);
}
inline F32x16 mul(F32x16 a, F32x16 b) {
  return quarters<F32x16>([](auto x, auto y) { return vmulq_f32(x, y); }, a, b);
}
inline F32x16 div(F32x16 a, F32x16 b) {
  return quarters<F32x16>([](auto x, auto y) { return vdivq_f32(x, y); }, a, b);
}
inline F32x16 fma(F32x16 a, F32x16 b, F32x16 c) {
  return quarters<F32x16>([](auto x, auto y, auto z) { return vfmaq_f32(z, x, y); }, a, b, c);
}
// Not vmaxq and vminq: those choose otherwise for NaN and for zeros of different sign.
inline F32x16 max(F32x16 a, F32x16 b) {
  return quarters<F32x16>([](auto x, auto y) { return vbslq_f32(vcgtq_f32(x, y), x, y); }, a, b);
}
inline F32x16 min(F32x16 a, F32x16 b) {
  return quarters<F32x16>([](auto x, auto y) { return vbslq_f32(vcltq_f32(x, y), x, y); }, a, b);
}
inline F32x16 abs(F32x16 a) {
  return quarters<F32x16>([](auto x) { return vabsq_f32(x); }, a);
}
inline F32x16 select_less(F32x16 a, F32x16 b, F32x16 x, F32x16 y) {
  return quarters<F32x16>(
      [](auto qa, auto qb, auto qx, auto qy) { return vbslq_f32(vcltq_f32(qa, qb), qx, qy); }, a, b,
      x, y);
}
inline I32x16 to_int(F32x16 a) {
  return quarters<I32x16>([](auto x) { return vcvtnq_s32_f32(x); }, a);
}
inline F32x16 to_float(I32x16 a) {
  return quarters<F32x16>([](auto x) { return vcvtq_f32_s32(x); }, a);
}
inline F32x16 scale_by_power(F32x16 a, I32x16 n) {
  return quarters<F32x16>(
      [](auto x, auto exponent) {
        const int32x4_t bits = vshlq_n_s32(vaddq_s32(exponent, vdupq_n_s32(127)), 23);
        return vmulq_f32(x, vreinterpretq_f32_s32(bits));
      },
      a, n);
}
inline I32x16 iota(int32_t base) {
  static constexpr int32_t kSteps[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  const int32x4_t q = vdupq_n_s32(base);
  return {vaddq_s32(q, vld1q_s32(kSteps)), vaddq_s32(q, vld1q_s32(kSteps + 4)),
          vaddq_s32(q, vld1q_s32(kSteps + 8)), vaddq_s32(q, vld1q_s32(kSteps + 12))};
}
inline I32x16 load_i8(const int8_t* p) {
  const int8x16_t bytes = vld1q_s8(p);
  const int16x8_t low = vmovl_s8(vget_low_s8(bytes));
  const int16x8_t high = vmovl_high_s8(bytes);
  return {vmovl_s16(vget_low_s16(low)), vmovl_high_s16(low), vmovl_s16(vget_low_s16(high)),
          vmovl_high_s16(high)};
}
inline void store_i8(int8_t* p, I32x16 a) {
  const int16x8_t low = vmovn_high_s32(vmovn_s32(a.q0), a.q1);
  const int16x8_t high = vmovn_high_s32(vmovn_s32(a.q2), a.q3);
  vst1q_s8(p, vmovn_high_s16(vmovn_s16(low), high));
}
inline int32_t sum(I32x16 a) {
  return vaddvq_s32(vaddq_s32(vaddq_s32(a.q0, a.q1), vaddq_s32(a.q2, a.q3)));
}
inline float sum(F32x16 a) {
  const float32x4_t q = vaddq_f32(vaddq_f32(a.q0, a.q2), vaddq_f32(a.q1, a.q3));
  const float32x2_t d = vadd_f32(vget_low_f32(q), vget_high_f32(q));
  return vget_lane_f32(d, 0) + vget_lane_f32(d, 1);
}
inline float max_lane(F32x16 a) {
  return vmaxnmvq_f32(vmaxnmq_f32(vmaxnmq_f32(a.q0, a.q1), vmaxnmq_f32(a.q2, a.q3)));
}
inline float32x4_t load_4_f16(const uint16_t* p) {
  return vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(p)));
}
inline F32x16 load_f16(const uint16_t* p) {
  return {load_4_f16(p), load_4_f16(p + 4), load_4_f16(p + 8), load_4_f16(p + 12)};
}
inline void store_f16(uint16_t* p, F32x16 a) {
  vst1_u16(p, vreinterpret_u16_f16(vcvt_f16_f32(a.q0)));
  vst1_u16(p + 4, vreinterpret_u16_f16(vcvt_f16_f32(a.q1)));
  vst1_u16(p + 8, vreinterpret_u16_f16(vcvt_f16_f32(a.q2)));
  vst1_u16(p + 12, vreinterpret_u16_f16(vcvt_f16_f32(a.q3)));
}
inline float32x4_t load_4_bf16(const uint16_t* p) {
  return vreinterpretq_f32_u32(vshlq_n_u32(vmovl_u16(vld1_u16(p)), 16));
}
inline F32x16 load_bf16(const uint16_t* p) {
  return {load_4_bf16(p), load_4_bf16(p + 4), load_4_bf16(p + 8), load_4_bf16(p + 12)};
}

constexpr int kLanes = 4;
// Tokens multiplied with weights decoded in registers.
constexpr int kDirectTokens = 4;
constexpr bool kSignedDot = true;  // sdot multiplies signed codes with signed activations
using Codes = uint8x16_t;
using Acc = int32x4_t;
using Vec = float32x4_t;
inline Codes load_codes(const uint8_t* p) { return vld1q_u8(p); }
inline void store_codes(uint8_t* p, Codes c) { vst1q_u8(p, c); }
inline Codes low_nibbles(Codes c) { return vandq_u8(c, vdupq_n_u8(15)); }
inline Codes high_nibbles(Codes c) { return vshrq_n_u8(c, 4); }
template <int field>
inline Codes upper_bits(Codes c) {
  const Codes mask = vdupq_n_u8(0x30);
  if constexpr (field < 2) {
    return vandq_u8(vshlq_n_u8(c, 4 - 2 * field), mask);
  } else if constexpr (field == 2) {
    return vandq_u8(c, mask);
  } else {
    return vandq_u8(vshrq_n_u8(c, 2), mask);
  }
}
inline Codes bit_or(Codes a, Codes b) { return vorrq_u8(a, b); }
inline Codes codes_set1(uint8_t x) { return vdupq_n_u8(x); }
inline Codes bit_xor(Codes a, Codes b) { return veorq_u8(a, b); }
inline Acc acc_zero() { return vdupq_n_s32(0); }
using Shift = int32x4_t;
inline Shift shift_by(int bits) { return vdupq_n_s32(bits); }
inline Acc acc_shifted(int32_t x, Shift s) { return vshlq_s32(vdupq_n_s32(x), s); }
inline Acc acc_add(Acc a, Acc b) { return vaddq_s32(a, b); }
inline Acc acc_sub(Acc a, Acc b) { return vsubq_s32(a, b); }
inline int32_t load_4(const int8_t* a) {
  int32_t x;
  __builtin_memcpy(&x, a, 4);
  return x;
}
// The activations stay in lane 0 of a register: sdot by element needs no broadcast.
inline Acc dot4(Acc acc, Codes c, const int8_t* a) {
  const int8x8_t activations = vcreate_s8(static_cast<uint32_t>(load_4(a)));
  return vdotq_lane_s32(acc, vreinterpretq_s8_u8(c), activations, 0);
}
inline Vec vec_set1(float x) { return vdupq_n_f32(x); }
inline Vec vec_load(const float* p) { return vld1q_f32(p); }
inline void vec_store(float* p, Vec v) { vst1q_f32(p, v); }
inline Vec vec_add(Vec a, Vec b) { return vaddq_f32(a, b); }
inline Vec vec_mul(Vec a, Vec b) { return vmulq_f32(a, b); }
inline Vec vec_fma(Vec a, Vec b, Vec c) { return vfmaq_f32(c, a, b); }
inline Vec vec_load_f16(const uint16_t* p) { return load_4_f16(p); }
inline Vec vec_load_bf16(const uint16_t* p) { return load_4_bf16(p); }
inline Vec vec_load_i8(const int8_t* p) {
  const int8x8_t bytes = vcreate_s8(static_cast<uint32_t>(load_4(p)));
  return vcvtq_f32_s32(vmovl_s16(vget_low_s16(vmovl_s8(bytes))));
}
inline Vec vec_from(Acc a) { return vcvtq_f32_s32(a); }

}  // namespace
}  // namespace qaio
