#include "weights/row_codes.h"

#include <cstring>

namespace qaio {
namespace {

uint16_t u16(const uint8_t* p) { return static_cast<uint16_t>(p[0] | p[1] << 8); }

// The 16 bytes of nibbles shared by the 32-wide formats: byte i holds elements i and i + 16.
void split_nibbles(const uint8_t* nibbles, uint8_t* __restrict codes) {
  for (int i = 0; i < 16; ++i) {
    codes[i] = nibbles[i] & 15;
    codes[i + 16] = nibbles[i] >> 4;
  }
}

void add_fifth_bits(const uint8_t* bits, uint8_t* __restrict codes) {
  uint32_t high;
  std::memcpy(&high, bits, 4);
  for (int i = 0; i < 32; ++i) codes[i] |= static_cast<uint8_t>(((high >> i) & 1) << 4);
}

// The 6-bit scales and minimums of Q4_K and Q5_K: 8 + 8 of them in 12 bytes.
void read_k4_scales(const uint8_t* packed, int8_t* scales, int8_t* mins) {
  for (int j = 0; j < 4; ++j) {
    scales[j] = static_cast<int8_t>(packed[j] & 63);
    mins[j] = static_cast<int8_t>(packed[j + 4] & 63);
    scales[j + 4] = static_cast<int8_t>((packed[j + 8] & 15) | (packed[j] >> 6) << 4);
    mins[j + 4] = static_cast<int8_t>((packed[j + 8] >> 4) | (packed[j + 4] >> 6) << 4);
  }
}

void read_q2_k(const uint8_t* block, uint8_t* __restrict codes, BlockScales& s) {
  const uint8_t* scales = block;
  const uint8_t* q = block + 16;
  s.d = u16(block + 80);
  s.dmin = u16(block + 82);
  for (size_t j = 0; j < 16; ++j) {
    s.sub_scale[j] = static_cast<int8_t>(scales[j] & 15);
    s.sub_min[j] = static_cast<int8_t>(scales[j] >> 4);
  }
  for (int part = 0; part < 8; ++part) {
    const uint8_t* quarter = q + part / 4 * 32;
    for (int i = 0; i < 32; ++i) codes[part * 32 + i] = (quarter[i] >> (part % 4 * 2)) & 3;
  }
}

void read_q3_k(const uint8_t* block, uint8_t* __restrict codes, BlockScales& s) {
  const uint8_t* high = block;
  const uint8_t* q = block + 32;
  const uint8_t* scales = block + 96;
  s.d = u16(block + 108);
  for (size_t j = 0; j < 16; ++j) {
    const int low = j < 8 ? scales[j] & 15 : scales[j - 8] >> 4;
    const int top = (scales[8 + j % 4] >> (2 * (j / 4))) & 3;
    s.sub_scale[j] = static_cast<int8_t>((low | top << 4) - 32);
  }
  for (int part = 0; part < 8; ++part) {
    const uint8_t* quarter = q + part / 4 * 32;
    for (int i = 0; i < 32; ++i) {
      const int low = (quarter[i] >> (part % 4 * 2)) & 3;
      codes[part * 32 + i] = static_cast<uint8_t>(low | ((high[i] >> part) & 1) << 2);
    }
  }
}

void read_q4_k(const uint8_t* block, uint8_t* __restrict codes, BlockScales& s) {
  s.d = u16(block);
  s.dmin = u16(block + 2);
  read_k4_scales(block + 4, s.sub_scale, s.sub_min);
  const uint8_t* q = block + 16;
  for (int j = 0; j < 4; ++j) {
    for (int i = 0; i < 32; ++i) {
      codes[j * 64 + i] = q[j * 32 + i] & 15;
      codes[j * 64 + 32 + i] = q[j * 32 + i] >> 4;
    }
  }
}

void read_q5_k(const uint8_t* block, uint8_t* __restrict codes, BlockScales& s) {
  s.d = u16(block);
  s.dmin = u16(block + 2);
  read_k4_scales(block + 4, s.sub_scale, s.sub_min);
  const uint8_t* high = block + 16;
  const uint8_t* q = block + 48;
  for (int j = 0; j < 4; ++j) {
    for (int i = 0; i < 32; ++i) {
      codes[j * 64 + i] =
          static_cast<uint8_t>((q[j * 32 + i] & 15) | ((high[i] >> (2 * j)) & 1) << 4);
      codes[j * 64 + 32 + i] =
          static_cast<uint8_t>((q[j * 32 + i] >> 4) | ((high[i] >> (2 * j + 1)) & 1) << 4);
    }
  }
}

void read_q6_k(const uint8_t* block, uint8_t* __restrict codes, BlockScales& s) {
  std::memcpy(s.sub_scale, block + 192, 16);
  s.d = u16(block + 208);
  for (int n = 0; n < 2; ++n) {
    const uint8_t* low = block + n * 64;
    const uint8_t* high = block + 128 + n * 32;
    uint8_t* out = codes + n * 128;
    for (int i = 0; i < 32; ++i) {
      out[i] = static_cast<uint8_t>((low[i] & 15) | (high[i] & 3) << 4);
      out[i + 32] = static_cast<uint8_t>((low[i + 32] & 15) | ((high[i] >> 2) & 3) << 4);
      out[i + 64] = static_cast<uint8_t>((low[i] >> 4) | ((high[i] >> 4) & 3) << 4);
      out[i + 96] = static_cast<uint8_t>((low[i + 32] >> 4) | (high[i] >> 6) << 4);
    }
  }
}

// One block of 32 columns.
bool read_block32(TensorType type, const uint8_t* block, uint8_t* __restrict codes,
                  BlockScales& s) {
  s.d = u16(block);
  switch (type) {
    case TensorType::kQ8_0:
      for (int i = 0; i < 32; ++i) codes[i] = block[2 + i] ^ 0x80;
      return true;
    case TensorType::kIQ4_NL:
      split_nibbles(block + 2, codes);
      for (int i = 0; i < 32; ++i) codes[i] = static_cast<uint8_t>(kIq4Values[codes[i]] + 128);
      return true;
    case TensorType::kQ4_0:
      split_nibbles(block + 2, codes);
      return true;
    case TensorType::kQ4_1:
      s.dmin = u16(block + 2);
      split_nibbles(block + 4, codes);
      return true;
    case TensorType::kQ5_0:
      split_nibbles(block + 6, codes);
      add_fifth_bits(block + 2, codes);
      return true;
    case TensorType::kQ5_1:
      s.dmin = u16(block + 2);
      split_nibbles(block + 8, codes);
      add_fifth_bits(block + 4, codes);
      return true;
    default:
      return false;
  }
}

}  // namespace

bool read_block_codes(TensorType type, const std::byte* block, uint8_t* codes,
                      BlockScales& scales) {
  const auto* bytes = reinterpret_cast<const uint8_t*>(block);
  switch (type) {
    case TensorType::kQ2_K:
      read_q2_k(bytes, codes, scales);
      return true;
    case TensorType::kQ3_K:
      read_q3_k(bytes, codes, scales);
      return true;
    case TensorType::kQ4_K:
      read_q4_k(bytes, codes, scales);
      return true;
    case TensorType::kQ5_K:
      read_q5_k(bytes, codes, scales);
      return true;
    case TensorType::kQ6_K:
      read_q6_k(bytes, codes, scales);
      return true;
    default:
      return read_block32(type, bytes, codes, scales);
  }
}

}  // namespace qaio
