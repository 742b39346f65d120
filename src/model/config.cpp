#include "model/config.h"

#include <utility>

namespace qaio {

std::string_view architecture_name(Architecture architecture) {
  return architecture == Architecture::kQwen2 ? "qwen2" : "qwen3";
}

Result<Architecture> architecture_of(std::string_view name, const std::string& label) {
  if (name == "qwen2") return Architecture::kQwen2;
  if (name == "qwen3") return Architecture::kQwen3;
  return fail(ErrorCode::kUnsupported,
              label + ": the model is of type " + quoted_name(name) +
                  "; supported are dense Qwen1.5, Qwen2 and Qwen2.5 (qwen2) and Qwen3 (qwen3)");
}

Result<void> validate_config(const ModelConfig& c, const std::string& label,
                             const ConfigNames& names) {
  struct Range {
    const std::string& name;
    int value, min, max, multiple;
  };
  const Range ranges[] = {{names.layers, c.layers, 1, 1024, 1},
                          {names.hidden, c.hidden, 32, 1 << 16, 32},
                          {names.heads, c.heads, 1, 1024, 1},
                          {names.kv_heads, c.kv_heads, 1, c.heads, 1},
                          {names.head_dim, c.head_dim, 16, 256, 16},
                          {names.intermediate, c.intermediate, 32, 1 << 20, 32},
                          {names.vocab, c.vocab, 1, 1 << 24, 1},
                          {names.context_max, c.context_max, 1, 1 << 24, 1}};
  for (const Range& r : ranges) {
    if (r.value < r.min || r.value > r.max || r.value % r.multiple != 0) {
      std::string message = label + ": " + r.name + " is " + std::to_string(r.value) +
                            " but must be in [" + std::to_string(r.min) + ", " +
                            std::to_string(r.max) + "]";
      if (r.multiple > 1) message += " and a multiple of " + std::to_string(r.multiple);
      return fail(ErrorCode::kUnsupported, std::move(message));
    }
  }
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
  const bool epsilon_good = c.rms_epsilon > 0 && c.rms_epsilon < 1;
  const bool theta_good = c.rope_theta >= 1 && c.rope_theta < 1e12;
  if (epsilon_good && theta_good) return {};
  return fail(
      ErrorCode::kCorrupt,
      label + ": " + (epsilon_good ? names.rope_theta : names.rms_epsilon) + " is out of range");
}

}  // namespace qaio
