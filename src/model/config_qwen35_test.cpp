// What files say of hybrid models (Qwen3.5), and what of it is refused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json.hpp>
#include <vector>

#include "model/config.h"
#include "weights/gguf_writer.h"

namespace qaio {
namespace {

using ::testing::HasSubstr;

constexpr LayerKind kAttention = LayerKind::kAttention;
constexpr LayerKind kDelta = LayerKind::kDeltaNet;

boost::json::object text_config() {
  return {{"model_type", "qwen3_5_text"},
          {"num_hidden_layers", 4},
          {"hidden_size", 64},
          {"num_attention_heads", 4},
          {"num_key_value_heads", 2},
          {"head_dim", 32},
          {"intermediate_size", 96},
          {"vocab_size", 512},
          {"attn_output_gate", true},
          {"full_attention_interval", 4},
          {"linear_num_key_heads", 2},
          {"linear_num_value_heads", 6},
          {"linear_key_head_dim", 16},
          {"linear_value_head_dim", 16},
          {"linear_conv_kernel_dim", 4},
          {"mamba_ssm_dtype", "float32"},
          {"rope_parameters",
           {{"rope_type", "default"},
            {"rope_theta", 10000000},
            {"partial_rotary_factor", 0.25},
            {"mrope_interleaved", true},
            {"mrope_section", {2, 1, 1}}}}};
}

// As image-text models have it, or the text model alone.
Result<ModelConfig> read(const boost::json::object& text, bool nested) {
  if (!nested) return config_from_json(boost::json::serialize(text), "config.json");
  const boost::json::object all = {{"model_type", "qwen3_5"},
                                   {"tie_word_embeddings", true},
                                   {"image_token_id", 7},
                                   {"vision_config", {{"depth", 2}}},
                                   {"text_config", text}};
  return config_from_json(boost::json::serialize(all), "config.json");
}

TEST(Qwen35Config, IsReadWithAndWithoutItsImageHalf) {
  for (const bool nested : {true, false}) {
    const auto config = read(text_config(), nested);
    ASSERT_TRUE(config) << config.error().message;
    EXPECT_EQ(config->architecture, Architecture::kQwen35);
    EXPECT_EQ(config->layer_kinds, (std::vector<LayerKind>{kDelta, kDelta, kDelta, kAttention}));
    EXPECT_EQ(config->rope_theta, 1e7);
    EXPECT_EQ(config->rotary_dim, 8);
    EXPECT_EQ(config->query_rows(), 2 * 128);
    EXPECT_EQ(config->delta.conv_channels(), 2 * 32 + 96);
    EXPECT_FALSE(config->delta.value_heads_tiled);
    EXPECT_EQ(config->delta.value_head_of(1, 0), 3);
    EXPECT_EQ(config->delta.value_head_of(1, 2), 5);
    EXPECT_EQ(config->tied_head, nested);
  }
}

TEST(Qwen35Config, LayerTypesGoBeforeTheInterval) {
  boost::json::object text = text_config();
  text["layer_types"] = {"linear_attention", "full_attention", "full_attention",
                         "linear_attention"};
  const auto config = read(text, true);
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->layer_kinds, (std::vector<LayerKind>{kDelta, kAttention, kAttention, kDelta}));
  EXPECT_EQ(config->layers_of(kDelta), 2);
}

TEST(Qwen35Config, WhatChangesTheModelIsRefusedByName) {
  const auto refusal = [](const char* key, const boost::json::value& value) {
    boost::json::object text = text_config();
    text[key] = value;
    const auto config = read(text, true);
    return config ? "(read)" : config.error().message;
  };
  for (const auto& [key, value] : std::vector<std::pair<const char*, boost::json::value>>{
           {"attn_output_gate", false},
           {"mamba_ssm_dtype", "bfloat16"},
           {"layer_types", {"linear_attention"}},
           {"layer_types", {"full_attention", "full_attention", "sliding_attention", "x"}},
           {"full_attention_interval", 0},
           {"linear_num_key_heads", 0},
           {"linear_num_value_heads", 5},
           {"linear_key_head_dim", 24},
           {"linear_value_head_dim", 512},
           {"linear_conv_kernel_dim", 9},
           {"num_experts", 8},
           {"partial_rotary_factor", 0.3},
           {"a_new_setting", 1}}) {
    const std::string message = refusal(key, value);
    EXPECT_THAT(message, HasSubstr("config.json")) << key;
    EXPECT_THAT(message, HasSubstr(key)) << key;
  }
  EXPECT_THAT(refusal("model_type", "qwen3_next"), HasSubstr("qwen3_next"));
  for (const char* type : {"qwen3_5_moe", "qwen3_5_moe_text", "qwen4exp"}) {
    const auto config = config_from_json(R"({"model_type": ")" + std::string(type) + "\"}", "c");
    ASSERT_FALSE(config);
    EXPECT_THAT(config.error().message, HasSubstr(type));
  }
}

// Also of a packed file, whose head may say anything.
TEST(Qwen35Config, EveryLayerHasAKindAndOneHasAttention) {
  const auto whole = read(text_config(), true);
  ASSERT_TRUE(whole) << whole.error().message;
  const auto refusal = [&](Architecture architecture, const std::vector<LayerKind>& kinds) {
    ModelConfig config = *whole;
    config.architecture = architecture;
    config.layer_kinds = kinds;
    const auto valid = validate_config(config, "m");
    return valid ? "(valid)" : valid.error().message;
  };
  EXPECT_EQ(refusal(Architecture::kQwen35, whole->layer_kinds), "(valid)");
  EXPECT_EQ(refusal(Architecture::kQwen3, {}), "(valid)");
  EXPECT_THAT(refusal(Architecture::kQwen35, {kDelta, kAttention}),
              HasSubstr("have a kind, not 4"));
  EXPECT_THAT(refusal(Architecture::kQwen3, {kAttention}), HasSubstr("have a kind, not 0"));
  EXPECT_THAT(refusal(Architecture::kQwen35, {kDelta, kDelta, kDelta, kDelta}),
              HasSubstr("no layer has full attention"));
  EXPECT_THAT(
      refusal(Architecture::kQwen35, {kDelta, kDelta, static_cast<LayerKind>(7), kAttention}),
      HasSubstr("kind of a layer is unknown"));
}

class Qwen35Gguf : public ::testing::Test {
 protected:
  Result<ModelConfig> read() {
    GgufWriter writer;
    writer.add_string("general.architecture", "qwen35");
    const std::pair<const char*, uint32_t> numbers[] = {
        {"block_count", blocks},        {"embedding_length", 64},
        {"attention.head_count", 4},    {"attention.head_count_kv", 2},
        {"attention.key_length", 32},   {"attention.value_length", 32},
        {"feed_forward_length", 96},    {"context_length", 4096},
        {"rope.dimension_count", 8},    {"ssm.conv_kernel", 4},
        {"ssm.state_size", 16},         {"ssm.group_count", 2},
        {"ssm.time_step_rank", 6},      {"ssm.inner_size", inner},
        {"full_attention_interval", 4}, {"nextn_predict_layers", mtp}};
    for (const auto& [key, value] : numbers) writer.add_uint(std::string("qwen35.") + key, value);
    writer.add_float("qwen35.attention.layer_norm_rms_epsilon", 1e-6F);
    writer.add_float("qwen35.rope.freq_base", 1e7F);
    writer.add_ints("qwen35.rope.dimension_sections", sections);
    if (!recurrent.empty()) writer.add_bools("qwen35.attention.recurrent_layers", recurrent);
    const int64_t shape[] = {100, 64};
    writer.add_tensor("token_embd.weight", TensorType::kF32, shape);
    bytes_ = writer.header() + std::string(size_t{100} * 64 * 4, '\0');
    const auto file = GgufFile::parse(std::as_bytes(std::span(bytes_)), "m.gguf");
    if (!file) return tl::unexpected(file.error());
    return config_from_gguf(*file);
  }
  std::string refusal() {
    const auto config = read();
    return config ? "(read)" : config.error().message;
  }

  uint32_t blocks = 9;
  uint32_t mtp = 1;
  uint32_t inner = 96;
  std::vector<int32_t> sections = {2, 1, 1, 0};
  std::vector<bool> recurrent;

 private:
  std::string bytes_;
};

TEST_F(Qwen35Gguf, CountsTheLayersBeforeThoseThatPredictSeveralTokens) {
  const auto by_interval = read();
  ASSERT_TRUE(by_interval) << by_interval.error().message;
  EXPECT_EQ(by_interval->layers, 8);
  EXPECT_EQ(by_interval->layer_kinds, (std::vector<LayerKind>{kDelta, kDelta, kDelta, kAttention,
                                                              kDelta, kDelta, kDelta, kAttention}));
  EXPECT_TRUE(by_interval->delta.value_heads_tiled);
  EXPECT_EQ(by_interval->delta.value_head_of(1, 2), 5);
  EXPECT_EQ(by_interval->delta.value_head_of(0, 2), 4);

  recurrent = {false, true, true, true, true, true, true, false, false};
  const auto by_list = read();
  ASSERT_TRUE(by_list) << by_list.error().message;
  EXPECT_EQ(by_list->kind(0), kAttention);
  EXPECT_EQ(by_list->kind(3), kDelta);
}

TEST_F(Qwen35Gguf, WhatDoesNotFitIsRefusedByName) {
  recurrent = {true, false};
  EXPECT_THAT(refusal(), HasSubstr("qwen35.attention.recurrent_layers"));
  recurrent.clear();
  inner = 97;
  EXPECT_THAT(refusal(), HasSubstr("qwen35.ssm.inner_size"));
  inner = 96;
  sections = {1, 1, 1, 0};  // the fourth frequency would stand still
  EXPECT_THAT(refusal(), HasSubstr("qwen35.rope.dimension_sections"));
}

}  // namespace
}  // namespace qaio
