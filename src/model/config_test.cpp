#include "model/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <map>

#include "weights/gguf_writer.h"

namespace qaio {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

std::string json_with(const std::string& extra) {
  return R"({"model_type": "qwen2", "num_hidden_layers": 2, "hidden_size": 256, "num_attention_heads": 4,
             "intermediate_size": 512, "vocab_size": 100, "hidden_act": "silu")" +
         extra + "}";
}

TEST(Config, FillsInDefaults) {
  const auto config = config_from_json(json_with(""), "config.json");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->kv_heads, 4);
  EXPECT_EQ(config->head_dim, 64);
  EXPECT_FALSE(config->tied_head);
}

TEST(Config, TheRotaryBaseIsWhereEitherVersionOfTransformersWritesIt) {
  for (const char* extra :
       {R"(, "rope_theta": 1e6, "rope_scaling": null)",
        R"(, "rope_parameters": {"rope_theta": 1e6, "rope_type": "default"})"}) {
    const auto config = config_from_json(json_with(extra), "config.json");
    ASSERT_TRUE(config) << config.error().message;
    EXPECT_EQ(config->rope_theta, 1e6);
  }
}

TEST(Config, WhatChangesNothingIsPassedOver) {
  for (const char* extra :
       {R"(, "use_sliding_window": true, "sliding_window": 64, "max_window_layers": 2)",
        R"(, "use_sliding_window": true, "sliding_window": null, "max_window_layers": 0)",
        R"(, "use_sliding_window": false, "sliding_window": 64, "max_window_layers": 0)",
        R"(, "use_sliding_window": true, "sliding_window": 32768, "max_window_layers": 0)",
        R"(, "layer_types": ["full_attention", "full_attention"], "sliding_window": 64)",
        R"(, "rope_theta": null, "rope_parameters": {"rope_theta": null})",
        R"(, "rope_parameters": {"rope_theta": 10000})", R"(, "rope_scaling": {"type": null})",
        R"(, "rope_parameters": {"full_attention": {"rope_type": "default"}})",
        R"(, "rope_scaling": {}, "partial_rotary_factor": 1.0, "quantization_config": null)",
        R"(, "num_experts": 0, "some_switch": false, "some_list": [], "some_text": "")",
        R"(, "transformers_version": "5.0.0", "unsloth_version": "2026.1", "_name_or_path": "x")",
        R"(, "architectures": ["Qwen2ForCausalLM"], "attention_dropout": 0.1, "dtype": "float32")",
        R"(, "id2label": {"0": "a"}, "temperature": 0.7, "use_cache": true, "is_decoder": true)",
        R"(, "head_dim": null, "num_key_value_heads": null, "hidden_act": "swish")"}) {
    const auto config = config_from_json(json_with(extra), "config.json");
    ASSERT_TRUE(config) << extra << ": " << config.error().message;
    EXPECT_EQ(config->rope_theta, 10000) << extra;
    EXPECT_EQ(config->head_dim, 64);
  }
}

TEST(Config, RefusesWhatItCannotComputeAndSaysWhatItFound) {
  const std::pair<const char*, const char*> bad[] = {
      {R"(, "model_type": "llama")", "llama"},
      {R"(, "rope_scaling": {"type": "yarn"})", "rope_scaling"},
      {R"(, "rope_parameters": {"rope_theta": 1e6, "rope_type": "yarn"})", "'yarn'"},
      {R"(, "rope_parameters": 3)", "rope_parameters"},
      {R"(, "use_sliding_window": true, "sliding_window": 64, "max_window_layers": 1)",
       "\"use_sliding_window\" is true, and sliding-window"},
      {R"(, "layer_types": ["full_attention", "sliding_attention"])", "sliding-window"},
      {R"(, "layer_types": ["full_attention", "linear_attention"])", "\"linear_attention\""},
      {R"(, "layer_types": ["full_attention"])", "\"layer_types\" has 1 entries"},
      {R"(, "layer_types": 7)", "\"layer_types\" is not an array"},
      {R"(, "rope_scaling": {"type": "linear", "factor": 2})", "'linear' (rope_scaling)"},
      {R"(, "rope_scaling": {"rope_type": "dynamic"})", "'dynamic'"},
      {R"(, "rope_scaling": {"rope_type": "default", "type": "longrope"})", "'longrope'"},
      {R"(, "rope_scaling": {"factor": 4})", "rope_scaling: \"factor\" is 4"},
      {R"(, "rope_parameters": {"rope_theta": 1e6, "partial_rotary_factor": 0.5})",
       "\"partial_rotary_factor\" is"},
      {R"(, "rope_scaling": {"type": "default", "mrope_section": [1, 2]})", "\"mrope_section\""},
      {R"(, "rope_parameters": {"full_attention": {"rope_type": "yarn"}})", "'yarn'"},
      {R"(, "rope_scaling": {"type": 3})", "\"type\" is not a string"},
      {R"(, "partial_rotary_factor": 0.25)", "\"partial_rotary_factor\""},
      {R"(, "rope_theta": "big")", "\"rope_theta\" is not a number"},
      {R"(, "quantization_config": {"quant_method": "gptq"})", "quantization_config ('gptq')"},
      {R"(, "quantization_config": {"quant_method": "awq"})", "quantization_config ('awq')"},
      {R"(, "quantization_config": {"load_in_4bit": true})", "quantization_config"},
      {R"(, "quantization": {"bits": 4})", "a quantization, which"},
      {R"(, "use_qk_norm": true)", "\"use_qk_norm\" is true, but qwen2 does not"},
      {R"(, "model_type": "qwen3", "use_qk_norm": false)", "\"use_qk_norm\" is false, but qwen3"},
      {R"(, "attention_bias": 1)", "\"attention_bias\" is not true or false"},
      {R"(, "num_experts": 8)", "\"num_experts\" is 8, a setting"},
      {R"(, "num_local_experts": 8)", "\"num_local_experts\""},
      {R"(, "logits_scaling": 16)", "\"logits_scaling\" is 16"},
      {R"(, "final_logit_softcapping": 30.0)", "\"final_logit_softcapping\""},
      {R"(, "query_pre_attn_scalar": 256)", "\"query_pre_attn_scalar\""},
      {R"(, "no_rope_layers": [1, 0])", "\"no_rope_layers\""},
      {R"(, "use_bidirectional_attention": true)", "\"use_bidirectional_attention\""},
      {R"(, "position_embedding_type": "alibi")", "\"position_embedding_type\""},
      {R"(, "hidden_activation": "gelu_pytorch_tanh")", "\"hidden_activation\""},
      {R"(, "per_layer_config": {"1": {"num_attention_heads": 2}})", "\"per_layer_config\""},
      {R"(, "head_dim": 24)", "\"head_dim\" is 24"},
      {R"(, "num_attention_heads": 1, "head_dim": 16)", "times \"head_dim\" is 16"},
      {R"(, "hidden_act": "gelu")", "gelu"},
      {R"(, "hidden_size": 250)", "\"hidden_size\" is 250"},
      {R"(, "hidden_size": -5)", "hidden_size"},
      {R"(, "hidden_size": "big")", "hidden_size"},
      {R"(, "num_attention_heads": 0)", "\"num_attention_heads\" is 0"},
      {R"(, "num_key_value_heads": 3)", "not a multiple of \"num_key_value_heads\", 3"},
      {R"(, "num_hidden_layers": 100000)", "\"num_hidden_layers\" is 100000"},
      {R"(, "rms_norm_eps": 0)", "\"rms_norm_eps\" is out of range"},
  };
  for (const auto& [extra, expected] : bad) {
    const auto config = config_from_json(json_with(extra), "config.json");
    ASSERT_FALSE(config) << extra;
    EXPECT_NE(config.error().message.find(expected), std::string::npos) << config.error().message;
    EXPECT_NE(config.error().message.find("config.json"), std::string::npos);
  }
  EXPECT_FALSE(config_from_json("[]", "config.json"));
}

// GGUF metadata with one more entry; the tensors are but the embedding.
class GgufKeys : public ::testing::Test {
 protected:
  Result<ModelConfig> read(const std::function<void(GgufWriter&)>& add) {
    GgufWriter writer;
    writer.add_string("general.architecture", "qwen2");
    for (const auto& [key, value] : std::map<std::string, uint32_t>{{"block_count", 2},
                                                                    {"embedding_length", 64},
                                                                    {"attention.head_count", 4},
                                                                    {"feed_forward_length", 96},
                                                                    {"context_length", 4096}})
      if (key != without_) writer.add_uint("qwen2." + key, value);
    if (const std::string epsilon = "attention.layer_norm_rms_epsilon"; epsilon != without_)
      writer.add_float("qwen2." + epsilon, 1e-6F);
    add(writer);
    const int64_t shape[] = {100, 64};
    writer.add_tensor("token_embd.weight", TensorType::kF32, shape);
    bytes_ = writer.header() + std::string(100 * 64 * 4, '\0');
    const auto file = GgufFile::parse(std::as_bytes(std::span(bytes_)), "m.gguf");
    if (!file) return tl::unexpected(file.error());
    return config_from_gguf(*file);
  }
  std::string refusal(const std::function<void(GgufWriter&)>& add) {
    const auto config = read(add);
    return config ? "(read)" : config.error().message;
  }
  std::string with_float(const char* key, float value) {
    return refusal(
        [&](GgufWriter& writer) { writer.add_float(std::string("qwen2.") + key, value); });
  }
  std::string with_uint(const char* key, uint32_t value) {
    return refusal(
        [&](GgufWriter& writer) { writer.add_uint(std::string("qwen2.") + key, value); });
  }
  std::string with_text(const char* key, const char* value) {
    return refusal(
        [&](GgufWriter& writer) { writer.add_string(std::string("qwen2.") + key, value); });
  }
  std::string without_;
  std::string bytes_;
};

TEST_F(GgufKeys, ThatChangeTheModelAreRefusedByName) {
  const auto named = [](const std::string& key) {
    return ::testing::StartsWith("m.gguf: metadata entry 'qwen2." + key + "' is ");
  };
  for (const char* key : {"rope.scale_linear", "rope.scaling.factor", "rope.scaling.attn_factor",
                          "logit_scale", "residual_scale", "embedding_scale", "attention.scale",
                          "attn_logit_softcapping", "final_logit_softcapping",
                          "attention.max_alibi_bias", "attention.clamp_kqv", "a_new_setting"})
    EXPECT_THAT(with_float(key, 4), named(key));
  for (const char* key : {"rope.scale_linear", "rope.scaling.factor", "rope.dimension_count",
                          "attention.value_length", "attention.sliding_window", "expert_count",
                          "vocab_size", "leading_dense_block_count", "a_new_setting"})
    EXPECT_THAT(with_uint(key, 8), named(key));
  for (const char* type : {"yarn", "longrope", "dynamic"})
    EXPECT_THAT(with_text("rope.scaling.type", type), named("rope.scaling.type"));
  EXPECT_THAT(refusal([](GgufWriter& writer) { writer.add_bool("qwen2.attention.causal", false); }),
              named("attention.causal"));
  EXPECT_THAT(
      refusal([](GgufWriter& writer) { writer.add_bool("qwen2.use_parallel_residual", true); }),
      named("use_parallel_residual"));
  EXPECT_THAT(refusal([](GgufWriter& writer) {
                const int32_t sections[] = {4, 2, 2};
                writer.add_ints("qwen2.rope.dimension_sections", sections);
              }),
              named("rope.dimension_sections"));
  EXPECT_THAT(refusal([](GgufWriter& writer) {
                writer.add_string("qwen2.rope.scaling.type", "linear");
                writer.add_float("qwen2.rope.scaling.factor", 2);
              }),
              named("rope.scaling.factor"));
}

TEST_F(GgufKeys, ThatChangeNothingArePassedOver) {
  for (const char* key : {"rope.scale_linear", "rope.scaling.factor", "rope.scaling.attn_factor",
                          "logit_scale", "embedding_scale"})
    EXPECT_EQ(with_float(key, 1), "(read)") << key;
  for (const char* key : {"rope.dimension_count", "attention.value_length", "attention.key_length"})
    EXPECT_EQ(with_uint(key, 16), "(read)") << key;
  for (const char* key : {"expert_count", "attention.sliding_window", "a_new_setting"})
    EXPECT_EQ(with_uint(key, 0), "(read)") << key;
  EXPECT_EQ(with_uint("vocab_size", 100), "(read)");
  EXPECT_EQ(with_uint("attention.sliding_window", 4096), "(read)");
  EXPECT_EQ(with_uint("pooling_type", 0), "(read)");
  EXPECT_EQ(with_uint("rope.scaling.original_context_length", 4096), "(read)");
  EXPECT_EQ(with_float("attention.scale", 0.25F), "(read)");
  EXPECT_EQ(with_text("rope.scaling.type", "none"), "(read)");
  EXPECT_EQ(refusal([](GgufWriter& writer) {
              writer.add_string("qwen2.rope.scaling.type", "none");
              writer.add_float("qwen2.rope.scaling.factor", 4);
              writer.add_float("other.logit_scale", 4);
              writer.add_string("quantize.imatrix.file", "x");
            }),
            "(read)");
}

TEST_F(GgufKeys, WhatHasNoUsualValueMustBeThere) {
  const auto nothing = [](GgufWriter&) {};
  for (const char* key : {"context_length", "attention.layer_norm_rms_epsilon"}) {
    without_ = key;
    EXPECT_THAT(refusal(nothing), AllOf(HasSubstr(key), HasSubstr("missing")));
  }
  without_.clear();
  for (const uint32_t type : {1U, 2U, 3U, 4U})
    EXPECT_THAT(with_uint("pooling_type", type), HasSubstr("'qwen2.pooling_type' is"));
}

TEST_F(GgufKeys, LayersForPredictingSeveralTokensAreNotTheModels) {
  const auto config =
      read([](GgufWriter& writer) { writer.add_uint("qwen2.nextn_predict_layers", 1); });
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->layers, 1);
  EXPECT_EQ(config->claims.mtp_layers, 1);
  EXPECT_THAT(with_uint("nextn_predict_layers", 9), HasSubstr("'qwen2.block_count' is 0"));
}

TEST_F(GgufKeys, AbsurdShapesNameTheKey) {
  for (const char* key : {"block_count", "embedding_length", "attention.head_count",
                          "feed_forward_length", "context_length"}) {
    without_ = key;
    EXPECT_EQ(with_uint(key, 0).find(std::string("m.gguf: 'qwen2.") + key + "' is 0"), 0u)
        << with_uint(key, 0);
    EXPECT_THAT(with_uint(key, 1U << 30), HasSubstr(std::string("'qwen2.") + key + "'"));
  }
  without_.clear();
  EXPECT_THAT(with_uint("attention.key_length", 24),
              HasSubstr("'qwen2.attention.key_length' is 24"));
  EXPECT_THAT(with_uint("attention.head_count_kv", 3),
              HasSubstr("not a multiple of 'qwen2.attention.head_count_kv', 3"));
  EXPECT_THAT(with_float("rope.freq_base", 0), HasSubstr("'qwen2.rope.freq_base' is out of range"));
}

TEST_F(GgufKeys, AdaptersAndProjectorsAreNoModels) {
  for (const char* type : {"adapter", "mmproj"}) {
    EXPECT_THAT(refusal([&](GgufWriter& writer) { writer.add_string("general.type", type); }),
                HasSubstr(std::string("is of type '") + type + "' ('general.type'), not a model"));
  }
}

}  // namespace
}  // namespace qaio
