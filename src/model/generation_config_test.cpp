#include "model/generation_config.h"

#include <gmock/gmock.h>

#include "weights/gguf_writer.h"

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

// Published files put "off" in all of these ways.
TEST(GenerationConfigTest, KnowsEveryWayToSayOff) {
  const auto read = [](const char* text) { return generation_config_from_json(text, "file"); };
  for (const char* text : {R"({"top_k": -1})", R"({"top_k": 0})", R"({"top_k": -5})"}) {
    const auto config = read(text);
    ASSERT_TRUE(config) << text << config.error().message;
    EXPECT_EQ(config->top_k, 0) << text;
  }
  EXPECT_EQ(*read(R"({"top_k": null, "top_p": null, "min_p": null, "temperature": null,
                      "repetition_penalty": null, "do_sample": null, "eos_token_id": null})"),
            GenerationConfig());
  for (const char* text :
       {R"({"do_sample": false, "temperature": null, "top_p": null, "top_k": null})",
        R"({"do_sample": false, "temperature": 0})", R"({"temperature": 0.0})",
        R"({"do_sample": false, "temperature": 1.0, "eos_token_id": 5})"}) {
    const auto config = read(text);
    ASSERT_TRUE(config) << text << config.error().message;
    EXPECT_EQ(config->temperature, 0.0F) << text;
  }
  const auto config = read(R"({"top_p": 1.0, "min_p": 0, "repetition_penalty": 1})");
  ASSERT_TRUE(config);
  EXPECT_EQ(config->top_p, 1.0F);
  const auto none = read(R"({"top_p": 0})");  // the likeliest alone
  ASSERT_TRUE(none) << none.error().message;
  EXPECT_GT(*none->top_p, 0.0F);
  EXPECT_LT(*none->top_p, 1e-30F);
}

GgufWriter with_tensor() {
  GgufWriter writer;
  const int64_t shape[] = {1};
  writer.add_tensor("x", TensorType::kF32, shape);
  return writer;
}

Result<GenerationConfig> read_gguf(const GgufWriter& writer) {
  const std::string bytes = writer.header() + std::string(64, '\0');
  QAIO_ASSIGN(const GgufFile file, GgufFile::parse(std::as_bytes(std::span(bytes)), "model.gguf"));
  return generation_config_from_gguf(file);
}

TEST(GenerationConfigTest, ReadsGgufMetadata) {
  EXPECT_EQ(*read_gguf(with_tensor()), GenerationConfig());
  GgufWriter writer = with_tensor();
  writer.add_float("general.sampling.temp", 0.6F);
  writer.add_uint("general.sampling.top_k", 20);
  writer.add_float("general.sampling.top_p", 0.95F);
  writer.add_float("general.sampling.min_p", 0.05F);
  writer.add_float("general.sampling.penalty_repeat", 1.1F);
  writer.add_float("general.sampling.mirostat_tau", 5);  // of a sampler that is not here
  const auto config = read_gguf(writer);
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(*config, (GenerationConfig{.temperature = 0.6F,
                                       .top_p = 0.95F,
                                       .min_p = 0.05F,
                                       .repetition_penalty = 1.1F,
                                       .top_k = 20}));
}

TEST(GenerationConfigTest, GgufMetadataOfOtherTypesAndOffValues) {
  GgufWriter writer = with_tensor();
  writer.add_uint("general.sampling.temp", 0);
  writer.add_float("general.sampling.top_k", -1);
  writer.add_float("general.sampling.top_p", 1.5F);
  writer.add_float("general.sampling.min_p", -1);
  const auto config = read_gguf(writer);
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->temperature, 0.0F);
  EXPECT_EQ(config->top_k, 0);
  EXPECT_EQ(config->top_p, 1.0F);
  EXPECT_EQ(config->min_p, 0.0F);

  GgufWriter wrong = with_tensor();
  wrong.add_string("general.sampling.temp", "warm");
  const auto refused = read_gguf(wrong);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("general.sampling.temp"));
  GgufWriter negative = with_tensor();
  negative.add_float("general.sampling.penalty_repeat", 0);
  EXPECT_FALSE(read_gguf(negative));
}

TEST(GenerationConfigTest, RefusesWhatNoSamplerCanWorkWith) {
  for (const char* text : {R"({"temperature": -1})", R"({"top_p": -1})", R"({"min_p": 2})",
                           R"({"repetition_penalty": 0})", R"({"temperature": 1e300})"}) {
    const auto config = generation_config_from_json(text, "the file");
    ASSERT_FALSE(config) << text;
    EXPECT_EQ(config.error().code, ErrorCode::kCorrupt) << text;
    EXPECT_THAT(config.error().message, HasSubstr("the file")) << text;
  }
  EXPECT_FALSE(generation_config_from_json("{", "file"));
  for (const char* text :
       {"[]", R"({"temperature": "0.7"})", R"({"top_k": [20]})", R"({"do_sample": "no"})"}) {
    const auto wrong = generation_config_from_json(text, "file");
    ASSERT_FALSE(wrong) << text;
    EXPECT_THAT(wrong.error().message, HasSubstr(" is not ")) << text;
  }
}

}  // namespace
}  // namespace qaio
