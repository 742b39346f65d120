// f32 to the weight types that `synth` and the tests write.
#pragma once

#include <cstddef>
#include <cstdint>

#include "weights/tensor.h"

namespace qaio {

// Whether quantize() can write the type: F32, F16, BF16, Q8_0, Q4_0 and Q6_K.
bool can_quantize(TensorType type);

// Writes tensor_bytes(type, elements) bytes to `blocks`. `type` must satisfy can_quantize(),
// `elements` be a whole number of blocks, and values be finite. F16, BF16, Q8_0 and Q4_0 round as
// ggml's reference quantizers do; Q6_K takes each 16-element scale from the largest magnitude
// instead of searching for the best one as ggml does.
void quantize(TensorType type, const float* values, int64_t elements, std::byte* blocks);

}  // namespace qaio
