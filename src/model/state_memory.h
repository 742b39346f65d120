// The bytes behind the states of recurrent layers: [state][layer] of the convolution's last inputs,
// [conv_taps - 1, conv_channels], and the heads' matrices, each in blocks as kernels/delta_net.h
// has them.
#pragma once

#include <cstddef>

#include "base/huge_buffer.h"
#include "base/result.h"
#include "model/config.h"
#include "model/kv_cache.h"

namespace qaio {

// A layer's part of a state.
struct LayerState {
  float* window = nullptr;
  float* matrices = nullptr;
};

class StateMemory {
 public:
  // kResourceExhausted when the system refuses.
  static Result<StateMemory> allocate(const ModelConfig& config, int states);
  // How many states so many bytes hold: at least as many as a walk of questions and what it goes on
  // from need, 0 for models without recurrent layers.
  static int states_in(const ModelConfig& config, size_t bytes);
  // Of one state: layers whose kind is kDeltaNet, rounded up to whole cache lines each.
  static size_t state_bytes(const ModelConfig& config);

  // `layer`: its number among those of its kind.
  LayerState layer(StateId state, int layer) const {
    auto* memory =
        reinterpret_cast<float*>(buffer_.data()) +
        (static_cast<size_t>(state) * layers_ + static_cast<size_t>(layer)) * layer_floats_;
    return {memory, memory + window_floats_};
  }
  size_t bytes() const { return buffer_.size(); }

 private:
  HugeBuffer buffer_;
  size_t layers_ = 0;
  size_t layer_floats_ = 0;
  size_t window_floats_ = 0;
};

}  // namespace qaio
