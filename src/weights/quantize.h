// f32 to the weight types that `synth` and the tests write.
#pragma once

#include <cstddef>
#include <cstdint>

#include "weights/tensor.h"

namespace qaio {

// Whether quantize() can write the type: F32, F16, BF16, Q8_0, Q4_0, Q4_K, Q6_K and IQ4_NL.
bool can_quantize(TensorType type);

// Writes tensor_bytes(type, elements) bytes to `blocks`. `type` must satisfy can_quantize(),
// `elements` be a whole number of blocks, and values be finite. F16, BF16, Q8_0 and Q4_0 round as
// ggml's reference quantizers do; Q4_K, Q6_K and IQ4_NL take their scales from the extreme values
// instead of searching for the best ones as ggml does.
void quantize(TensorType type, const float* values, int64_t elements, std::byte* blocks);

}  // namespace qaio
