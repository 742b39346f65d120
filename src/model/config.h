// Hyperparameters of a dense Qwen model, from config.json (config_json.cpp) or GGUF metadata
// (config_gguf.cpp).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "model/decision_keys.h"
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
  DecisionKeys decision;   // changes no logit, only what is made of them

  // What the file says of its tensors, for the loader to check; nullopt: nothing.
  struct Claims {
    std::optional<bool> attention_bias;
    std::optional<bool> mlp_bias;
    int mtp_layers = 0;  // behind the others, to predict several tokens at once: not used
  } claims;

  int q_cols() const { return heads * head_dim; }
  int kv_cols() const { return kv_heads * head_dim; }
};

// What a file calls the fields, for messages; by default as this program does.
struct ConfigNames {
  std::string layers = "layers";
  std::string hidden = "hidden size";
  std::string heads = "attention heads";
  std::string kv_heads = "key-value heads";
  std::string head_dim = "head dimension";
  std::string intermediate = "intermediate size";
  std::string vocab = "vocabulary size";
  std::string context_max = "context length";
  std::string rms_epsilon = "norm epsilon";
  std::string rope_theta = "rotary base";
};

// Checks what the kernels and the memory layout rely on: kUnsupported or kCorrupt, naming the
// field.
Result<void> validate_config(const ModelConfig& config, const std::string& label,
                             const ConfigNames& names = {});

// kUnsupported, naming `name`, for all but the supported ones.
Result<Architecture> architecture_of(std::string_view name, const std::string& label);

// Both return kUnsupported for other architectures and features, kCorrupt for values out of range;
// the sentence names the file, the key and what was found. Every setting that may change what a
// model says is obeyed or refused; those that change nothing are listed where they are read.
Result<ModelConfig> config_from_json(std::string_view config_json, const std::string& label);
// `vocab` and `tied_head` come from the tensors.
Result<ModelConfig> config_from_gguf(const GgufFile& file);

}  // namespace qaio
