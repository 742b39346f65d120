#include "model/decision_keys.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "model/config.h"
#include "weights/gguf_writer.h"

namespace qaio {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

constexpr uint64_t kAny = DecisionTemperature::kAnyOptions;

class DecisionKeysOfGguf : public ::testing::Test {
 protected:
  using Add = std::function<void(GgufWriter&)>;

  Result<ModelConfig> read(const Add& add, const std::string& architecture = "qwen3") {
    GgufWriter writer;
    writer.add_string("general.architecture", architecture);
    writer.add_uint(architecture + ".block_count", 2);
    writer.add_uint(architecture + ".embedding_length", 64);
    writer.add_uint(architecture + ".attention.head_count", 4);
    writer.add_uint(architecture + ".feed_forward_length", 96);
    writer.add_uint(architecture + ".context_length", 4096);
    writer.add_float(architecture + ".attention.layer_norm_rms_epsilon", 1e-6F);
    add(writer);
    const int64_t shape[] = {100, 64};
    writer.add_tensor("token_embd.weight", TensorType::kF32, shape);
    bytes_ = writer.header() + std::string(100 * 64 * 4, '\0');
    const auto file = GgufFile::parse(std::as_bytes(std::span(bytes_)), "m.gguf");
    if (!file) return tl::unexpected(file.error());
    return config_from_gguf(*file);
  }
  DecisionKeys keys(const Add& add) {
    const auto config = read(add);
    EXPECT_TRUE(config) << config.error().message;
    return config ? config->decision : DecisionKeys();
  }
  Error refusal(const Add& add, const std::string& architecture = "qwen3") {
    const auto config = read(add, architecture);
    return config ? Error{ErrorCode::kInternal, "(read)", ""} : config.error();
  }
  std::string bytes_;
};

TEST_F(DecisionKeysOfGguf, AnOrdinaryModelHasNone) {
  EXPECT_TRUE(keys([](GgufWriter&) {}).empty());
}

TEST_F(DecisionKeysOfGguf, ATemperatureForEachKind) {
  const DecisionKeys found = keys([](GgufWriter& writer) {
    writer.add_string("qwen3.decision.type", "openjev");
    writer.add_float("qwen3.decision.temperature.choice", 1.75F);
    writer.add_uint("qwen3.decision.temperature.noul", 2);
    writer.add_uint("qwen3.decision.max_head_tokens", 192);
    writer.add_uint("qwen3.decision.block_count", 0);
    writer.add_string("tokenizer.chat_template.systemone", "{{ state }}");
  });
  EXPECT_EQ(found.type, "openjev");
  EXPECT_THAT(found.choice, ElementsAre(DecisionTemperature{kAny, 1.75}));
  EXPECT_THAT(found.score, IsEmpty());
  EXPECT_THAT(found.yes_no, ElementsAre(DecisionTemperature{kAny, 2}));
}

TEST_F(DecisionKeysOfGguf, ByNumbersOfOptions) {
  const DecisionKeys found = keys([](GgufWriter& writer) {
    writer.add_string("qwen3.decision.type", "nimble");
    writer.add_float("qwen3.decision.temperature.choice", 1.5F);
    writer.add_float("qwen3.decision.temperature.choice.3_5", 2.5F);
    writer.add_float("qwen3.decision.temperature.choice.11", 4);
    writer.add_float("qwen3.decision.temperature.score.2", 3);
    writer.add_float("qwen3.decision.temperature.score.6_10", 5);
  });
  EXPECT_THAT(found.choice,
              ElementsAre(DecisionTemperature{2, 1.5}, DecisionTemperature{5, 2.5},
                          DecisionTemperature{10, 1.5}, DecisionTemperature{kAny, 4}));
  EXPECT_THAT(found.score, ElementsAre(DecisionTemperature{2, 3}, DecisionTemperature{5, 1},
                                       DecisionTemperature{10, 5}, DecisionTemperature{kAny, 1}));
}

TEST_F(DecisionKeysOfGguf, LevHasOtherNumbersOfOptions) {
  const Add add = [](GgufWriter& writer) {
    writer.add_string("qwen3.decision.type", "lev");
    writer.add_float("qwen3.decision.temperature.choice.small", 1.5F);
    writer.add_float("qwen3.decision.temperature.choice.mid", 2.5F);
    writer.add_float("qwen3.decision.temperature.choice.large", 3.5F);
  };
  EXPECT_THAT(keys(add).choice,
              ElementsAre(DecisionTemperature{8, 1.5}, DecisionTemperature{26, 2.5},
                          DecisionTemperature{kAny, 3.5}));
  EXPECT_THAT(refusal([&](GgufWriter& writer) {
                add(writer);
                writer.add_float("qwen3.decision.temperature.choice.3_5", 2);
              }).message,
              HasSubstr("'qwen3.decision.temperature.choice.3_5' is 2"));
}

// A chat model whose user fitted them.
TEST_F(DecisionKeysOfGguf, TemperaturesNeedNoType) {
  const DecisionKeys found =
      keys([](GgufWriter& writer) { writer.add_float("qwen3.decision.temperature.choice.2", 2); });
  EXPECT_EQ(found.type, "");
  EXPECT_THAT(found.choice, ElementsAre(DecisionTemperature{2, 2}, DecisionTemperature{kAny, 1}));
}

TEST_F(DecisionKeysOfGguf, OtherTypesAreRefusedByName) {
  for (const char* type : {"kev", "laya", "clef", "pplx-decider", "vllm-d3", "lfm2-d1",
                           "lfm2-d1-omni", "basal", "openjev2", "LEV"}) {
    const Add add = [type](GgufWriter& writer) {
      writer.add_string("qwen3.decision.type", type);
      writer.add_uint("qwen3.decision.head_count", 4);
    };
    const Error error = refusal(add);
    EXPECT_EQ(error.code, ErrorCode::kUnsupported);
    EXPECT_THAT(error.message, StartsWith("m.gguf: metadata entry 'qwen3.decision.type' is \"" +
                                          std::string(type) + "\", a decision model that "));
  }
  EXPECT_THAT(
      refusal([](GgufWriter& writer) { writer.add_string("qwen3.decision.type", "kev"); }).message,
      HasSubstr("a head of its own"));
}

// Most of them are of other architectures: the type tells more than that.
TEST_F(DecisionKeysOfGguf, TheTypeIsRefusedBeforeTheArchitecture) {
  EXPECT_THAT(
      refusal([](GgufWriter& writer) { writer.add_string("modern-bert.decision.type", "laya"); },
              "modern-bert")
          .message,
      AllOf(HasSubstr("\"laya\""), HasSubstr("encoder")));
  EXPECT_THAT(refusal([](GgufWriter& writer) { writer.add_string("qwen35.decision.type", "lev"); },
                      "qwen35")
                  .message,
              HasSubstr("qwen35"));
}

TEST_F(DecisionKeysOfGguf, WhatNothingCanBeDividedByIsRefused) {
  for (const float wrong : {0.0F, -1.0F, std::numeric_limits<float>::infinity(),
                            std::numeric_limits<float>::quiet_NaN()}) {
    for (const char* key : {"choice", "score.6_10", "noul.2"}) {
      const Error error = refusal([&](GgufWriter& writer) {
        writer.add_float(std::string("qwen3.decision.temperature.") + key, wrong);
      });
      EXPECT_EQ(error.code, ErrorCode::kCorrupt) << error.message;
      EXPECT_THAT(error.message, HasSubstr(std::string("'qwen3.decision.temperature.") + key));
    }
  }
  EXPECT_THAT(refusal([](GgufWriter& writer) {
                writer.add_string("qwen3.decision.temperature.choice", "warm");
              }).message,
              HasSubstr("'qwen3.decision.temperature.choice'"));
}

TEST_F(DecisionKeysOfGguf, KeysThatNobodyKnowsAreRefused) {
  for (const char* key : {"temperature.choice.6_11", "temperature.noul.small", "temperature.yes_no",
                          "temperature", "head_count", "block_count"}) {
    EXPECT_THAT(
        refusal([&](GgufWriter& writer) {
          writer.add_uint(std::string("qwen3.decision.") + key, 2);
        }).message,
        StartsWith(std::string("m.gguf: metadata entry 'qwen3.decision.") + key + "' is 2"));
  }
}

}  // namespace
}  // namespace qaio
