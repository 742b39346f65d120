// Every weight type as f32: the scalar specification that packed layouts and kernels are tested
// against.
#pragma once

#include <cstddef>
#include <cstdint>

#include "weights/tensor.h"

namespace qaio {

// Writes `elements` values to `out`. `elements` must be a whole number of blocks of `type`, and
// `blocks` hold tensor_bytes(type, elements) bytes in ggml's little-endian layout, at any
// alignment. Each value is computed in f32 by the format's defining formula, scale * code - offset,
// without fused operations, so results are the same bits everywhere.
void dequantize(TensorType type, const std::byte* blocks, int64_t elements, float* out);

}  // namespace qaio
