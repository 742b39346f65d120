#include "weights/quantize.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstring>

#include "base/half.h"
#include "weights/row_codes.h"

// Block layouts: see dequantize.cpp. Rounding: quantize_row_*_ref of ggml-quants.c.

namespace qaio {
namespace {

void store_f16(uint8_t* at, float value) {
  const uint16_t bits = f32_to_f16(value);
  std::memcpy(at, &bits, sizeof(bits));
}

float inverse(float step) { return step != 0.0f ? 1.0f / step : 0.0f; }

// The value of largest magnitude, with its sign; the first of equals.
float extreme(const float* values, int count) {
  float best = 0.0f;
  for (int i = 0; i < count; ++i) {
    if (std::fabs(values[i]) > std::fabs(best)) best = values[i];
  }
  return best;
}

// The extreme value becomes code 0, which stands for -8 steps.
void q4_0(const float* values, uint8_t* block) {
  const float step = extreme(values, 32) / -8.0f;
  const float scale = inverse(step);
  store_f16(block, step);
  const auto code = [scale](float value) {
    return std::min(15, static_cast<int>(value * scale + 8.5f));
  };
  for (int j = 0; j < 16; ++j) {
    block[2 + j] = static_cast<uint8_t>(code(values[j]) | (code(values[j + 16]) << 4));
  }
}

// The extreme value becomes the farthest of the steps, -127, and every value the nearest one.
void iq4_nl(const float* values, uint8_t* block) {
  const float step = extreme(values, 32) / -127.0f;
  const float scale = inverse(step);
  store_f16(block, step);
  const auto code = [scale](float value) {
    const auto nearest = std::ranges::min_element(
        kIq4Values, {}, [&](int8_t step_value) { return std::fabs(value * scale - step_value); });
    return static_cast<int>(nearest - kIq4Values);
  };
  for (int j = 0; j < 16; ++j)
    block[2 + j] = static_cast<uint8_t>(code(values[j]) | (code(values[j + 16]) << 4));
}

// Codes round half away from zero, as round() does.
void q8_0(const float* values, uint8_t* block) {
  const float step = std::fabs(extreme(values, 32)) / 127.0f;
  const float scale = inverse(step);
  store_f16(block, step);
  for (int j = 0; j < 32; ++j) {
    const int code = static_cast<int>(std::round(values[j] * scale));
    block[2 + j] = static_cast<uint8_t>(static_cast<int8_t>(code));
  }
}

// The 6-bit scale and minimum of sub-block `sub`, into 12 bytes: see dequantize.cpp.
void put_scale_and_minimum(uint8_t* packed, int sub, int scale, int minimum) {
  const auto put = [packed](int at, int bits) {
    packed[at] = static_cast<uint8_t>(packed[at] | bits);
  };
  if (sub < 4) {
    put(sub, scale);
    put(sub + 4, minimum);
  } else {
    put(sub + 4, (scale & 15) | (minimum & 15) << 4);
    put(sub - 4, scale >> 4 << 6);
    put(sub, minimum >> 4 << 6);
  }
}

// Sub-blocks of 32 span from their smallest value, or 0, to their largest in 15 steps; the largest
// step and the largest minimum become 63.
void q4_k(const float* values, uint8_t* block) {
  float steps[8];
  float minimums[8];  // negated
  for (int sub = 0; sub < 8; ++sub) {
    const auto [least, most] = std::minmax_element(values + 32 * sub, values + 32 * (sub + 1));
    minimums[sub] = -std::min(*least, 0.0f);
    steps[sub] = (std::max(*most, 0.0f) + minimums[sub]) / 15.0f;
  }
  const float super_step = extreme(steps, 8) / 63.0f;
  const float super_minimum = extreme(minimums, 8) / 63.0f;
  std::memset(block, 0, 144);
  store_f16(block, super_step);
  store_f16(block + 2, super_minimum);
  for (int sub = 0; sub < 8; ++sub) {
    const auto scale_code = static_cast<int>(std::nearbyint(steps[sub] * inverse(super_step)));
    const auto minimum_code =
        static_cast<int>(std::nearbyint(minimums[sub] * inverse(super_minimum)));
    put_scale_and_minimum(block + 4, sub, scale_code, minimum_code);
    const float scale = inverse(super_step * static_cast<float>(scale_code));
    const float minimum = super_minimum * static_cast<float>(minimum_code);
    uint8_t* run = block + 16 + sub / 2 * 32;
    for (int l = 0; l < 32; ++l) {
      const float rounded = std::nearbyint((values[32 * sub + l] + minimum) * scale);
      const int code = static_cast<int>(std::clamp(rounded, 0.0f, 15.0f));
      run[l] = static_cast<uint8_t>(run[l] | code << (sub % 2 * 4));
    }
  }
}

// Sub-block extremes become code -32, and the largest sub-block step becomes scale -128.
void q6_k(const float* values, uint8_t* block) {
  float steps[16];
  for (int sub = 0; sub < 16; ++sub) steps[sub] = extreme(values + 16 * sub, 16) / -32.0f;
  const float super_step = extreme(steps, 16) / -128.0f;
  const float super_scale = inverse(super_step);
  std::memset(block, 0, 208);
  store_f16(block + 208, super_step);
  for (int sub = 0; sub < 16; ++sub) {
    const auto scale_code =
        static_cast<int>(std::clamp(std::nearbyint(steps[sub] * super_scale), -128.0f, 127.0f));
    block[192 + sub] = static_cast<uint8_t>(static_cast<int8_t>(scale_code));
    const float scale = inverse(super_step * static_cast<float>(scale_code));
    const int in_half = sub % 8;
    uint8_t* low = block + sub / 8 * 64 + in_half % 4 * 16;
    uint8_t* high = block + 128 + sub / 8 * 32 + in_half % 2 * 16;
    for (int l = 0; l < 16; ++l) {
      const float rounded = std::nearbyint(values[16 * sub + l] * scale);
      const int code = static_cast<int>(std::clamp(rounded, -32.0f, 31.0f)) + 32;
      low[l] = static_cast<uint8_t>(low[l] | ((code & 15) << (in_half / 4 * 4)));
      high[l] = static_cast<uint8_t>(high[l] | ((code >> 4) << (in_half / 2 * 2)));
    }
  }
}

template <void (*Block)(const float*, uint8_t*)>
void each_block(const TensorTraits& traits, const float* values, int64_t elements, uint8_t* out) {
  for (int64_t i = 0; i < elements; i += traits.block_elements) {
    Block(values + i, out);
    out += traits.block_bytes;
  }
}

template <uint16_t (*Convert)(float)>
void each_half(const float* values, int64_t elements, uint8_t* out) {
  for (int64_t i = 0; i < elements; ++i) {
    const uint16_t bits = Convert(values[i]);
    std::memcpy(out + 2 * i, &bits, sizeof(bits));
  }
}

}  // namespace

bool can_quantize(TensorType type) {
  switch (type) {
    case TensorType::kF32:
    case TensorType::kF16:
    case TensorType::kBF16:
    case TensorType::kQ8_0:
    case TensorType::kQ4_0:
    case TensorType::kQ4_K:
    case TensorType::kQ6_K:
    case TensorType::kIQ4_NL:
      return true;
    default:
      return false;
  }
}

void quantize(TensorType type, const float* values, int64_t elements, std::byte* blocks) {
  assert(can_quantize(type));
  auto* out = reinterpret_cast<uint8_t*>(blocks);
  const TensorTraits& traits = tensor_traits(type);
  if (elements <= 0) return;
  switch (type) {
    case TensorType::kF32:
      std::memcpy(out, values, static_cast<size_t>(elements) * sizeof(float));
      return;
    case TensorType::kF16:
      return each_half<f32_to_f16>(values, elements, out);
    case TensorType::kBF16:
      return each_half<f32_to_bf16>(values, elements, out);
    case TensorType::kQ8_0:
      return each_block<q8_0>(traits, values, elements, out);
    case TensorType::kQ4_0:
      return each_block<q4_0>(traits, values, elements, out);
    case TensorType::kQ4_K:
      return each_block<q4_k>(traits, values, elements, out);
    case TensorType::kQ6_K:
      return each_block<q6_k>(traits, values, elements, out);
    case TensorType::kIQ4_NL:
      return each_block<iq4_nl>(traits, values, elements, out);
    default:
      return;
  }
}

}  // namespace qaio
