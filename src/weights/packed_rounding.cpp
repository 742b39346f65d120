#include "weights/packed_rounding.h"

#include <cmath>

#include "base/half.h"

namespace qaio {
namespace {

constexpr int kGroup = 32;

// Nearest whole number, ties to even, for |x| < 2^22: adding 1.5 * 2^23 leaves no fraction bits.
float nearest(float x) { return (x + 0x1.8p23F) - 0x1.8p23F; }

// Also makes a number of what is none.
float clamped(float x, float low, float high) {
  x = x > low ? x : low;
  return x < high ? x : high;
}

float inverse_of(float scale) { return scale != 0 && std::isfinite(scale) ? 1.0F / scale : 0.0F; }

void encode(const float* __restrict x, float inverse, float low, float high, int zero,
            uint8_t* __restrict codes) {
  for (int k = 0; k < kGroup; ++k) {
    const float code = nearest(clamped(x[k] * inverse, low, high));
    codes[k] = static_cast<uint8_t>(static_cast<int>(code) + zero);
  }
}

// NaN if one of them is: as integers, magnitudes have the order of their values, then infinity,
// then NaN.
float largest_magnitude(const float* x) {
  int32_t largest = 0;
  for (int k = 0; k < kGroup; ++k) {
    const auto bits = static_cast<int32_t>(f32_bits(x[k]) & 0x7FFFFFFFU);
    largest = bits > largest ? bits : largest;
  }
  return f32_from_bits(static_cast<uint32_t>(largest));
}

// How well codes under this inverse scale can represent x: with the best scale for those codes,
// dot / norm, the squared error is |x|^2 - dot^2 / norm.
struct Fit {
  float dot = 0;
  float norm = 0;
};
Fit fit4(const float* x, float inverse) {
  constexpr int kLanes = 8;  // independent sums, so that the compiler may vectorize
  float dot[kLanes] = {};
  float norm[kLanes] = {};
  for (int k = 0; k < kGroup; k += kLanes) {
    for (int lane = 0; lane < kLanes; ++lane) {
      const float code = nearest(clamped(x[k + lane] * inverse, -8, 7));
      dot[lane] += x[k + lane] * code;
      norm[lane] += code * code;
    }
  }
  Fit fit;
  for (int lane = 0; lane < kLanes; ++lane) {
    fit.dot += dot[lane];
    fit.norm += norm[lane];
  }
  return fit;
}

}  // namespace

uint16_t round_group8(const float* x, uint8_t* codes) {
  const float largest = largest_magnitude(x);
  uint16_t scale = f32_to_f16(largest / 127.0F);
  // A subnormal scale may have lost so much that the largest would be clipped: the next one up.
  if (f16_to_f32(scale) * 127.5F < largest) ++scale;
  encode(x, inverse_of(f16_to_f32(scale)), -127, 127, 128, codes);
  return scale;
}

uint16_t round_group4(const float* x, uint8_t* codes) {
  if (const float largest = largest_magnitude(x); !std::isfinite(largest)) {
    encode(x, 0, -8, 7, 8, codes);
    return f32_to_f16(largest);
  }
  float extreme = 0;
  for (int k = 0; k < kGroup; ++k) extreme = std::fabs(x[k]) > std::fabs(extreme) ? x[k] : extreme;
  float best_scale = extreme / -8.0F;
  float best_gain = 0;  // dot^2 / norm
  const float unit = inverse_of(extreme);
  // From "the extreme becomes -7.2" to -8.8, which clips it in favour of the others.
  for (int step = -4; step <= 4; ++step) {
    const Fit fit = fit4(x, unit * (-8.0F + 0.2F * static_cast<float>(step)));
    if (fit.norm > 0 && fit.dot * fit.dot > best_gain * fit.norm) {
      best_gain = fit.dot * fit.dot / fit.norm;
      best_scale = fit.dot / fit.norm;
    }
  }
  const uint16_t scale = f32_to_f16(best_scale);
  encode(x, inverse_of(f16_to_f32(scale)), -8, 7, 8, codes);
  return scale;
}

}  // namespace qaio
