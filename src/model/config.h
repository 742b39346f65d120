// Hyperparameters of a dense Qwen model, from config.json (config_json.cpp) or GGUF metadata
// (config_gguf.cpp).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/decision_keys.h"
#include "weights/gguf.h"

namespace qaio {

enum class Architecture : uint8_t {
  kQwen2,   // Qwen1.5, Qwen2, Qwen2.5: biases on q, k, v
  kQwen3,   // per-head RMS norm on q and k, no biases
  kQwen35,  // most layers gated delta networks, the others full attention with an output gate
};
std::string_view architecture_name(Architecture architecture);  // "qwen2", "qwen3", "qwen35"

enum class LayerKind : uint8_t { kAttention, kDeltaNet };

// Of the gated delta networks (kernels/delta_net.h); all zero in models without.
struct DeltaNetConfig {
  int key_heads = 0;
  int value_heads = 0;  // a multiple of key_heads
  int key_dim = 0;
  int value_dim = 0;
  int conv_taps = 0;
  // Value head h reads key head h % key_heads (GGUF), else h / (value_heads / key_heads).
  bool value_heads_tiled = false;

  int key_cols() const { return key_heads * key_dim; }
  int value_cols() const { return value_heads * value_dim; }
  int conv_channels() const { return 2 * key_cols() + value_cols(); }  // q, k, v
  // Value heads that read one key head, and which the i-th of them is.
  int group() const { return value_heads / key_heads; }
  int value_head_of(int key_head, int i) const {
    return value_heads_tiled ? i * key_heads + key_head : key_head * group() + i;
  }

  // What a sequence has of a layer: floats of the last inputs of the convolution, [conv_taps - 1,
  // conv_channels], and of the heads' matrices, [value_heads, key_dim, value_dim].
  size_t window_floats() const {
    return static_cast<size_t>(conv_taps - 1) * static_cast<size_t>(conv_channels());
  }
  size_t matrix_floats() const {
    return static_cast<size_t>(value_heads) * static_cast<size_t>(key_dim) *
           static_cast<size_t>(value_dim);
  }
};

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
  int rotary_dim = 0;      // of a head, what is rotated: its first dimensions
  bool tied_head = false;  // the output head is the embedding matrix
  DecisionKeys decision;   // changes no logit, only what is made of them

  // What the file says of its tensors, for the loader to check; nullopt: nothing.
  struct Claims {
    std::optional<bool> attention_bias;
    std::optional<bool> mlp_bias;
    int mtp_layers = 0;  // behind the others, to predict several tokens at once: not used
  } claims;

  DeltaNetConfig delta;
  std::vector<LayerKind> layer_kinds;  // [layers]; empty: all attention

  LayerKind kind(int layer) const {
    return layer_kinds.empty() ? LayerKind::kAttention : layer_kinds[static_cast<size_t>(layer)];
  }
  int layers_of(LayerKind wanted) const;
  bool recurrent() const { return layers_of(LayerKind::kDeltaNet) > 0; }
  // The queries of a layer with attention have a gate each for what they attend to.
  bool gated_attention() const { return architecture == Architecture::kQwen35; }

  int q_cols() const { return heads * head_dim; }
  int query_rows() const { return gated_attention() ? 2 * q_cols() : q_cols(); }
  int kv_cols() const { return kv_heads * head_dim; }
  // Columns of a token's row that a layer's first matrices fill: q, k, v; or q, k, v, z, a, b.
  int projected_cols(LayerKind kind) const {
    return kind == LayerKind::kAttention
               ? query_rows() + 2 * kv_cols()
               : delta.conv_channels() + delta.value_cols() + 2 * delta.value_heads;
  }
  // And of what its output matrix takes.
  int mixed_cols(LayerKind kind) const {
    return kind == LayerKind::kAttention ? q_cols() : delta.value_cols();
  }
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
  std::string rotary_dim = "rotary dimensions";
  std::string delta_key_heads = "linear key heads";
  std::string delta_value_heads = "linear value heads";
  std::string delta_key_dim = "linear key head dimension";
  std::string delta_value_dim = "linear value head dimension";
  std::string delta_conv_taps = "convolution kernel";
};

// Every `interval`-th layer has full attention, the last of each such group.
std::vector<LayerKind> kinds_by_interval(int layers, int interval);

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
