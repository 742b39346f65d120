// Element-wise kernels, for the ISA whose simd_*.h was included before.
#pragma once

#include "kernels/kernels.h"

namespace qaio {
namespace {

// e^x to 1 ulp or so; exactly 1 at 0 and exactly 0 below -87 (so that masked scores vanish).
// x = n ln2 + r, |r| <= ln2 / 2, and a polynomial for e^r (Taylor to r^7; remainder < 2^-27).
inline F32x16 exp(F32x16 x) {
  const F32x16 lowest = set1(-87.0F);
  const F32x16 clamped = min(max(x, lowest), set1(88.0F));
  const I32x16 n = to_int(mul(clamped, set1(1.44269504F)));
  const F32x16 nf = to_float(n);
  // ln2 in two parts, so that n * high is exact
  F32x16 r = fma(nf, set1(-0.693359375F), clamped);
  r = fma(nf, set1(2.12194440e-4F), r);
  F32x16 p = set1(1.0F / 5040);
  p = fma(p, r, set1(1.0F / 720));
  p = fma(p, r, set1(1.0F / 120));
  p = fma(p, r, set1(1.0F / 24));
  p = fma(p, r, set1(1.0F / 6));
  p = fma(p, r, set1(0.5F));
  p = fma(p, r, set1(1.0F));
  p = fma(p, r, set1(1.0F));
  return select_less(x, lowest, set1(0.0F), scale_by_power(p, n));
}

void quantize(const float* x, const QuantizedActivations& out, int token) {
  const ActivationPlace place = activation_place(out, token);
  for (int g = 0; g < out.cols / kGroupCols; ++g) {
    const ActivationFields to = place.fields(g);
    const F32x16 low = load(x + g * 32);
    const F32x16 high = load(x + g * 32 + 16);
    const float largest = max_lane(max(abs(low), abs(high)));
    const F32x16 inverse = set1(largest > 0 ? 127.0F / largest : 0.0F);
    const I32x16 a = to_int(mul(low, inverse));
    const I32x16 b = to_int(mul(high, inverse));
    store_i8(to.codes, a);
    store_i8(to.codes + 16, b);
    const int32_t low_sum = sum(a);
    const int32_t all_sum = low_sum + sum(b);
    *to.scale = largest / 127.0F;
    *to.negated_sum = -all_sum;
    *to.negated_low_sum = -low_sum;
    *to.scaled_sum = *to.scale * static_cast<float>(all_sum);
  }
}

void rms_norm(const float* x, const float* weight, float epsilon, int n, float* out) {
  F32x16 squares = set1(0);
  for (int i = 0; i < n; i += 16) {
    const F32x16 v = load(x + i);
    squares = fma(v, v, squares);
  }
  const float mean = sum(squares) / static_cast<float>(n);
  const F32x16 scale = set1(1.0F / __builtin_sqrtf(mean + epsilon));
  for (int i = 0; i < n; i += 16) store(out + i, mul(mul(load(x + i), scale), load(weight + i)));
}

void swiglu(const float* gate, const float* up, int n, float* out) {
  for (int i = 0; i < n; i += 16) {
    const F32x16 g = load(gate + i);
    const F32x16 sigmoid = div(set1(1.0F), add(set1(1.0F), exp(sub(set1(0.0F), g))));
    store(out + i, mul(mul(g, sigmoid), load(up + i)));
  }
}

// x[0, count) and copies of `rest`; reads no more than that.
inline F32x16 load_some(const float* x, int count, float rest) {
  if (count >= 16) return load(x);
  float values[16];
  for (int i = 0; i < 16; ++i) values[i] = i < count ? x[i] : rest;
  return load(values);
}

constexpr float kInfinity = __builtin_inff();

float max_of(const float* x, int n) {
  F32x16 best[4];  // several, so that one comparison need not wait for the last
  for (F32x16& b : best) b = set1(-kInfinity);
  int i = 0;
  for (; i + 64 <= n; i += 64) {
    for (int k = 0; k < 4; ++k)
      best[k] = select_less(best[k], load(x + i + 16 * k), load(x + i + 16 * k), best[k]);
  }
  for (; i < n; i += 16) {
    const F32x16 v = load_some(x + i, n - i, -kInfinity);
    best[0] = select_less(best[0], v, v, best[0]);
  }
  return max_lane(max(max(best[0], best[1]), max(best[2], best[3])));
}

float exponentials(const float* x, float max, float scale, int n, float* out) {
  const F32x16 max_all = set1(max);
  const F32x16 scale_all = set1(scale);
  F32x16 sums = set1(0);
  int i = 0;
  for (; i + 16 <= n; i += 16) {
    const F32x16 e = exp(mul(sub(load(x + i), max_all), scale_all));
    store(out + i, e);
    sums = add(sums, e);
  }
  if (i < n) {
    const F32x16 e = exp(mul(sub(load_some(x + i, n - i, -kInfinity), max_all), scale_all));
    float values[16];
    store(values, e);
    for (int k = 0; i + k < n; ++k) out[i + k] = values[k];
    sums = add(sums, e);
  }
  return sum(sums);
}

void rotate(float* x, const float* cos, const float* sin, int rotary_dim) {
  const int half = rotary_dim / 2;
  int i = 0;
  for (; i + 16 <= half; i += 16) {
    const F32x16 a = load(x + i);
    const F32x16 b = load(x + half + i);
    const F32x16 c = load(cos + i);
    const F32x16 s = load(sin + i);
    store(x + i, fma(a, c, mul(sub(set1(0.0F), b), s)));
    store(x + half + i, fma(b, c, mul(a, s)));
  }
  for (; i < half; ++i) {
    const float a = x[i];
    const float b = x[half + i];
    x[i] = __builtin_fmaf(a, cos[i], -b * sin[i]);
    x[half + i] = __builtin_fmaf(b, cos[i], a * sin[i]);
  }
}

}  // namespace
}  // namespace qaio
