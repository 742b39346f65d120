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

// Of models whose layers are Gated DeltaNet but for every `interval`-th, which is full attention.
struct DeltaNetShape {
  int key_heads;
  int value_heads;
  int head_dim;
  int conv_taps;
  int interval;
  bool thinks;  // unless a request says otherwise, by its chat template

  int conv_channels() const { return (2 * key_heads + value_heads) * head_dim; }
  bool is_full(int layer) const { return (layer + 1) % interval == 0; }
};

// The dimensions of one published model; sources are the config.json files on Hugging Face.
struct ModelShape {
  std::string_view name;          // "qwen1.5-0.5b"
  std::string_view architecture;  // "qwen2", "qwen3" or "qwen35"
  int layers;
  int hidden;
  int heads;
  int kv_heads;
  int head_dim;
  int intermediate;
  int vocab;
  int context_max;
  float rope_theta;
  bool tied;                                    // output head = token embedding
  std::optional<DeltaNetShape> delta_net = {};  // qwen35 alone
};

std::span<const ModelShape> model_shapes();
// nullptr if there is no such shape.
const ModelShape* find_model_shape(std::string_view name);

struct SynthOptions {
  // Of the matrices: kF16, kQ8_0, kQ4_0, or kQ4_K for what llama.cpp calls Q4_K_M: Q6_K for the
  // output head and, in half of the layers, for down and v, or what holds it. Norms, biases and
  // what else is small are F32, as llama.cpp writes them. Rows that are no whole number of blocks
  // become Q8_0.
  TensorType type = TensorType::kF16;
  // Of token embedding and output head; nullopt: as `type` has it. llama.cpp's own Q4_0 files have
  // kQ6_K here, and so have those of qwen35; the older shapes keep what they were measured with.
  std::optional<TensorType> head = {};
  std::string_view tokenizer_json = {};  // text of a Hugging Face tokenizer.json; may be empty
  uint64_t seed = 1;
  // Called now and then with the fraction written, [0, 1].
  std::function<void(double)> progress = {};
};

// Writes a GGUF v3 file that llama.cpp loads as well. The same seed gives the same bytes.
// Weights are random with the size a freshly initialized model's have (standard deviation 0.02,
// norms near 1), so activations stay in range. Without a tokenizer the vocabulary is a small
// working BPE: the 256 bytes, words of lower-case letters, and the ChatML specials; of qwen35 all
// of its added tokens, at their published ids where the vocabulary is as large as the published
// one. kInvalidArgument for a type it cannot write or a tokenizer that does not fit the shape's
// vocabulary; kIo with the path when writing fails. `path` is replaced only by a finished file.
Result<void> synthesize_gguf(const ModelShape& shape, const SynthOptions& options,
                             const std::filesystem::path& path);

}  // namespace qaio
