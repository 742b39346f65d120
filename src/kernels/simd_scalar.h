// SIMD wrapper, plain C++: defines the meaning of every operation. Included once per ISA file, in
// an unnamed namespace, by the file that also includes the *_impl.h kernels.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>

#include "base/half.h"

namespace qaio {
namespace {

struct F32x16 {
  float v[16];
};
struct I32x16 {
  int32_t v[16];
};

#define QAIO_LANES for (int i = 0; i < 16; ++i)
inline F32x16 set1(float x) {
  F32x16 r;
  QAIO_LANES r.v[i] = x;
  return r;
}
inline F32x16 load(const float* p) {
  F32x16 r;
  std::memcpy(r.v, p, 64);
  return r;
}
inline void store(float* p, F32x16 a) { std::memcpy(p, a.v, 64); }
inline F32x16 add(F32x16 a, F32x16 b) {
  QAIO_LANES a.v[i] += b.v[i];
  return a;
}
inline F32x16 sub(F32x16 a, F32x16 b) {
  QAIO_LANES a.v[i] -= b.v[i];
  return a;
}
inline F32x16 mul(F32x16 a, F32x16 b) {
  QAIO_LANES a.v[i] *= b.v[i];
  return a;
}
inline F32x16 div(F32x16 a, F32x16 b) {
  QAIO_LANES a.v[i] /= b.v[i];
  return a;
}
// a * b + c with one rounding.
inline F32x16 fma(F32x16 a, F32x16 b, F32x16 c) {
  QAIO_LANES c.v[i] = std::fma(a.v[i], b.v[i], c.v[i]);
  return c;
}
// a > b ? a : b
inline F32x16 max(F32x16 a, F32x16 b) {
  QAIO_LANES a.v[i] = a.v[i] > b.v[i] ? a.v[i] : b.v[i];
  return a;
}
inline F32x16 min(F32x16 a, F32x16 b) {
  QAIO_LANES a.v[i] = a.v[i] < b.v[i] ? a.v[i] : b.v[i];
  return a;
}
inline F32x16 abs(F32x16 a) {
  QAIO_LANES a.v[i] = std::fabs(a.v[i]);
  return a;
}
// a < b ? x : y per lane
inline F32x16 select_less(F32x16 a, F32x16 b, F32x16 x, F32x16 y) {
  QAIO_LANES y.v[i] = a.v[i] < b.v[i] ? x.v[i] : y.v[i];
  return y;
}
// Round to nearest, ties to even.
inline I32x16 to_int(F32x16 a) {
  I32x16 r;
  QAIO_LANES r.v[i] = static_cast<int32_t>(std::nearbyintf(a.v[i]));
  return r;
}
inline F32x16 to_float(I32x16 a) {
  F32x16 r;
  QAIO_LANES r.v[i] = static_cast<float>(a.v[i]);
  return r;
}
// a * 2^n, n in [-126, 127]
inline F32x16 scale_by_power(F32x16 a, I32x16 n) {
  QAIO_LANES {
    const uint32_t bits = static_cast<uint32_t>(n.v[i] + 127) << 23;
    float power;
    std::memcpy(&power, &bits, 4);
    a.v[i] *= power;
  }
  return a;
}
// Lane index + base.
inline I32x16 iota(int32_t base) {
  I32x16 r;
  QAIO_LANES r.v[i] = base + i;
  return r;
}
inline I32x16 load_i8(const int8_t* p) {
  I32x16 r;
  QAIO_LANES r.v[i] = p[i];  // NOLINT(bugprone-signed-char-misuse): a number, no character
  return r;
}
inline void store_i8(int8_t* p, I32x16 a) { QAIO_LANES p[i] = static_cast<int8_t>(a.v[i]); }
inline int32_t sum(I32x16 a) {
  int32_t s = 0;
  QAIO_LANES s += a.v[i];
  return s;
}
// Fixed tree: halves added until one lane is left.
inline float sum(F32x16 a) {
  for (int width = 8; width > 0; width /= 2)
    for (int i = 0; i < width; ++i) a.v[i] += a.v[i + width];
  return a.v[0];
}
inline float max_lane(F32x16 a) {
  float m = a.v[0];
  QAIO_LANES m = a.v[i] > m ? a.v[i] : m;
  return m;
}
inline F32x16 load_f16(const uint16_t* p) {
  F32x16 r;
  QAIO_LANES r.v[i] = f16_to_f32(p[i]);
  return r;
}
inline void store_f16(uint16_t* p, F32x16 a) { QAIO_LANES p[i] = f32_to_f16(a.v[i]); }
inline F32x16 load_bf16(const uint16_t* p) {
  F32x16 r;
  QAIO_LANES r.v[i] = bf16_to_f32(p[i]);
  return r;
}
#undef QAIO_LANES

// Native vectors of the integer products: kLanes rows of a tile at a time.
constexpr int kLanes = 16;
// Tokens multiplied with decoded weights at a time, and the most in a tile: there are no registers
// to keep more in, and every number of them takes its time to compile.
constexpr int kDirectTokens = 2;
constexpr bool kSignedDot = false;  // the dot product takes unsigned codes up to 255
struct Codes {
  uint8_t v[64];
};
using Acc = I32x16;
using Vec = F32x16;
inline Codes load_codes(const uint8_t* p) {
  Codes r;
  std::memcpy(r.v, p, 64);
  return r;
}
inline void store_codes(uint8_t* p, Codes c) { std::memcpy(p, c.v, 64); }
inline Codes low_nibbles(Codes c) {
  for (auto& x : c.v) x &= 15;
  return c;
}
inline Codes high_nibbles(Codes c) {
  for (auto& x : c.v) x >>= 4;
  return c;
}
// ((c >> 2 * field) & 3) << 4
template <int field>
inline Codes upper_bits(Codes c) {
  for (auto& x : c.v) x = static_cast<uint8_t>(((x >> (2 * field)) & 3) << 4);
  return c;
}
inline Codes bit_or(Codes a, Codes b) {
  for (int i = 0; i < 64; ++i) a.v[i] |= b.v[i];
  return a;
}
inline Codes codes_set1(uint8_t x) {
  Codes r;
  for (auto& y : r.v) y = x;
  return r;
}
inline Codes bit_xor(Codes a, Codes b) {
  for (int i = 0; i < 64; ++i) a.v[i] ^= b.v[i];
  return a;
}
inline Acc acc_zero() { return {}; }
using Shift = int;
inline Shift shift_by(int bits) { return bits; }
// x << s in every lane; 0 if s is 32
inline Acc acc_shifted(int32_t x, Shift s) {
  Acc r;
  for (auto& y : r.v) y = static_cast<int32_t>(static_cast<int64_t>(x) * (int64_t{1} << s));
  return r;
}
inline Acc acc_add(Acc a, Acc b) {
  for (int i = 0; i < 16; ++i) a.v[i] += b.v[i];
  return a;
}
inline Acc acc_sub(Acc a, Acc b) {
  for (int i = 0; i < 16; ++i) a.v[i] -= b.v[i];
  return a;
}
// acc + sum over 4 columns of code * activation, activations broadcast from a[0..3].
inline Acc dot4(Acc acc, Codes c, const int8_t* a) {
  for (int i = 0; i < 16; ++i)
    for (int k = 0; k < 4; ++k) acc.v[i] += c.v[4 * i + k] * a[k];
  return acc;
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
