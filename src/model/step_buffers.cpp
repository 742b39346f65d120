#include "model/step_buffers.h"

#include <algorithm>
#include <type_traits>

#include "base/sanitizer.h"
#include "kernels/activations.h"

namespace qaio {
namespace {

constexpr size_t kCacheLine = 64;

// Between two buffers, so that a sanitizer tells the end of one from the beginning of the next.
constexpr size_t kGap = kAddressSanitizer ? kCacheLine : 0;

// Of the kinds of layers that the model has.
int widest_of(const ModelConfig& config, int (ModelConfig::*cols)(LayerKind) const) {
  int widest = 0;
  for (const LayerKind kind : {LayerKind::kAttention, LayerKind::kDeltaNet})
    if (config.layers_of(kind) > 0) widest = std::max(widest, (config.*cols)(kind));
  return widest;
}

}  // namespace

size_t StepBuffers::bytes_of(const ModelConfig& config, int tokens_max) {
  return StepBuffers().place(config, static_cast<size_t>(tokens_max), nullptr);
}

Result<StepBuffers> StepBuffers::allocate(const ModelConfig& config, int tokens_max) {
  const auto tokens = static_cast<size_t>(tokens_max);
  StepBuffers buffers;
  QAIO_ASSIGN(buffers.memory_, HugeBuffer::allocate(buffers.place(config, tokens, nullptr)));
  buffers.place(config, tokens, buffers.memory_.data());
  return buffers;
}

int StepBuffers::widest(const ModelConfig& config) {
  return std::max(
      {config.hidden, config.intermediate, widest_of(config, &ModelConfig::mixed_cols)});
}

size_t StepBuffers::place(const ModelConfig& config, size_t tokens, std::byte* memory) {
  const auto hidden = static_cast<size_t>(config.hidden);
  const auto projected_cols = static_cast<size_t>(widest_of(config, &ModelConfig::projected_cols));
  const auto mixed_cols = static_cast<size_t>(widest_of(config, &ModelConfig::mixed_cols));
  const auto intermediate = static_cast<size_t>(config.intermediate);
  const auto half_head = static_cast<size_t>(config.rotary_dim) / 2;
  size_t at = 0;
  const auto next = [&](auto*& buffer, size_t per_token) {
    using Element = std::remove_reference_t<decltype(*buffer)>;
    const size_t bytes = tokens * per_token * sizeof(Element);
    const size_t end = (at + bytes + kCacheLine - 1) / kCacheLine * kCacheLine + kGap;
    if (memory != nullptr) {
      buffer = reinterpret_cast<Element*>(memory + at);
      forbid_access(memory + at + bytes, end - at - bytes);
    }
    at = end;
  };
  next(residual, hidden);
  next(normed, hidden);
  next(projected, std::max(projected_cols, 2 * intermediate));
  gate_up = projected;
  next(mixed, mixed_cols);
  next(cos, half_head);
  next(sin, half_head);
  next(codes, QuantizedActivations::bytes(1, widest(config)));
  next(residual_codes, QuantizedActivations::bytes(1, config.hidden));
  return at;
}

}  // namespace qaio
