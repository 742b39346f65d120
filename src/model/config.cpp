#include "model/config.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/json.h"

namespace qaio {

Result<void> validate_config(const ModelConfig& c, const std::string& label) {
  struct Range {
    const char* name;
    int value, min, max, multiple;
  };
  const Range ranges[] = {{"layers", c.layers, 1, 1024, 1},
                          {"hidden size", c.hidden, 32, 1 << 16, 32},
                          {"attention heads", c.heads, 1, 1024, 1},
                          {"key-value heads", c.kv_heads, 1, c.heads, 1},
                          {"head dimension", c.head_dim, 16, 256, 16},
                          {"intermediate size", c.intermediate, 32, 1 << 20, 32},
                          {"vocabulary size", c.vocab, 1, 1 << 24, 1},
                          {"context length", c.context_max, 1, 1 << 24, 1}};
  for (const Range& r : ranges) {
    if (r.value < r.min || r.value > r.max || r.value % r.multiple != 0) {
      std::string message = label + ": " + r.name + " is " + std::to_string(r.value) +
                            " but must be in [" + std::to_string(r.min) + ", " +
                            std::to_string(r.max) + "]";
      if (r.multiple > 1) message += " and a multiple of " + std::to_string(r.multiple);
      return fail(ErrorCode::kUnsupported, std::move(message));
    }
  }
  if (c.heads % c.kv_heads != 0 || c.q_cols() % 32 != 0) {
    return fail(ErrorCode::kUnsupported, label + ": " + std::to_string(c.heads) + " heads of " +
                                             std::to_string(c.head_dim) + " do not divide into " +
                                             std::to_string(c.kv_heads) + " key-value heads");
  }
  if (!(c.rms_epsilon > 0 && c.rms_epsilon < 1) || !(c.rope_theta >= 1 && c.rope_theta < 1e12)) {
    return fail(ErrorCode::kCorrupt,
                label + ": the norm epsilon or the rotary base is out of range");
  }
  return {};
}

namespace {

Result<ModelConfig> validated(const ModelConfig& config, const std::string& label) {
  QAIO_RETURN_IF_ERROR(validate_config(config, label));
  return config;
}

// Typed access to config.json's fields.
class JsonConfig {
 public:
  JsonConfig(const boost::json::object& object, std::string label)
      : object_(object), label_(std::move(label)) {}

  Result<int> integer(const char* key, int fallback = -1) const {
    const auto* value = object_.if_contains(key);
    if ((value == nullptr || value->is_null()) && fallback >= 0) return fallback;
    if (value == nullptr) return fail(ErrorCode::kCorrupt, label_ + ": \"" + key + "\" is missing");
    boost::system::error_code ec;
    const auto number = value->to_number<int>(ec);
    if (ec || number < 0) {
      return fail(ErrorCode::kCorrupt, label_ + ": \"" + key + "\" is not a sensible whole number");
    }
    return number;
  }
  Result<double> number(const char* key, double fallback) const {
    const auto* value = object_.if_contains(key);
    if (value == nullptr) return fallback;
    boost::system::error_code ec;
    const auto number = value->to_number<double>(ec);
    if (ec) return fail(ErrorCode::kCorrupt, label_ + ": \"" + key + "\" is not a number");
    return number;
  }
  Result<bool> boolean(const char* key, bool fallback) const {
    const auto* value = object_.if_contains(key);
    if (value == nullptr || value->is_null()) return fallback;
    if (!value->is_bool())
      return fail(ErrorCode::kCorrupt, label_ + ": \"" + key + "\" is not true or false");
    return value->get_bool();
  }
  std::string text(const char* key) const {
    const auto* value = object_.if_contains(key);
    return value != nullptr && value->is_string() ? std::string(value->get_string())
                                                  : std::string();
  }
  bool present(const char* key) const {
    const auto* value = object_.if_contains(key);
    return value != nullptr && !value->is_null();
  }
  bool lists(const char* key, std::string_view name) const {
    const auto* value = object_.if_contains(key);
    const auto* array = value != nullptr ? value->if_array() : nullptr;
    return array != nullptr && std::ranges::find(*array, boost::json::value(name)) != array->end();
  }
  // The rotary base: "rope_theta", which Transformers 5 puts into "rope_parameters" with what was
  // "rope_scaling". A type other than the plain one is refused.
  Result<void> rotary(double& theta) const {
    QAIO_ASSIGN(theta, number("rope_theta", 10000));
    for (const char* key : {"rope_scaling", "rope_parameters"}) {
      if (!present(key)) continue;
      const auto* parameters = object_.at(key).if_object();
      if (parameters == nullptr) {
        return fail(ErrorCode::kCorrupt, label_ + ": \"" + key + "\" is not an object");
      }
      const JsonConfig rope(*parameters, label_);
      const std::string type = rope.text(rope.present("rope_type") ? "rope_type" : "type");
      if (type != "default") {
        return fail(ErrorCode::kUnsupported, label_ + ": the model uses rotary scaling " +
                                                 quoted_name(type) + " (" + key +
                                                 "), which is not supported");
      }
      QAIO_ASSIGN(theta, rope.number("rope_theta", theta));
    }
    return {};
  }

 private:
  const boost::json::object& object_;
  std::string label_;
};

Result<Architecture> architecture_of(std::string_view name, const std::string& label) {
  if (name == "qwen2") return Architecture::kQwen2;
  if (name == "qwen3") return Architecture::kQwen3;
  return fail(ErrorCode::kUnsupported,
              label + ": the model is of type " + quoted_name(name) +
                  "; supported are dense Qwen1.5, Qwen2 and Qwen2.5 (qwen2) and Qwen3 (qwen3)");
}

}  // namespace

std::string_view architecture_name(Architecture architecture) {
  return architecture == Architecture::kQwen2 ? "qwen2" : "qwen3";
}

Result<ModelConfig> config_from_json(std::string_view config_json, const std::string& label) {
  QAIO_ASSIGN(const boost::json::value document, parse_json(config_json, label));
  if (!document.is_object()) return fail(ErrorCode::kCorrupt, label + ": is not a JSON object");
  const JsonConfig json(document.get_object(), label);
  ModelConfig c;
  QAIO_ASSIGN(c.architecture, architecture_of(json.text("model_type"), label));
  QAIO_ASSIGN(c.layers, json.integer("num_hidden_layers"));
  QAIO_ASSIGN(c.hidden, json.integer("hidden_size"));
  QAIO_ASSIGN(c.heads, json.integer("num_attention_heads"));
  QAIO_ASSIGN(c.kv_heads, json.integer("num_key_value_heads", c.heads));
  QAIO_ASSIGN(c.head_dim, json.integer("head_dim", c.heads > 0 ? c.hidden / c.heads : 0));
  QAIO_ASSIGN(c.intermediate, json.integer("intermediate_size"));
  QAIO_ASSIGN(c.vocab, json.integer("vocab_size"));
  QAIO_ASSIGN(c.context_max, json.integer("max_position_embeddings", 32768));
  QAIO_ASSIGN(const double epsilon, json.number("rms_norm_eps", 1e-6));
  c.rms_epsilon = static_cast<float>(epsilon);
  QAIO_ASSIGN(c.tied_head, json.boolean("tie_word_embeddings", false));
  QAIO_ASSIGN(const bool may_slide, json.boolean("use_sliding_window", false));
  const bool sliding = may_slide || json.lists("layer_types", "sliding_attention");
  const std::string activation = json.text("hidden_act");
  if (!activation.empty() && activation != "silu") {
    return fail(ErrorCode::kUnsupported,
                label + ": activation " + quoted_name(activation) + ", only silu is supported");
  }
  if (sliding || json.present("quantization_config")) {
    return fail(ErrorCode::kUnsupported,
                label + ": the model uses " +
                    (sliding ? "sliding-window attention" : "a quantization_config") +
                    ", which is not supported");
  }
  QAIO_RETURN_IF_ERROR(json.rotary(c.rope_theta));
  return validated(c, label);
}

Result<ModelConfig> config_from_gguf(const GgufFile& file) {
  const std::string& label = file.label();
  QAIO_ASSIGN(const std::string_view name, file.get_string("general.architecture"));
  ModelConfig c;
  QAIO_ASSIGN(c.architecture, architecture_of(name, label));
  const std::string prefix = std::string(name) + ".";
  const auto integer = [&](const char* key, std::optional<int64_t> fallback = {}) {
    return file.get_int(prefix + key, 0, 1 << 24, fallback);
  };
  const auto assign = [](int& to, const Result<int64_t>& value) -> Result<void> {
    if (!value) return tl::unexpected<Error>(value.error());
    to = static_cast<int>(*value);
    return {};
  };
  QAIO_RETURN_IF_ERROR(assign(c.layers, integer("block_count")));
  QAIO_RETURN_IF_ERROR(assign(c.hidden, integer("embedding_length")));
  QAIO_RETURN_IF_ERROR(assign(c.heads, integer("attention.head_count")));
  QAIO_RETURN_IF_ERROR(assign(c.kv_heads, integer("attention.head_count_kv", c.heads)));
  QAIO_RETURN_IF_ERROR(
      assign(c.head_dim, integer("attention.key_length", c.heads > 0 ? c.hidden / c.heads : 0)));
  QAIO_RETURN_IF_ERROR(assign(c.intermediate, integer("feed_forward_length")));
  QAIO_RETURN_IF_ERROR(assign(c.context_max, integer("context_length", 32768)));
  QAIO_ASSIGN(const double epsilon,
              file.get_float(prefix + "attention.layer_norm_rms_epsilon", 1e-6));
  c.rms_epsilon = static_cast<float>(epsilon);
  QAIO_ASSIGN(c.rope_theta, file.get_float(prefix + "rope.freq_base", 10000));
  QAIO_ASSIGN(const std::string_view scaling,
              file.get_string(prefix + "rope.scaling.type", "none"));
  if (scaling != "none") {
    return fail(ErrorCode::kUnsupported,
                label + ": rotary scaling " + quoted_name(scaling) + " is not supported");
  }
  QAIO_ASSIGN(const TensorView* embedding, file.tensors().get("token_embd.weight"));
  c.vocab = static_cast<int>(std::min<int64_t>(embedding->rows(), INT32_MAX));
  c.tied_head = !file.tensors().contains("output.weight");
  return validated(c, label);
}

}  // namespace qaio
