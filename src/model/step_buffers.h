// What a step computes for its tokens: one allocation, cut into named buffers.
#pragma once

#include <cstddef>

#include "base/huge_buffer.h"
#include "base/result.h"
#include "model/config.h"

namespace qaio {

// Each buffer is shaped where it gets its place, and the memory is as large as those places, so
// that its size and its use cannot disagree. Every buffer starts on a cache line of its own, the
// last one ends where no memory follows, and a sanitizer sees a write between two of them.
struct StepBuffers {
  // For steps of at most `tokens_max` tokens. kResourceExhausted when the system refuses.
  static Result<StepBuffers> allocate(const ModelConfig& config, int tokens_max);
  static size_t bytes_of(const ModelConfig& config, int tokens_max);
  // The most columns that a matrix of the layers has.
  static int widest(const ModelConfig& config);

  float* residual = nullptr;  // [tokens, hidden]
  float* normed = nullptr;    // [tokens, hidden]
  // What a layer makes of its input: q, k and v, or all that a gated delta network takes.
  float* projected = nullptr;  // [tokens, projected_cols]
  float* mixed = nullptr;      // [tokens, mixed_cols]: what is attended, or read of states
  // [tokens, 2 * intermediate], in the place of `projected`: a layer has mixed that before it fills
  // this, and has multiplied this before the next layer fills that.
  float* gate_up = nullptr;
  float* cos = nullptr;        // [tokens, rotary_dim / 2]
  float* sin = nullptr;        // [tokens, rotary_dim / 2]
  // QuantizedActivations of any matrix's input, and of what quantizing the layers' inputs lost.
  std::byte* codes = nullptr;           // [tokens, widest]
  std::byte* residual_codes = nullptr;  // [tokens, hidden]

 private:
  // Gives each buffer its place in `memory`, or none if that is null. Returns the bytes taken.
  size_t place(const ModelConfig& config, size_t tokens, std::byte* memory);

  HugeBuffer memory_;
};

}  // namespace qaio
