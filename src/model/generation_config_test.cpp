#include "model/generation_config.h"

#include <gmock/gmock.h>

namespace qaio {
namespace {

using testing::HasSubstr;

TEST(GenerationConfigTest, ReadsWhatIsThere) {
  const auto config = generation_config_from_json(
      R"({"do_sample": true, "temperature": 0.6, "top_k": 20, "repetition_penalty": 1.1,
          "top_p": null, "eos_token_id": [1, 2]})",
      "file");
  ASSERT_TRUE(config);
  EXPECT_EQ(
      *config,
      (GenerationConfig{
          .temperature = 0.6F, .top_p = {}, .min_p = {}, .repetition_penalty = 1.1F, .top_k = 20}));
}

TEST(GenerationConfigTest, WithoutSamplingTheTemperatureIsZero) {
  const auto config = generation_config_from_json(R"({"do_sample": false, "top_p": 0.8})", "file");
  ASSERT_TRUE(config);
  EXPECT_EQ(config->temperature, 0.0F);
  EXPECT_EQ(config->top_p, 0.8F);
}

TEST(GenerationConfigTest, RefusesWhatNoSamplerCanWorkWith) {
  for (const char* text :
       {R"({"temperature": -1})", R"({"top_p": 0})", R"({"min_p": 2})",
        R"({"repetition_penalty": 0})", R"({"top_k": -5})", R"({"temperature": 1e300})"}) {
    const auto config = generation_config_from_json(text, "the file");
    ASSERT_FALSE(config) << text;
    EXPECT_EQ(config.error().code, ErrorCode::kCorrupt) << text;
    EXPECT_THAT(config.error().message, HasSubstr("the file")) << text;
  }
  EXPECT_FALSE(generation_config_from_json("{", "file"));
  EXPECT_EQ(*generation_config_from_json("[]", "file"), GenerationConfig());
}

}  // namespace
}  // namespace qaio
