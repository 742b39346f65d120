// Random models of the real shapes, for measuring speed and memory without a download.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string_view>

#include "base/result.h"
#include "weights/tensor.h"

namespace qaio {

// The dimensions of one published model; sources are the config.json files on Hugging Face.
struct ModelShape {
  std::string_view name;          // "qwen1.5-0.5b"
  std::string_view architecture;  // "qwen2" or "qwen3"
  int layers;
  int hidden;
  int heads;
  int kv_heads;
  int head_dim;
  int intermediate;
  int vocab;
  int context_max;
  float rope_theta;
  bool tied;  // output head = token embedding
};

std::span<const ModelShape> model_shapes();
// nullptr if there is no such shape.
const ModelShape* find_model_shape(std::string_view name);

struct SynthOptions {
  TensorType type = TensorType::kF16;  // kF16, kQ8_0 or kQ4_0; norms and biases are F32
  std::optional<TensorType> head;      // of embedding and output; kQ6_K as llama.cpp's Q4_0
  std::string_view tokenizer_json;     // bytes of a Hugging Face tokenizer.json; may be empty
  uint64_t seed = 1;
  std::function<void(double)> progress;  // called with the fraction written, [0, 1]
};

// Writes a GGUF v3 file that llama.cpp loads as well. The same seed gives the same bytes.
// Weights are random with the size a trained model's have, so activations stay in range.
// Without a tokenizer the vocabulary is the 256 bytes, filler tokens and the ChatML specials.
// kInvalidArgument for a type it cannot write or a tokenizer that does not fit the shape's
// vocabulary; kIo with the path when writing fails (the unfinished file is removed).
Result<void> synthesize_gguf(const ModelShape& shape, const SynthOptions& options,
                             const std::filesystem::path& path);

}  // namespace qaio
