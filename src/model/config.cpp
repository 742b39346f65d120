#include "model/config.h"

#include <algorithm>
#include <span>
#include <utility>

#include "kernels/delta_net.h"

namespace qaio {

std::string_view architecture_name(Architecture architecture) {
  switch (architecture) {
    case Architecture::kQwen2:
      return "qwen2";
    case Architecture::kQwen3:
      return "qwen3";
    case Architecture::kQwen35:
      return "qwen35";
  }
  return "unknown";
}

int ModelConfig::layers_of(LayerKind wanted) const {
  if (layer_kinds.empty()) return wanted == LayerKind::kAttention ? layers : 0;
  return static_cast<int>(std::ranges::count(layer_kinds, wanted));
}

Result<Architecture> architecture_of(std::string_view name, const std::string& label) {
  if (name == "qwen2") return Architecture::kQwen2;
  if (name == "qwen3") return Architecture::kQwen3;
  // of Hugging Face's image-text models, their text halves alone, and GGUF
  for (const char* qwen35 : {"qwen3_5", "qwen3_5_text", "qwen35"})
    if (name == qwen35) return Architecture::kQwen35;
  return fail(ErrorCode::kUnsupported,
              label + ": the model is of type " + quoted_name(name) +
                  "; supported are dense Qwen1.5, Qwen2 and Qwen2.5 (qwen2), Qwen3 (qwen3) and "
                  "Qwen3.5 (qwen35)");
}

std::vector<LayerKind> kinds_by_interval(int layers, int interval) {
  std::vector<LayerKind> kinds;
  for (int layer = 0; layer < layers; ++layer)
    kinds.push_back((layer + 1) % interval == 0 ? LayerKind::kAttention : LayerKind::kDeltaNet);
  return kinds;
}

namespace {

struct Range {
  const std::string& name;
  int value, min, max, multiple;
};

Result<void> check_ranges(std::span<const Range> ranges, const std::string& label) {
  for (const Range& r : ranges) {
    if (r.value >= r.min && r.value <= r.max && r.value % r.multiple == 0) continue;
    std::string message = label + ": " + r.name + " is " + std::to_string(r.value) +
                          " but must be in [" + std::to_string(r.min) + ", " +
                          std::to_string(r.max) + "]";
    if (r.multiple > 1) message += " and a multiple of " + std::to_string(r.multiple);
    return fail(ErrorCode::kUnsupported, std::move(message));
  }
  return {};
}

Result<void> validate_delta_net(const ModelConfig& c, const std::string& label,
                                const ConfigNames& names) {
  const DeltaNetConfig& d = c.delta;
  const Range ranges[] = {{names.delta_key_heads, d.key_heads, 1, 1024, 1},
                          {names.delta_value_heads, d.value_heads, d.key_heads, 4096, d.key_heads},
                          {names.delta_key_dim, d.key_dim, 16, kDeltaDimMax, 16},
                          {names.delta_value_dim, d.value_dim, 16, kDeltaDimMax, 16},
                          {names.delta_conv_taps, d.conv_taps, 1, kConvTapsMax, 1}};
  QAIO_RETURN_IF_ERROR(check_ranges(ranges, label));
  if (d.value_cols() % 32 != 0) {
    return fail(ErrorCode::kUnsupported,
                label + ": " + names.delta_value_heads + " times " + names.delta_value_dim +
                    " is " + std::to_string(d.value_cols()) + ", not a multiple of 32");
  }
  return {};
}

// A model whose layers are all alike says nothing of them; of the others one at least has
// attention.
Result<void> validate_kinds(const ModelConfig& c, const std::string& label) {
  const bool hybrid = c.architecture == Architecture::kQwen35;
  const size_t expected = hybrid ? static_cast<size_t>(c.layers) : 0;
  if (c.layer_kinds.size() != expected) {
    return fail(ErrorCode::kCorrupt, label + ": " + std::to_string(c.layer_kinds.size()) +
                                         " layers have a kind, not " + std::to_string(expected));
  }
  const int attention = c.layers_of(LayerKind::kAttention);
  if (attention + c.layers_of(LayerKind::kDeltaNet) != c.layers)
    return fail(ErrorCode::kCorrupt, label + ": the kind of a layer is unknown");
  if (attention > 0) return {};
  return fail(ErrorCode::kUnsupported, label + ": no layer has full attention");
}

}  // namespace

Result<void> validate_config(const ModelConfig& c, const std::string& label,
                             const ConfigNames& names) {
  const Range ranges[] = {{names.layers, c.layers, 1, 1024, 1},
                          {names.hidden, c.hidden, 32, 1 << 16, 32},
                          {names.heads, c.heads, 1, 1024, 1},
                          {names.kv_heads, c.kv_heads, 1, c.heads, 1},
                          {names.head_dim, c.head_dim, 16, 256, 16},
                          {names.intermediate, c.intermediate, 32, 1 << 20, 32},
                          {names.vocab, c.vocab, 1, 1 << 24, 1},
                          {names.context_max, c.context_max, 1, 1 << 24, 1},
                          {names.rotary_dim, c.rotary_dim, 2, c.head_dim, 2}};
  QAIO_RETURN_IF_ERROR(check_ranges(ranges, label));
  if (c.heads % c.kv_heads != 0) {
    return fail(ErrorCode::kUnsupported, label + ": " + names.heads + " is " +
                                             std::to_string(c.heads) + ", not a multiple of " +
                                             names.kv_heads + ", " + std::to_string(c.kv_heads));
  }
  if (c.q_cols() % 32 != 0) {
    return fail(ErrorCode::kUnsupported, label + ": " + names.heads + " times " + names.head_dim +
                                             " is " + std::to_string(c.q_cols()) +
                                             ", not a multiple of 32");
  }
  QAIO_RETURN_IF_ERROR(validate_kinds(c, label));
  if (c.recurrent()) QAIO_RETURN_IF_ERROR(validate_delta_net(c, label, names));
  const bool epsilon_good = c.rms_epsilon > 0 && c.rms_epsilon < 1;
  const bool theta_good = c.rope_theta >= 1 && c.rope_theta < 1e12;
  if (epsilon_good && theta_good) return {};
  return fail(
      ErrorCode::kCorrupt,
      label + ": " + (epsilon_good ? names.rope_theta : names.rms_epsilon) + " is out of range");
}

}  // namespace qaio
