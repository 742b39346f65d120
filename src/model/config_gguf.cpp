// GGUF metadata. Keys of the architecture have a prefix of their own ("qwen2."), so that one nobody
// knows is a setting of the model: it is refused unless its value says "off". Of those that are
// known the meaning is llama.cpp's.
#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <vector>

#include "model/config.h"

namespace qaio {
namespace {

// What changes nothing in a model that generates text: names of a classifier's labels, the
// experts of a model without (expert_count is refused), what belongs to a scaling that is refused.
constexpr std::array kHarmless = std::to_array<std::string_view>(
    {"classifier.output_labels", "decoder_start_token_id", "tensor_data_layout",
     "expert_used_count", "expert_shared_count", "expert_feed_forward_length",
     "expert_shared_feed_forward_length", "expert_weights_norm", "expert_weights_scale",
     "expert_gating_func", "rope.scaling.original_context_length", "rope.scaling.finetuned",
     "rope.scaling.yarn_log_multiplier", "rope.scaling.yarn_ext_factor",
     "rope.scaling.yarn_beta_fast", "rope.scaling.yarn_beta_slow"});

// The keys of a file's architecture, which remembers what it was asked for.
class GgufConfig {
 public:
  GgufConfig(const GgufFile& file, std::string_view architecture)
      : file_(file), prefix_(std::string(architecture) + ".") {}

  std::string quoted(std::string_view key) const { return quoted_name(prefix_ + std::string(key)); }
  std::string ask(std::string_view key) const {
    asked_.insert(std::string(key));
    return prefix_ + std::string(key);
  }
  bool contains(std::string_view key) const { return file_.contains(ask(key)); }
  Result<int> integer(std::string_view key, std::optional<int> fallback = {}) const {
    const std::optional<int64_t> wide = fallback ? std::optional<int64_t>(*fallback) : std::nullopt;
    QAIO_ASSIGN(const int64_t value, file_.get_int(ask(key), 0, 1 << 24, wide));
    return static_cast<int>(value);
  }
  // Of either kind of number.
  Result<double> number(std::string_view key, double fallback) const {
    const std::string name = ask(key);
    const GgufEntry* entry = file_.find(name);
    if (entry == nullptr) return fallback;
    if (entry->type == GgufType::kFloat32 || entry->type == GgufType::kFloat64)
      return file_.get_float(name);
    QAIO_ASSIGN(const int64_t whole, file_.get_int(name, INT64_MIN, INT64_MAX));
    return static_cast<double>(whole);
  }
  // Absent: empty.
  Result<std::vector<int64_t>> integers(std::string_view key) const {
    const std::string name = ask(key);
    return file_.contains(name) ? file_.get_int_array(name) : std::vector<int64_t>();
  }
  Result<std::vector<bool>> flags(std::string_view key) const {
    const std::string name = ask(key);
    return file_.contains(name) ? file_.get_bool_array(name) : std::vector<bool>();
  }
  Result<std::string_view> text(std::string_view key, std::string_view fallback) const {
    return file_.get_string(ask(key), fallback);
  }
  Result<bool> flag(std::string_view key, bool fallback) const {
    return file_.get_bool(ask(key), fallback);
  }
  tl::unexpected<Error> unsupported(std::string_view key, const std::string& why) const {
    const GgufEntry* entry = file_.find(prefix_ + std::string(key));
    return fail(ErrorCode::kUnsupported,
                file_.label() + ": metadata entry " + quoted(key) + " is " +
                    (entry != nullptr ? GgufFile::describe(*entry) : "missing") + ", " + why);
  }
  // For numbers that must be `expected`, or 0 if that means "unset".
  Result<void> require(std::string_view key, double expected, bool or_zero = true) const {
    QAIO_ASSIGN(const double value, number(key, expected));
    if ((or_zero && value == 0) || std::abs(value - expected) <= 1e-5 * std::abs(expected))
      return {};
    return unsupported(key, "which is not supported");
  }
  Result<void> refuse_unknown() const {
    for (const GgufEntry& entry : file_.metadata()) {
      if (!entry.key.starts_with(prefix_)) continue;
      const std::string_view key = entry.key.substr(prefix_.size());
      if (key.starts_with(kDecisionPrefix)) continue;  // decision_keys.h
      const bool known =
          asked_.contains(std::string(key)) || std::ranges::find(kHarmless, key) != kHarmless.end();
      if (!known && !says_off(entry))
        return unsupported(key, "a setting that this program does not know");
    }
    return {};
  }

 private:
  // 0, false, "", an empty array.
  static bool says_off(const GgufEntry& entry) {
    if (entry.type == GgufType::kArray) return entry.count == 0;
    return std::ranges::all_of(entry.value, [](std::byte byte) { return byte == std::byte{0}; });
  }

  const GgufFile& file_;
  std::string prefix_;
  mutable std::set<std::string> asked_;
};

// What stretches or cuts the rotary embedding. A factor without a type is a linear one, and the
// scale of a file that is not scaled is of no matter.
Result<void> refuse_scaling(const GgufConfig& gguf, const ModelConfig& c) {
  QAIO_ASSIGN(const std::string_view type, gguf.text("rope.scaling.type", ""));
  if (!type.empty() && type != "none" && type != "linear")
    return gguf.unsupported("rope.scaling.type", "and rotary scaling is not supported");
  for (const char* key : {"rope.scaling.factor", "rope.scale_linear"}) {
    if (type == "none") {
      gguf.ask(key);
    } else {
      QAIO_RETURN_IF_ERROR(gguf.require(key, 1));
    }
  }
  for (const char* key : {"rope.scaling.attn_factor", "rope.scaling.yarn_attn_factor"})
    QAIO_RETURN_IF_ERROR(gguf.require(key, 1, false));
  return gguf.require("rope.dimension_count", c.rotary_dim);
}

Result<void> refuse_other_layers(const GgufConfig& gguf, const ModelConfig& c) {
  QAIO_RETURN_IF_ERROR(refuse_scaling(gguf, c));
  QAIO_RETURN_IF_ERROR(gguf.require("attention.value_length", c.head_dim));
  QAIO_RETURN_IF_ERROR(gguf.require("attention.scale", 1 / std::sqrt(c.head_dim)));
  for (const char* key :
       {"logit_scale", "residual_scale", "embedding_scale", "attention.output_scale"})
    QAIO_RETURN_IF_ERROR(gguf.require(key, 1));
  QAIO_ASSIGN(const int vocab, gguf.integer("vocab_size", c.vocab));
  if (vocab != c.vocab) {
    return gguf.unsupported("vocab_size",
                            "but 'token_embd.weight' has " + std::to_string(c.vocab) + " rows");
  }
  QAIO_ASSIGN(const bool causal, gguf.flag("attention.causal", true));
  if (!causal) return gguf.unsupported("attention.causal", "and only causal models generate text");
  QAIO_ASSIGN(const int window, gguf.integer("attention.sliding_window", 0));
  if (window > 0 && window < c.context_max) {
    return gguf.unsupported("attention.sliding_window",
                            "and sliding-window attention is not supported");
  }
  QAIO_ASSIGN(const int pooling, gguf.integer("pooling_type", 0));
  if (pooling != 0)
    return gguf.unsupported("pooling_type", "as embedding models and rerankers have it");
  gguf.ask("attention.sliding_window_pattern");  // no window, no pattern
  return gguf.refuse_unknown();
}

// Frequencies are dealt to time, height and width in turn, as long as a section lasts, and what is
// left over would not turn at all. Positions of text are the same in all three.
Result<void> check_sections(const GgufConfig& gguf, const ModelConfig& c) {
  constexpr const char* kSections = "rope.dimension_sections";
  QAIO_ASSIGN(const std::vector<int64_t> sections, gguf.integers(kSections));
  if (sections.empty()) return {};
  if (sections.size() < 3) return gguf.unsupported(kSections, "and must have three numbers");
  for (int i = 0; i < c.rotary_dim / 2; ++i) {
    if (i >= 3 * sections[static_cast<size_t>(i % 3)])
      return gguf.unsupported(kSections, "which leaves rotary dimensions without a position");
  }
  return {};
}

// The hybrid layers of Qwen3.5; `blocks` counts those for predicting several tokens as well.
Result<void> read_delta_net(const GgufConfig& gguf, int blocks, ModelConfig& c) {
  QAIO_ASSIGN(c.delta.key_heads, gguf.integer("ssm.group_count"));
  QAIO_ASSIGN(c.delta.value_heads, gguf.integer("ssm.time_step_rank"));
  QAIO_ASSIGN(c.delta.key_dim, gguf.integer("ssm.state_size"));
  QAIO_ASSIGN(c.delta.conv_taps, gguf.integer("ssm.conv_kernel"));
  QAIO_ASSIGN(const int inner, gguf.integer("ssm.inner_size"));
  const int heads = c.delta.value_heads;
  if (heads == 0 || inner % heads != 0)
    return gguf.unsupported("ssm.inner_size", "not a multiple of 'ssm.time_step_rank'");
  c.delta.value_dim = inner / heads;
  c.delta.value_heads_tiled = true;

  QAIO_ASSIGN(const int interval, gguf.integer("full_attention_interval", 4));
  if (interval < 1) return gguf.unsupported("full_attention_interval", "and must be at least 1");
  c.layer_kinds = kinds_by_interval(c.layers, interval);
  constexpr const char* kRecurrent = "attention.recurrent_layers";
  QAIO_ASSIGN(const std::vector<bool> recurrent, gguf.flags(kRecurrent));
  if (recurrent.empty()) return {};
  if (recurrent.size() != static_cast<size_t>(blocks))
    return gguf.unsupported(kRecurrent, "but there are " + std::to_string(blocks) + " blocks");
  for (size_t layer = 0; layer < c.layer_kinds.size(); ++layer)
    c.layer_kinds[layer] = recurrent[layer] ? LayerKind::kDeltaNet : LayerKind::kAttention;
  return {};
}

// Files that belong to a model and are none.
Result<void> refuse_other_files(const GgufFile& file) {
  QAIO_ASSIGN(const std::string_view type, file.get_string("general.type", "model"));
  if (type == "model") return {};
  const bool adapter = type == "adapter";
  return fail(ErrorCode::kUnsupported,
              file.label() + ": is of type " + quoted_name(type) +
                  " ('general.type'), not a model" +
                  (adapter ? "; merge the adapter into its base model first" : ""));
}

}  // namespace

Result<ModelConfig> config_from_gguf(const GgufFile& file) {
  const std::string& label = file.label();
  QAIO_RETURN_IF_ERROR(refuse_other_files(file));
  QAIO_ASSIGN(const std::string_view name, file.get_string("general.architecture"));
  ModelConfig c;
  QAIO_ASSIGN(c.decision, decision_keys_from_gguf(file));
  QAIO_ASSIGN(c.architecture, architecture_of(name, label));
  const GgufConfig gguf(file, name);
  QAIO_ASSIGN(const int blocks, gguf.integer("block_count"));
  QAIO_ASSIGN(c.claims.mtp_layers, gguf.integer("nextn_predict_layers", 0));
  c.layers = blocks - std::min(c.claims.mtp_layers, blocks);  // the last ones, where there are any
  QAIO_ASSIGN(c.hidden, gguf.integer("embedding_length"));
  QAIO_ASSIGN(c.heads, gguf.integer("attention.head_count"));
  QAIO_ASSIGN(c.kv_heads, gguf.integer("attention.head_count_kv", c.heads));
  QAIO_ASSIGN(c.head_dim,
              gguf.integer("attention.key_length", c.heads > 0 ? c.hidden / c.heads : 0));
  QAIO_ASSIGN(c.intermediate, gguf.integer("feed_forward_length"));
  QAIO_ASSIGN(c.context_max, gguf.integer("context_length"));
  constexpr const char* kEpsilon = "attention.layer_norm_rms_epsilon";
  if (!gguf.contains(kEpsilon))  // it differs from model to model
    return fail(ErrorCode::kCorrupt,
                label + ": metadata entry " + gguf.quoted(kEpsilon) + " is missing");
  QAIO_ASSIGN(const double epsilon, gguf.number(kEpsilon, 0));
  c.rms_epsilon = static_cast<float>(epsilon);
  QAIO_ASSIGN(c.rope_theta, gguf.number("rope.freq_base", 10000));
  const bool hybrid = c.architecture == Architecture::kQwen35;
  c.rotary_dim = c.head_dim;
  if (hybrid) {
    QAIO_ASSIGN(c.rotary_dim, gguf.integer("rope.dimension_count", c.head_dim));
    QAIO_RETURN_IF_ERROR(read_delta_net(gguf, blocks, c));
  }
  QAIO_ASSIGN(const TensorView* embedding, file.tensors().get("token_embd.weight"));
  c.vocab = static_cast<int>(std::min<int64_t>(embedding->rows(), INT32_MAX));
  c.tied_head = !file.tensors().contains("output.weight");
  const ConfigNames names{gguf.quoted("block_count"),
                          gguf.quoted("embedding_length"),
                          gguf.quoted("attention.head_count"),
                          gguf.quoted("attention.head_count_kv"),
                          gguf.quoted("attention.key_length"),
                          gguf.quoted("feed_forward_length"),
                          "the rows of 'token_embd.weight'",
                          gguf.quoted("context_length"),
                          gguf.quoted("attention.layer_norm_rms_epsilon"),
                          gguf.quoted("rope.freq_base"),
                          gguf.quoted("rope.dimension_count"),
                          gguf.quoted("ssm.group_count"),
                          gguf.quoted("ssm.time_step_rank"),
                          gguf.quoted("ssm.state_size"),
                          gguf.quoted("ssm.inner_size") + " per head",
                          gguf.quoted("ssm.conv_kernel")};
  QAIO_RETURN_IF_ERROR(validate_config(c, label, names));
  if (hybrid) QAIO_RETURN_IF_ERROR(check_sections(gguf, c));
  QAIO_RETURN_IF_ERROR(refuse_other_layers(gguf, c));
  return c;
}

}  // namespace qaio
