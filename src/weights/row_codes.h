// Takes the blocks of ggml's quantized formats apart into unsigned codes and scales, exactly.
#pragma once

#include <cstddef>
#include <cstdint>

#include "weights/tensor.h"

namespace qaio {

// The widest block: a K-quant's.
inline constexpr int kBlockColsMax = 256;

// What the 4-bit codes of IQ4_NL stand for: steps that are the finer the nearer to zero.
inline constexpr int8_t kIq4Values[16] = {-127, -104, -83, -65, -49, -35, -22, -10,
                                          1,    13,   25,  38,  53,  69,  89,  113};

// Scales of one block. Formats with plain scales have one d (and dmin); K-quants also have a
// sub_scale (and sub_min) per 32 or 16 columns.
struct BlockScales {
  uint16_t d = 0;     // f16 bits
  uint16_t dmin = 0;  // f16 bits
  int8_t sub_scale[16] = {};
  int8_t sub_min[16] = {};
};

// Reads one block of a type whose blocks hold more than one element: codes [block_elements]. False
// for types without codes (F32, F16, BF16).
bool read_block_codes(TensorType type, const std::byte* block, uint8_t* codes, BlockScales& scales);

}  // namespace qaio
