// Takes a row of a ggml block format apart into unsigned codes and scales, exactly.
#pragma once

#include <cstdint>
#include <vector>

#include "weights/tensor.h"

namespace qaio {

// Scales of one row. Formats with plain scales use d (and dmin) per 32 columns; K-quants use them
// per 256 columns, with sub_scale (and sub_min) per 32 or 16 columns.
struct RowScales {
  void resize(int cols);
  std::vector<uint16_t> d;     // f16 bits
  std::vector<uint16_t> dmin;  // f16 bits
  std::vector<int8_t> sub_scale;
  std::vector<int8_t> sub_min;
};

// Fills codes [cols] and scales. False for types without codes (F32, F16, BF16).
bool read_row_codes(TensorType type, const std::byte* row, int cols, uint8_t* codes,
                    RowScales& scales);

}  // namespace qaio
