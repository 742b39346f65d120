// The tensors of a synthesized model; private to weights/.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "weights/synth.h"
#include "weights/tensor.h"

namespace qaio {

// What a tensor's random values are.
enum class SynthFill : uint8_t {
  kNormal,  // of `mean` and `deviation`
  kDecay,   // ssm_a: -1 to -16 over the heads, about as published models begin
  kStep,    // ssm_dt.bias: with that decay, a state keeps 0.9 to 0.999 of itself at each token
};

struct PlannedTensor {
  std::string name;
  TensorType type;
  std::vector<int64_t> shape;
  float mean;
  float deviation;
  SynthFill fill = SynthFill::kNormal;
};

// Names, shapes and types as llama.cpp's converter and quantizer write them. `head` as in
// SynthOptions.
std::vector<PlannedTensor> plan_tensors(const ModelShape& shape, TensorType matrix,
                                        std::optional<TensorType> head);

}  // namespace qaio
