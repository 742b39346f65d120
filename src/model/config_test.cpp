#include "model/config.h"

#include <gtest/gtest.h>

namespace qaio {
namespace {

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

TEST(Config, RefusesWhatItCannotComputeAndSaysWhatItFound) {
  const std::pair<const char*, const char*> bad[] = {
      {R"(, "model_type": "llama")", "llama"},
      {R"(, "rope_scaling": {"type": "yarn"})", "rope_scaling"},
      {R"(, "rope_parameters": {"rope_theta": 1e6, "rope_type": "yarn"})", "'yarn'"},
      {R"(, "rope_parameters": 3)", "rope_parameters"},
      {R"(, "use_sliding_window": true)", "sliding-window"},
      {R"(, "layer_types": ["full_attention", "sliding_attention"])", "sliding-window"},
      {R"(, "hidden_act": "gelu")", "gelu"},
      {R"(, "hidden_size": 250)", "hidden size is 250"},
      {R"(, "hidden_size": -5)", "hidden_size"},
      {R"(, "hidden_size": "big")", "hidden_size"},
      {R"(, "num_attention_heads": 0)", "attention heads is 0"},
      {R"(, "num_key_value_heads": 3)", "do not divide"},
      {R"(, "num_hidden_layers": 100000)", "layers is 100000"},
      {R"(, "rms_norm_eps": 0)", "epsilon"},
  };
  for (const auto& [extra, expected] : bad) {
    const auto config = config_from_json(json_with(extra), "config.json");
    ASSERT_FALSE(config) << extra;
    EXPECT_NE(config.error().message.find(expected), std::string::npos) << config.error().message;
    EXPECT_NE(config.error().message.find("config.json"), std::string::npos);
  }
  EXPECT_FALSE(config_from_json("[]", "config.json"));
}

}  // namespace
}  // namespace qaio
