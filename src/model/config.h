// Hyperparameters of a dense Qwen model, from config.json or GGUF metadata.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "weights/gguf.h"

namespace qaio {

enum class Architecture : uint8_t {
  kQwen2,  // Qwen1.5, Qwen2, Qwen2.5: biases on q, k, v
  kQwen3,  // per-head RMS norm on q and k, no biases
};
std::string_view architecture_name(Architecture architecture);  // "qwen2", "qwen3"

struct ModelConfig {
  Architecture architecture = Architecture::kQwen2;
  int layers = 0;
  int hidden = 0;
  int heads = 0;
  int kv_heads = 0;
  int head_dim = 0;
  int intermediate = 0;
  int vocab = 0;
  int context_max = 0;
  float rms_epsilon = 1e-6F;
  double rope_theta = 10000;
  bool tied_head = false;  // the output head is the embedding matrix

  int q_cols() const { return heads * head_dim; }
  int kv_cols() const { return kv_heads * head_dim; }
};

// Checks what the kernels and the memory layout rely on: kUnsupported or kCorrupt.
Result<void> validate_config(const ModelConfig& config, const std::string& label);

// Both return kUnsupported for other architectures and features, kCorrupt for values out of range;
// the sentence names the file and what was found.
Result<ModelConfig> config_from_json(std::string_view config_json, const std::string& label);
// `vocab` and `tied_head` come from the tensors: GGUF has no key for them.
Result<ModelConfig> config_from_gguf(const GgufFile& file);

}  // namespace qaio
