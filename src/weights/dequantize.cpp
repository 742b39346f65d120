#include "weights/dequantize.h"

#include <bit>
#include <cstring>

#include "base/half.h"
#include "weights/row_codes.h"

// Layouts: ggml-common.h of https://github.com/ggml-org/ggml (block_q4_0 ... block_q6_K).

namespace qaio {
namespace {

static_assert(std::endian::native == std::endian::little, "weights are read as they lie in files");

float load_f16(const uint8_t* at) {
  uint16_t bits;
  std::memcpy(&bits, at, sizeof(bits));
  return f16_to_f32(bits);
}

// --- Blocks of 32: one scale, perhaps one minimum. Byte j holds codes j (low) and j + 16 (high).

void q4_0(const uint8_t* block, float* out) {
  const float scale = load_f16(block);
  for (int j = 0; j < 16; ++j) {
    const int codes = block[2 + j];
    out[j] = scale * static_cast<float>((codes & 15) - 8);
    out[j + 16] = scale * static_cast<float>((codes >> 4) - 8);
  }
}

void q4_1(const uint8_t* block, float* out) {
  const float scale = load_f16(block);
  const float minimum = load_f16(block + 2);
  for (int j = 0; j < 16; ++j) {
    const int codes = block[4 + j];
    out[j] = scale * static_cast<float>(codes & 15) + minimum;
    out[j + 16] = scale * static_cast<float>(codes >> 4) + minimum;
  }
}

// The fifth bit of code i is bit i of a 32-bit word.
int fifth_bit(const uint8_t* word, int i) { return ((word[i / 8] >> (i % 8)) & 1) << 4; }

void q5_0(const uint8_t* block, float* out) {
  const float scale = load_f16(block);
  const uint8_t* high = block + 2;
  for (int j = 0; j < 16; ++j) {
    const int codes = block[6 + j];
    out[j] = scale * static_cast<float>(((codes & 15) | fifth_bit(high, j)) - 16);
    out[j + 16] = scale * static_cast<float>(((codes >> 4) | fifth_bit(high, j + 16)) - 16);
  }
}

void q5_1(const uint8_t* block, float* out) {
  const float scale = load_f16(block);
  const float minimum = load_f16(block + 2);
  const uint8_t* high = block + 4;
  for (int j = 0; j < 16; ++j) {
    const int codes = block[8 + j];
    out[j] = scale * static_cast<float>((codes & 15) | fifth_bit(high, j)) + minimum;
    out[j + 16] = scale * static_cast<float>((codes >> 4) | fifth_bit(high, j + 16)) + minimum;
  }
}

void iq4_nl(const uint8_t* block, float* out) {
  const float scale = load_f16(block);
  for (int j = 0; j < 16; ++j) {
    const int codes = block[2 + j];
    out[j] = scale * static_cast<float>(kIq4Values[codes & 15]);
    out[j + 16] = scale * static_cast<float>(kIq4Values[codes >> 4]);
  }
}

void q8_0(const uint8_t* block, float* out) {
  const float scale = load_f16(block);
  for (int j = 0; j < 32; ++j)
    out[j] = scale * static_cast<float>(static_cast<int8_t>(block[2 + j]));
}

// --- Super-blocks of 256: an f16 scale (and minimum) times small integer ones per sub-block.

// 16 sub-blocks of 16. Each 32-byte run of codes serves 128 values: two bits per value, value l of
// quarter q in bits 2q of byte l.
void q2_k(const uint8_t* block, float* out) {
  const uint8_t* scales = block;  // low nibble: scale, high nibble: minimum
  const uint8_t* codes = block + 16;
  const float scale = load_f16(block + 80);
  const float minimum = load_f16(block + 82);
  for (int sub = 0; sub < 16; ++sub) {
    const float step = scale * static_cast<float>(scales[sub] & 15);
    const float offset = minimum * static_cast<float>(scales[sub] >> 4);
    const int quarter = sub % 8 / 2;
    const uint8_t* run = codes + sub / 8 * 32 + sub % 2 * 16;
    for (int l = 0; l < 16; ++l) {
      *out++ = step * static_cast<float>((run[l] >> (2 * quarter)) & 3) - offset;
    }
  }
}

// As Q2_K, with a third bit per value (bit sub / 2 of mask byte l) whose absence subtracts 4, and
// signed 6-bit scales: the low four bits in nibbles of bytes 0..7, the high two in bytes 8..11.
void q3_k(const uint8_t* block, float* out) {
  const uint8_t* mask = block;
  const uint8_t* codes = block + 32;
  const uint8_t* scales = block + 96;
  const float scale = load_f16(block + 108);
  for (int sub = 0; sub < 16; ++sub) {
    const int low = (scales[sub % 8] >> (sub / 8 * 4)) & 15;
    const int high = (scales[8 + sub % 4] >> (sub / 4 * 2)) & 3;
    const float step = scale * static_cast<float>((low | (high << 4)) - 32);
    const int quarter = sub % 8 / 2;
    const int first = sub % 2 * 16;
    const uint8_t* run = codes + sub / 8 * 32 + first;
    for (int l = 0; l < 16; ++l) {
      const int third = (mask[first + l] >> (sub / 2)) & 1;
      *out++ = step * static_cast<float>(((run[l] >> (2 * quarter)) & 3) - (third != 0 ? 0 : 4));
    }
  }
}

// The 6-bit scale and minimum of sub-block `sub` of Q4_K and Q5_K, out of 12 bytes: whole for the
// first four; for the others a nibble and the top two bits of the first four's bytes.
struct StepAndOffset {
  float step;
  float offset;
};
StepAndOffset step_and_offset(const uint8_t* block, int sub) {
  const float scale = load_f16(block);
  const float minimum = load_f16(block + 2);
  const uint8_t* packed = block + 4;
  int step = packed[sub % 4] & 63;
  int offset = packed[sub % 4 + 4] & 63;
  if (sub >= 4) {
    step = (packed[sub + 4] & 15) | (packed[sub - 4] >> 6 << 4);
    offset = (packed[sub + 4] >> 4) | (packed[sub] >> 6 << 4);
  }
  return {scale * static_cast<float>(step), minimum * static_cast<float>(offset)};
}

// 8 sub-blocks of 32; a 32-byte run holds an even one in its low nibbles, the next in its high.
void q4_k(const uint8_t* block, float* out) {
  const uint8_t* codes = block + 16;
  for (int sub = 0; sub < 8; ++sub) {
    const auto [step, offset] = step_and_offset(block, sub);
    const uint8_t* run = codes + sub / 2 * 32;
    for (int l = 0; l < 32; ++l) {
      *out++ = step * static_cast<float>((run[l] >> (sub % 2 * 4)) & 15) - offset;
    }
  }
}

// As Q4_K; the fifth bit of value l of a sub-block is bit `sub` of byte l of 32.
void q5_k(const uint8_t* block, float* out) {
  const uint8_t* high = block + 16;
  const uint8_t* codes = block + 48;
  for (int sub = 0; sub < 8; ++sub) {
    const auto [step, offset] = step_and_offset(block, sub);
    const uint8_t* run = codes + sub / 2 * 32;
    for (int l = 0; l < 32; ++l) {
      const int code = ((run[l] >> (sub % 2 * 4)) & 15) | (((high[l] >> sub) & 1) << 4);
      *out++ = step * static_cast<float>(code) - offset;
    }
  }
}

// 16 sub-blocks of 16 with signed 8-bit scales. Each half of 128 values has 64 bytes of low nibbles
// (the first 64 values in the low halves) and 32 bytes of high bit pairs, one pair per 32 values.
void q6_k(const uint8_t* block, float* out) {
  const float scale = load_f16(block + 208);
  for (int sub = 0; sub < 16; ++sub) {
    const float step = scale * static_cast<float>(static_cast<int8_t>(block[192 + sub]));
    const int in_half = sub % 8;
    const uint8_t* low = block + sub / 8 * 64 + in_half % 4 * 16;
    const uint8_t* high = block + 128 + sub / 8 * 32 + in_half % 2 * 16;
    for (int l = 0; l < 16; ++l) {
      const int code =
          ((low[l] >> (in_half / 4 * 4)) & 15) | (((high[l] >> (in_half / 2 * 2)) & 3) << 4);
      *out++ = step * static_cast<float>(code - 32);
    }
  }
}

template <void (*Block)(const uint8_t*, float*)>
void each_block(const TensorTraits& traits, const uint8_t* blocks, int64_t elements, float* out) {
  for (int64_t i = 0; i < elements; i += traits.block_elements) {
    Block(blocks, out + i);
    blocks += traits.block_bytes;
  }
}

template <float (*Convert)(uint16_t)>
void each_half(const uint8_t* values, int64_t elements, float* out) {
  for (int64_t i = 0; i < elements; ++i) {
    uint16_t bits;
    std::memcpy(&bits, values + 2 * i, sizeof(bits));
    out[i] = Convert(bits);
  }
}

}  // namespace

void dequantize(TensorType type, const std::byte* blocks, int64_t elements, float* out) {
  const auto* bytes = reinterpret_cast<const uint8_t*>(blocks);
  const TensorTraits& traits = tensor_traits(type);
  if (elements <= 0) return;
  switch (type) {
    case TensorType::kF32:
      std::memcpy(out, bytes, static_cast<size_t>(elements) * sizeof(float));
      return;
    case TensorType::kF16:
      return each_half<f16_to_f32>(bytes, elements, out);
    case TensorType::kBF16:
      return each_half<bf16_to_f32>(bytes, elements, out);
    case TensorType::kQ4_0:
      return each_block<q4_0>(traits, bytes, elements, out);
    case TensorType::kQ4_1:
      return each_block<q4_1>(traits, bytes, elements, out);
    case TensorType::kQ5_0:
      return each_block<q5_0>(traits, bytes, elements, out);
    case TensorType::kQ5_1:
      return each_block<q5_1>(traits, bytes, elements, out);
    case TensorType::kQ8_0:
      return each_block<q8_0>(traits, bytes, elements, out);
    case TensorType::kQ2_K:
      return each_block<q2_k>(traits, bytes, elements, out);
    case TensorType::kQ3_K:
      return each_block<q3_k>(traits, bytes, elements, out);
    case TensorType::kQ4_K:
      return each_block<q4_k>(traits, bytes, elements, out);
    case TensorType::kQ5_K:
      return each_block<q5_k>(traits, bytes, elements, out);
    case TensorType::kQ6_K:
      return each_block<q6_k>(traits, bytes, elements, out);
    case TensorType::kIQ4_NL:
      return each_block<iq4_nl>(traits, bytes, elements, out);
  }
}

}  // namespace qaio
