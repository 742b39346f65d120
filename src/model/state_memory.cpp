#include "model/state_memory.h"

#include <algorithm>

namespace qaio {
namespace {

constexpr size_t kLineFloats = 16;
// A walk has three, goes on from one, and a quarter may be pinned.
constexpr size_t kStatesMin = 6;
constexpr size_t kStatesMax = 4096;

size_t whole_lines(size_t floats) { return (floats + kLineFloats - 1) / kLineFloats * kLineFloats; }

}  // namespace

size_t StateMemory::state_bytes(const ModelConfig& config) {
  const size_t layer =
      whole_lines(config.delta.window_floats()) + whole_lines(config.delta.matrix_floats());
  return static_cast<size_t>(config.layers_of(LayerKind::kDeltaNet)) * layer * sizeof(float);
}

int StateMemory::states_in(const ModelConfig& config, size_t bytes) {
  if (!config.recurrent()) return 0;
  return static_cast<int>(std::clamp(bytes / state_bytes(config), kStatesMin, kStatesMax));
}

Result<StateMemory> StateMemory::allocate(const ModelConfig& config, int states) {
  StateMemory memory;
  memory.layers_ = static_cast<size_t>(config.layers_of(LayerKind::kDeltaNet));
  memory.window_floats_ = whole_lines(config.delta.window_floats());
  memory.layer_floats_ = memory.window_floats_ + whole_lines(config.delta.matrix_floats());
  QAIO_ASSIGN(memory.buffer_,
              HugeBuffer::allocate(state_bytes(config) * static_cast<size_t>(states)));
  return memory;
}

}  // namespace qaio
