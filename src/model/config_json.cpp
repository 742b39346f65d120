// Hugging Face's config.json. Its keys have no namespace, so that a key nobody knows may be one
// that changes the model: it is refused unless its value says "off".
#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <vector>

#include "base/json.h"
#include "model/config.h"

namespace qaio {
namespace {

// What changes nothing here: how the model was trained, saved or is run elsewhere, defaults of
// sampling (generation_config.json has them), labels of classifiers (whose tensors are refused),
// and the experts of a model without (num_experts is refused).
constexpr std::array kHarmless =
    std::to_array<std::string_view>({"architectures",
                                     "auto_map",
                                     "base_model",
                                     "base_model_name_or_path",
                                     "dtype",
                                     "torch_dtype",
                                     "transformers_version",
                                     "transformers.js_config",
                                     "name_or_path",
                                     "model_name",
                                     "license",
                                     "language",
                                     "tags",
                                     "tokenizer_class",
                                     "use_cache",
                                     "attn_implementation",
                                     "attention_implementation",
                                     "use_flash_attn",
                                     "use_flash_attention",
                                     "bf16",
                                     "fp16",
                                     "fp32",
                                     "use_bfloat16",
                                     "torchscript",
                                     "gradient_checkpointing",
                                     "pretraining_tp",
                                     "pruned_heads",
                                     "keys_to_ignore_at_inference",
                                     "output_attentions",
                                     "output_hidden_states",
                                     "output_scores",
                                     "output_router_logits",
                                     "return_dict",
                                     "return_dict_in_generate",
                                     "is_decoder",
                                     "attention_dropout",
                                     "attn_pdrop",
                                     "embd_pdrop",
                                     "resid_pdrop",
                                     "emb_dropout_prob",
                                     "hidden_dropout",
                                     "dropout",
                                     "classifier_dropout",
                                     "initializer_range",
                                     "initializer_factor",
                                     "bos_token_id",
                                     "eos_token_id",
                                     "pad_token_id",
                                     "sep_token_id",
                                     "unk_token_id",
                                     "decoder_start_token_id",
                                     "forced_bos_token_id",
                                     "forced_eos_token_id",
                                     "begin_suppress_tokens",
                                     "suppress_tokens",
                                     "bad_words_ids",
                                     "do_sample",
                                     "early_stopping",
                                     "temperature",
                                     "top_k",
                                     "top_p",
                                     "min_p",
                                     "typical_p",
                                     "repetition_penalty",
                                     "length_penalty",
                                     "diversity_penalty",
                                     "num_beams",
                                     "num_beam_groups",
                                     "num_return_sequences",
                                     "no_repeat_ngram_size",
                                     "encoder_no_repeat_ngram_size",
                                     "exponential_decay_length_penalty",
                                     "remove_invalid_values",
                                     "max_length",
                                     "min_length",
                                     "max_new_tokens",
                                     "prefix",
                                     "model_max_length",
                                     "max_seq_len",
                                     "max_sequence_length",
                                     "seq_length",
                                     "n_ctx",
                                     "n_positions",
                                     "original_max_position_embeddings",
                                     "dual_chunk_attention_config",
                                     "finetuning_task",
                                     "task_specific_params",
                                     "problem_type",
                                     "num_labels",
                                     "id2label",
                                     "label2id",
                                     "classifier_from_token",
                                     "is_original_qwen3_reranker",
                                     "num_experts_per_tok",
                                     "moe_intermediate_size",
                                     "shared_expert_intermediate_size",
                                     "decoder_sparse_step",
                                     "norm_topk_prob",
                                     "router_aux_loss_coef"});

// Private to a library, or notes of a trainer.
bool is_harmless(std::string_view key) {
  return key.starts_with('_') || key.starts_with("unsloth_") ||
         std::ranges::find(kHarmless, key) != kHarmless.end();
}

// A value that says "off": null, false, 0, "", [], {}.
bool says_off(const boost::json::value& value) {
  if (const auto* object = value.if_object()) return object->empty();
  if (const auto* array = value.if_array()) return array->empty();
  if (const auto* text = value.if_string()) return text->empty();
  if (const auto* flag = value.if_bool()) return !*flag;
  return value.is_null() || (value.is_number() && value.to_number<double>() == 0);
}

// Typed access to the settings of an object, which remembers what it was asked for. Null is as good
// as absent.
class JsonConfig {
 public:
  JsonConfig(const boost::json::object& object, std::string label)
      : object_(object), label_(std::move(label)) {}

  tl::unexpected<Error> corrupt(std::string_view key, const std::string& what) const {
    return fail(ErrorCode::kCorrupt, label_ + ": \"" + std::string(key) + "\" " + what);
  }
  // "KEY" is VALUE, and why that cannot be.
  tl::unexpected<Error> unsupported(std::string_view key, const std::string& why) const {
    constexpr size_t kShown = 60;
    const auto* value = object_.if_contains(key);
    std::string shown = value == nullptr ? "missing" : boost::json::serialize(*value);
    if (shown.size() > kShown) shown.replace(kShown, std::string::npos, "...");
    return fail(ErrorCode::kUnsupported,
                label_ + ": \"" + std::string(key) + "\" is " + shown + ", " + why);
  }

  // Null if absent.
  const boost::json::value* find(std::string_view key) const {
    asked_.insert(std::string(key));
    const auto* value = object_.if_contains(key);
    return value == nullptr || value->is_null() ? nullptr : value;
  }
  Result<int> integer(std::string_view key, std::optional<int> fallback = {}) const {
    const auto* value = find(key);
    if (value == nullptr && fallback) return *fallback;
    if (value == nullptr) return corrupt(key, "is missing");
    boost::system::error_code ec;
    const auto number = value->to_number<int>(ec);
    if (ec || number < 0) return corrupt(key, "is not a sensible whole number");
    return number;
  }
  Result<double> number(std::string_view key, double fallback) const {
    const auto* value = find(key);
    if (value == nullptr) return fallback;
    boost::system::error_code ec;
    const auto number = value->to_number<double>(ec);
    if (ec) return corrupt(key, "is not a number");
    return number;
  }
  Result<std::optional<bool>> flag(std::string_view key) const {
    const auto* value = find(key);
    if (value == nullptr) return std::optional<bool>();
    if (!value->is_bool()) return corrupt(key, "is not true or false");
    return std::optional<bool>(value->get_bool());
  }
  Result<std::string> text(std::string_view key) const {
    const auto* value = find(key);
    if (value == nullptr) return std::string();
    if (!value->is_string()) return corrupt(key, "is not a string");
    return std::string(value->get_string());
  }
  Result<const boost::json::object*> object(std::string_view key) const {
    const auto* value = find(key);
    if (value == nullptr) return nullptr;
    if (!value->is_object()) return corrupt(key, "is not an object");
    return &value->get_object();
  }
  // For factors that are 1 where nothing is scaled.
  Result<void> require_one(std::string_view key) const {
    QAIO_ASSIGN(const double factor, number(key, 1));
    if (factor == 1) return {};
    return unsupported(key, "which is not supported");
  }
  Result<void> refuse_unknown() const {
    for (const auto& [key, value] : object_) {
      const std::string_view name = key;
      if (asked_.contains(std::string(name)) || is_harmless(name) || says_off(value)) continue;
      return unsupported(name, "a setting that this program does not know");
    }
    return {};
  }
  const std::string& label() const { return label_; }

 private:
  const boost::json::object& object_;
  std::string label_;
  mutable std::set<std::string> asked_;
};

// The part of a head that is rotated, at most all of it.
Result<void> read_rotary_factor(const JsonConfig& json, const char* key, ModelConfig& c) {
  QAIO_ASSIGN(const double factor,
              json.number(key, static_cast<double>(c.rotary_dim) / std::max(c.head_dim, 1)));
  const double dim = factor * c.head_dim;
  if (!(dim >= 0 && dim <= c.head_dim) || dim != std::floor(dim))
    return json.unsupported(key, "which is no part of \"head_dim\"");
  c.rotary_dim = static_cast<int>(dim);
  return {};
}

// The rotary base: "rope_theta", which Transformers 5 puts into "rope_parameters" with what was
// "rope_scaling". A type other than the plain one is refused. Qwen3.5 rotates a part of each head;
// its sections give the frequencies to time, height and width, which are one in text.
Result<void> read_rotary(const JsonConfig& json, ModelConfig& c) {
  const bool partial = c.architecture == Architecture::kQwen35;
  c.rotary_dim = partial ? c.head_dim / 4 : c.head_dim;
  QAIO_ASSIGN(c.rope_theta, json.number("rope_theta", partial ? 1e7 : 10000));
  for (const char* key : {"rotary_pct", "rotary_percent"})
    QAIO_RETURN_IF_ERROR(json.require_one(key));
  QAIO_RETURN_IF_ERROR(partial ? read_rotary_factor(json, "partial_rotary_factor", c)
                               : json.require_one("partial_rotary_factor"));
  for (const char* key : {"rope_scaling", "rope_parameters"}) {
    QAIO_ASSIGN(const boost::json::object* parameters, json.object(key));
    if (parameters == nullptr) continue;
    // there may be one for each kind of layer, and all layers here are of one kind
    const auto* full = parameters->if_contains("full_attention");
    if (full != nullptr && full->is_object()) parameters = &full->get_object();
    const JsonConfig rope(*parameters, json.label() + ": " + key);
    QAIO_ASSIGN(const std::string type, rope.text("rope_type"));
    QAIO_ASSIGN(const std::string old_type, rope.text("type"));
    for (const std::string& name : {type, old_type}) {
      if (name.empty() || name == "default" || (partial && name == "mrope")) continue;
      return fail(ErrorCode::kUnsupported, json.label() + ": the model uses rotary scaling " +
                                               quoted_name(name) + " (" + key +
                                               "), which is not supported");
    }
    QAIO_ASSIGN(c.rope_theta, rope.number("rope_theta", c.rope_theta));
    QAIO_RETURN_IF_ERROR(rope.require_one("factor"));
    QAIO_RETURN_IF_ERROR(partial ? read_rotary_factor(rope, "partial_rotary_factor", c)
                                 : rope.require_one("partial_rotary_factor"));
    if (partial) {
      for (const char* section : {"mrope_section", "mrope_interleaved"}) rope.find(section);
    }
    QAIO_RETURN_IF_ERROR(rope.refuse_unknown());
  }
  return {};
}

// The kinds of the layers, one for each; null: the file does not say.
Result<const boost::json::array*> layer_types(const JsonConfig& json, const ModelConfig& c) {
  const auto* types = json.find("layer_types");
  if (types == nullptr) return nullptr;
  if (!types->is_array()) return json.corrupt("layer_types", "is not an array");
  const auto& list = types->get_array();
  if (list.size() == static_cast<size_t>(c.layers)) return &list;
  return json.corrupt("layer_types", "has " + std::to_string(list.size()) +
                                         " entries, but \"num_hidden_layers\" is " +
                                         std::to_string(c.layers));
}

// Which layers are gated delta networks: "layer_types" says it of each, or every so many layers one
// has full attention.
Result<void> read_layer_kinds(const JsonConfig& json, ModelConfig& c) {
  QAIO_ASSIGN(const int interval, json.integer("full_attention_interval", 4));
  QAIO_ASSIGN(const boost::json::array* types, layer_types(json, c));
  if (types == nullptr) {
    if (interval < 1) return json.unsupported("full_attention_interval", "and must be at least 1");
    c.layer_kinds = kinds_by_interval(c.layers, interval);
    return {};
  }
  for (const auto& type : *types) {
    if (type != "linear_attention" && type != "full_attention") {
      return fail(ErrorCode::kUnsupported,
                  json.label() + ": \"layer_types\" holds " +
                      boost::json::serialize(type).substr(0, 40) +
                      "; only \"linear_attention\" and \"full_attention\" are supported");
    }
    c.layer_kinds.push_back(type == "full_attention" ? LayerKind::kAttention
                                                     : LayerKind::kDeltaNet);
  }
  return {};
}

// The hybrid layers of Qwen3.5.
Result<void> read_delta_net(const JsonConfig& json, ModelConfig& c) {
  QAIO_RETURN_IF_ERROR(read_layer_kinds(json, c));
  QAIO_ASSIGN(c.delta.key_heads, json.integer("linear_num_key_heads"));
  QAIO_ASSIGN(c.delta.value_heads, json.integer("linear_num_value_heads"));
  QAIO_ASSIGN(c.delta.key_dim, json.integer("linear_key_head_dim"));
  QAIO_ASSIGN(c.delta.value_dim, json.integer("linear_value_head_dim"));
  QAIO_ASSIGN(c.delta.conv_taps, json.integer("linear_conv_kernel_dim"));
  QAIO_ASSIGN(const std::optional<bool> gate, json.flag("attn_output_gate"));
  if (!gate.value_or(true))
    return json.unsupported("attn_output_gate", "and only gated attention is supported");
  QAIO_ASSIGN(const std::string state_type, json.text("mamba_ssm_dtype"));
  if (!state_type.empty() && state_type != "float32")
    return json.unsupported("mamba_ssm_dtype", "and states are float32");
  return {};
}

// Attention over a window of the last positions. It is no matter as long as no layer does it, or
// the window is as long as the context.
Result<void> refuse_sliding(const JsonConfig& json, const ModelConfig& c) {
  QAIO_ASSIGN(const std::optional<bool> may_slide, json.flag("use_sliding_window"));
  QAIO_ASSIGN(const int window, json.integer("sliding_window", 0));
  QAIO_ASSIGN(const int first, json.integer("max_window_layers", 28));
  QAIO_ASSIGN(const boost::json::array* types, layer_types(json, c));
  bool slides = may_slide.value_or(false) && window > 0 && first < c.layers;
  if (types != nullptr) {
    slides = false;
    for (const auto& type : *types) {
      if (type == "sliding_attention") slides = true;
      if (type == "full_attention" || type == "attention" || type == "sliding_attention") continue;
      return fail(ErrorCode::kUnsupported, json.label() + ": \"layer_types\" holds " +
                                               boost::json::serialize(type).substr(0, 40) +
                                               "; only \"full_attention\" is supported");
    }
  }
  if (!slides || (may_slide.value_or(false) && window >= c.context_max)) return {};
  return json.unsupported(types != nullptr ? "layer_types" : "use_sliding_window",
                          "and sliding-window attention is not supported");
}

Result<void> refuse_quantized(const JsonConfig& json) {
  for (const char* key : {"quantization_config", "compression_config", "quantization"}) {
    const auto* value = json.find(key);
    if (value == nullptr || says_off(*value)) continue;
    const auto* object = value->if_object();
    const auto* method = object != nullptr ? object->if_contains("quant_method") : nullptr;
    const std::string name = method != nullptr && method->is_string()
                                 ? " (" + quoted_name(std::string_view(method->get_string())) + ")"
                                 : std::string();
    return fail(ErrorCode::kUnsupported,
                json.label() + ": the model uses a " + key + name +
                    ", which is not supported; take the original model or a GGUF file of it");
  }
  return {};
}

Result<void> refuse_other_layers(const JsonConfig& json, const ModelConfig& c) {
  for (const char* key : {"hidden_act", "hidden_activation"}) {
    QAIO_ASSIGN(const std::string activation, json.text(key));
    if (!activation.empty() && activation != "silu" && activation != "swish")
      return json.unsupported(key, "and only silu is supported");
  }
  for (const char* key : {"is_causal", "causal"}) {
    QAIO_ASSIGN(const std::optional<bool> causal, json.flag(key));
    if (!causal.value_or(true))
      return json.unsupported(key, "and only causal models generate text");
  }
  const bool norms = c.architecture != Architecture::kQwen2;
  for (const char* key : {"use_qk_norm", "qk_norm", "qk_layernorm"}) {
    QAIO_ASSIGN(const std::optional<bool> flag, json.flag(key));
    if (flag.value_or(norms) != norms) {
      return json.unsupported(key, "but " + std::string(architecture_name(c.architecture)) +
                                       (norms ? " has" : " does not have") + " these norms");
    }
  }
  QAIO_ASSIGN(const std::string positions, json.text("position_embedding_type"));
  if (!positions.empty() && positions != "rope" && positions != "rotary")
    return json.unsupported("position_embedding_type", "and only rope is supported");
  for (const char* key : {"embedding_multiplier", "residual_multiplier", "attention_multiplier",
                          "logits_scaling", "logit_scale", "scale_emb"})
    QAIO_RETURN_IF_ERROR(json.require_one(key));
  return {};
}

Result<void> read_claims(const JsonConfig& json, ModelConfig& c) {
  QAIO_ASSIGN(c.claims.attention_bias, json.flag("attention_bias"));
  QAIO_ASSIGN(c.claims.mlp_bias, json.flag("mlp_bias"));
  QAIO_ASSIGN(c.claims.mtp_layers, json.integer("num_nextn_predict_layers", 0));
  for (const char* key : {"mtp_num_hidden_layers", "mtp_use_dedicated_embeddings"}) json.find(key);
  return {};
}

}  // namespace

namespace {

// What image-text models say beside their text half. It describes images and changes no text.
Result<void> refuse_unknown_beside_text(const JsonConfig& json) {
  for (const char* key :
       {"text_config", "vision_config", "image_token_id", "video_token_id", "vision_start_token_id",
        "vision_end_token_id", "audio_config", "language_model_only", "model_type"})
    json.find(key);
  return json.refuse_unknown();
}

Result<ModelConfig> read_config(const JsonConfig& json, ModelConfig c) {
  const bool hybrid = c.architecture == Architecture::kQwen35;
  QAIO_ASSIGN(c.layers, json.integer("num_hidden_layers"));
  QAIO_ASSIGN(c.hidden, json.integer("hidden_size"));
  QAIO_ASSIGN(c.heads, json.integer("num_attention_heads"));
  QAIO_ASSIGN(c.kv_heads, json.integer("num_key_value_heads", c.heads));
  const int usual = c.heads > 0 ? c.hidden / c.heads : 0;
  const int of_qwen3 = c.architecture == Architecture::kQwen3 ? 128 : usual;
  QAIO_ASSIGN(c.head_dim, json.integer("head_dim", hybrid ? 256 : of_qwen3));
  QAIO_ASSIGN(c.intermediate, json.integer("intermediate_size"));
  QAIO_ASSIGN(c.vocab, json.integer("vocab_size"));
  QAIO_ASSIGN(c.context_max, json.integer("max_position_embeddings", 32768));
  QAIO_ASSIGN(const double epsilon, json.number("rms_norm_eps", 1e-6));
  c.rms_epsilon = static_cast<float>(epsilon);
  QAIO_ASSIGN(const std::optional<bool> tied, json.flag("tie_word_embeddings"));
  c.tied_head = tied.value_or(c.tied_head);
  QAIO_RETURN_IF_ERROR(read_rotary(json, c));
  if (hybrid) QAIO_RETURN_IF_ERROR(read_delta_net(json, c));
  const ConfigNames names{"\"num_hidden_layers\"",
                          "\"hidden_size\"",
                          "\"num_attention_heads\"",
                          "\"num_key_value_heads\"",
                          "\"head_dim\"",
                          "\"intermediate_size\"",
                          "\"vocab_size\"",
                          "\"max_position_embeddings\"",
                          "\"rms_norm_eps\"",
                          "\"rope_theta\"",
                          "\"partial_rotary_factor\" times \"head_dim\"",
                          "\"linear_num_key_heads\"",
                          "\"linear_num_value_heads\"",
                          "\"linear_key_head_dim\"",
                          "\"linear_value_head_dim\"",
                          "\"linear_conv_kernel_dim\""};
  QAIO_RETURN_IF_ERROR(validate_config(c, json.label(), names));
  QAIO_RETURN_IF_ERROR(refuse_quantized(json));
  if (!hybrid) QAIO_RETURN_IF_ERROR(refuse_sliding(json, c));
  QAIO_RETURN_IF_ERROR(refuse_other_layers(json, c));
  QAIO_RETURN_IF_ERROR(read_claims(json, c));
  QAIO_RETURN_IF_ERROR(json.refuse_unknown());
  return c;
}

}  // namespace

Result<ModelConfig> config_from_json(std::string_view config_json, const std::string& label) {
  QAIO_ASSIGN(const boost::json::value document, parse_json(config_json, label));
  if (!document.is_object()) return fail(ErrorCode::kCorrupt, label + ": is not a JSON object");
  const JsonConfig json(document.get_object(), label);
  ModelConfig c;
  QAIO_ASSIGN(const std::string type, json.text("model_type"));
  QAIO_ASSIGN(c.architecture, architecture_of(type, label));
  QAIO_ASSIGN(const boost::json::object* text, json.object("text_config"));
  if (c.architecture != Architecture::kQwen35 || text == nullptr) return read_config(json, c);

  const JsonConfig inner(*text, label + ": text_config");
  QAIO_ASSIGN(const std::string inner_type, inner.text("model_type"));
  if (!inner_type.empty()) {
    QAIO_ASSIGN(const Architecture architecture, architecture_of(inner_type, inner.label()));
    if (architecture != c.architecture)
      return inner.unsupported("model_type", "but the model is of type " + quoted_name(type));
  }
  QAIO_RETURN_IF_ERROR(refuse_quantized(json));
  QAIO_ASSIGN(const std::optional<bool> tied, json.flag("tie_word_embeddings"));
  c.tied_head = tied.value_or(false);
  QAIO_RETURN_IF_ERROR(refuse_unknown_beside_text(json));
  return read_config(inner, c);
}

}  // namespace qaio
