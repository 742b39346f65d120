#include "weights/synth.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <set>

#include "base/file_set.h"
#include "base/temp_path_for_test.h"
#include "weights/dequantize.h"
#include "weights/gguf.h"
#include "weights/synth_vocabulary.h"

namespace qaio {
namespace {

namespace fs = std::filesystem;

class Synth : public testing::Test {
 protected:
  fs::path path(const char* name) const { return temp_path(name); }
  // Writes, maps and parses.
  void make(const ModelShape& shape, const SynthOptions& options, const char* name) {
    auto written = synthesize_gguf(shape, options, path(name));
    ASSERT_TRUE(written) << written.error().message;
    auto files = FileSet::open(path(name));
    ASSERT_TRUE(files);
    files_ = std::move(*files);
    fs::remove(path(name));  // the mapping stays
    auto parsed = GgufFile::parse(files_.bytes(path(name).filename().string()), name);
    ASSERT_TRUE(parsed) << parsed.error().message;
    file_ = std::move(*parsed);
  }
  std::pair<double, double> mean_and_deviation(const char* name) const {
    const TensorView& tensor = *file_->tensors().find(name);
    std::vector<float> values(static_cast<size_t>(tensor.elements()));
    dequantize(tensor.type, tensor.bytes.data(), tensor.elements(), values.data());
    double sum = 0;
    double squares = 0;
    for (const float value : values) {
      sum += static_cast<double>(value);
      squares += static_cast<double>(value) * static_cast<double>(value);
    }
    const auto count = static_cast<double>(values.size());
    return {sum / count, std::sqrt(squares / count - sum / count * sum / count)};
  }
  FileSet files_;
  std::optional<GgufFile> file_;
};

TEST_F(Synth, WritesAQwen2) {
  const ModelShape& shape = *find_model_shape("tiny");
  make(shape, {.type = TensorType::kQ8_0}, "synth_qwen2.gguf");
  EXPECT_EQ(file_->get_string("general.architecture"), "qwen2");
  EXPECT_EQ(file_->get_int("qwen2.block_count", 0, 100), shape.layers);
  EXPECT_EQ(file_->get_int("qwen2.attention.head_count_kv", 0, 100), shape.kv_heads);
  EXPECT_EQ(file_->get_int("general.file_type", 0, 100), 7);
  const TensorTable& tensors = file_->tensors();
  EXPECT_TRUE(tensors.get("token_embd.weight", {shape.vocab, shape.hidden}));
  EXPECT_TRUE(tensors.get("blk.1.attn_k.weight", {2 * 64, 256}));
  EXPECT_TRUE(tensors.get("blk.1.attn_k.bias", {2 * 64}));
  EXPECT_TRUE(tensors.get("blk.1.ffn_down.weight", {256, 512}));
  EXPECT_EQ(tensors.find("blk.0.attn_norm.weight")->type, TensorType::kF32);
  EXPECT_EQ(tensors.find("blk.0.attn_q.weight")->type, TensorType::kQ8_0);
  EXPECT_FALSE(tensors.contains("output.weight")) << "tied";
  EXPECT_EQ(tensors.tensors().size(), 2u + 2 * 12);
}

TEST_F(Synth, WritesAQwen3WithHeadNormsAndItsOwnHead) {
  make(*find_model_shape("tiny-qwen3"), {.type = TensorType::kF16}, "synth_qwen3.gguf");
  const TensorTable& tensors = file_->tensors();
  EXPECT_TRUE(tensors.get("blk.0.attn_q_norm.weight", {128}));
  EXPECT_TRUE(tensors.get("blk.0.attn_output.weight", {256, 4 * 128}));
  EXPECT_TRUE(tensors.get("output.weight", {1088, 256}));
  EXPECT_FALSE(tensors.contains("blk.0.attn_q.bias"));
  EXPECT_EQ(file_->get_int("qwen3.attention.key_length", 0, 1000), 128);
}

TEST_F(Synth, WritesAQwen35) {
  make(*find_model_shape("tiny-qwen3.5"), {.type = TensorType::kQ8_0}, "synth_qwen35.gguf");
  EXPECT_EQ(file_->get_string("general.architecture"), "qwen35");
  const auto number = [&](const std::string& key) { return file_->get_int(key, 0, 1 << 20); };
  EXPECT_EQ(number("qwen35.block_count"), 4);
  EXPECT_EQ(number("qwen35.attention.key_length"), 64);
  EXPECT_EQ(number("qwen35.rope.dimension_count"), 16);
  EXPECT_EQ(number("qwen35.ssm.conv_kernel"), 4);
  EXPECT_EQ(number("qwen35.ssm.state_size"), 64);
  EXPECT_EQ(number("qwen35.ssm.group_count"), 2);
  EXPECT_EQ(number("qwen35.ssm.time_step_rank"), 6);
  EXPECT_EQ(number("qwen35.ssm.inner_size"), 384);
  EXPECT_EQ(number("qwen35.full_attention_interval"), 4);
  EXPECT_EQ(*file_->get_int_array("qwen35.rope.dimension_sections"),
            (std::vector<int64_t>{3, 3, 2, 0}));
  const GgufEntry* recurrent = file_->find("qwen35.attention.recurrent_layers");
  ASSERT_NE(recurrent, nullptr);
  EXPECT_EQ(recurrent->type, GgufType::kArray);
  EXPECT_FALSE(file_->contains("qwen35.nextn_predict_layers"));
  const TensorTable& tensors = file_->tensors();
  EXPECT_TRUE(tensors.get("blk.0.attn_qkv.weight", {(2 + 2 + 6) * 64, 256}));
  EXPECT_TRUE(tensors.get("blk.0.attn_gate.weight", {6 * 64, 256}));
  EXPECT_TRUE(tensors.get("blk.2.ssm_alpha.weight", {6, 256}));
  EXPECT_TRUE(tensors.get("blk.2.ssm_out.weight", {256, 6 * 64}));
  EXPECT_TRUE(tensors.get("blk.3.attn_q.weight", {2 * 4 * 64, 256}));
  EXPECT_TRUE(tensors.get("blk.3.attn_k_norm.weight", {64}));
  EXPECT_FALSE(tensors.contains("blk.3.attn_qkv.weight"));
  EXPECT_FALSE(tensors.contains("output.weight")) << "tied";
  for (const char* small : {"blk.0.ssm_conv1d.weight", "blk.0.ssm_a", "blk.0.ssm_dt.bias",
                            "blk.0.ssm_norm.weight", "blk.0.post_attention_norm.weight"})
    EXPECT_EQ(tensors.find(small)->type, TensorType::kF32) << small;
  EXPECT_EQ(tensors.tensors().size(), 2u + 3 * 14 + 11);
}

TEST_F(Synth, StatesOfAQwen35FadeSlowly) {
  make(*find_model_shape("tiny-qwen3.5"), {.type = TensorType::kF16}, "synth_fade.gguf");
  const auto values_of = [&](const char* name) {
    const TensorView& tensor = *file_->tensors().find(name);
    std::vector<float> values(static_cast<size_t>(tensor.elements()));
    dequantize(tensor.type, tensor.bytes.data(), tensor.elements(), values.data());
    return values;
  };
  const auto decay = values_of("blk.1.ssm_a");
  const auto step = values_of("blk.1.ssm_dt.bias");
  ASSERT_EQ(step.size(), 6u);
  EXPECT_FLOAT_EQ(decay.front(), -1.0f);
  EXPECT_FLOAT_EQ(decay.back(), -16.0f);
  for (size_t i = 0; i < step.size(); ++i) {
    const float kept = std::exp(decay[i] * std::log1p(std::exp(step[i])));
    EXPECT_GE(kept, 0.899f);
    EXPECT_LE(kept, 0.9991f);
  }
}

// What llama.cpp's quantizer makes of a file of this shape.
TEST_F(Synth, TypesOfAQwen35) {
  const ModelShape& shape = *find_model_shape("tiny-qwen3.5");
  const auto type_of = [&](const char* name) { return file_->tensors().find(name)->type; };
  make(shape, {.type = TensorType::kQ4_0}, "synth_qwen35_q4_0.gguf");
  EXPECT_EQ(type_of("token_embd.weight"), TensorType::kQ6_K);
  EXPECT_EQ(type_of("blk.0.attn_qkv.weight"), TensorType::kQ4_0);
  EXPECT_EQ(type_of("blk.0.ssm_beta.weight"), TensorType::kQ4_0);
  make(shape, {.type = TensorType::kQ4_0, .head = TensorType::kQ4_0}, "synth_qwen35_head.gguf");
  EXPECT_EQ(type_of("token_embd.weight"), TensorType::kQ4_0);
  make(shape, {.type = TensorType::kQ8_0}, "synth_qwen35_q8_0.gguf");
  EXPECT_EQ(type_of("token_embd.weight"), TensorType::kQ8_0);
  make(shape, {.type = TensorType::kQ4_K}, "synth_qwen35_q4_k.gguf");
  EXPECT_EQ(type_of("token_embd.weight"), TensorType::kQ6_K);
  EXPECT_EQ(type_of("blk.0.attn_qkv.weight"), TensorType::kQ4_K);
  EXPECT_EQ(type_of("blk.2.attn_qkv.weight"), TensorType::kQ6_K) << "as v";
  EXPECT_EQ(type_of("blk.2.ffn_down.weight"), TensorType::kQ6_K);
  EXPECT_EQ(type_of("blk.3.attn_v.weight"), TensorType::kQ6_K);
  EXPECT_EQ(type_of("blk.3.attn_q.weight"), TensorType::kQ4_K);
  EXPECT_EQ(type_of("blk.2.ssm_out.weight"), TensorType::kQ8_0) << "256 does not divide 384";
}

TEST_F(Synth, ValuesAreAsPromised) {
  make(*find_model_shape("tiny"), {.type = TensorType::kQ4_0, .head = TensorType::kQ6_K},
       "synth_values.gguf");
  EXPECT_EQ(file_->tensors().find("token_embd.weight")->type, TensorType::kQ6_K);
  // 131,072 values: the mean's standard error is 5.5e-5, the deviation's 0.2 %; Q4_0 adds 0.4 %
  // (its error of about 9 % adds in squares).
  const auto [mean, deviation] = mean_and_deviation("blk.0.ffn_up.weight");
  EXPECT_NEAR(mean, 0.0, 3e-4);
  EXPECT_NEAR(deviation, 0.02, 0.02 * 0.02);
  EXPECT_NEAR(mean_and_deviation("output_norm.weight").first, 1.0, 0.02);
}

TEST_F(Synth, MixesTypesAsLlamaCppDoesForQ4_K_M) {
  make(*find_model_shape("tiny-qwen3"), {.type = TensorType::kQ4_K}, "synth_mixed.gguf");
  EXPECT_EQ(file_->get_int("general.file_type", 0, 100), 15);
  const auto type_of = [&](const char* name) { return file_->tensors().find(name)->type; };
  EXPECT_EQ(type_of("token_embd.weight"), TensorType::kQ4_K);
  EXPECT_EQ(type_of("output.weight"), TensorType::kQ6_K);
  EXPECT_EQ(type_of("blk.0.attn_q.weight"), TensorType::kQ4_K);
  EXPECT_EQ(type_of("blk.0.ffn_down.weight"), TensorType::kQ4_K);
  EXPECT_EQ(type_of("blk.1.ffn_down.weight"), TensorType::kQ6_K) << "in the last eighth";
  EXPECT_EQ(type_of("blk.1.attn_v.weight"), TensorType::kQ6_K);
  EXPECT_NEAR(mean_and_deviation("blk.0.ffn_up.weight").second, 0.02, 0.02 * 0.02);

  make(*find_model_shape("tiny"), {.type = TensorType::kQ4_K}, "synth_mixed_tied.gguf");
  EXPECT_EQ(type_of("token_embd.weight"), TensorType::kQ6_K) << "also the output head";
}

TEST_F(Synth, TheSeedDecidesTheBytes) {
  const ModelShape& shape = *find_model_shape("tiny");
  const auto bytes = [&](uint64_t seed) {
    make(shape, {.type = TensorType::kQ4_0, .seed = seed}, "synth_seed.gguf");
    return std::string(files_.text(path("synth_seed.gguf").filename().string()));
  };
  const std::string first = bytes(1);
  EXPECT_EQ(first, bytes(1));
  EXPECT_NE(first, bytes(2));
}

TEST_F(Synth, ReportsProgressToTheEnd) {
  double last = 0;
  const auto progress = [&](double fraction) {
    EXPECT_GE(fraction, last);
    last = fraction;
  };
  make(*find_model_shape("tiny"), {.progress = progress}, "synth_progress.gguf");
  EXPECT_EQ(last, 1.0);
}

TEST_F(Synth, FailuresLeaveNoFile) {
  const ModelShape& shape = *find_model_shape("tiny");
  auto missing = synthesize_gguf(shape, {}, path("no_such_folder") / "x.gguf");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::kIo);
  EXPECT_NE(missing.error().message.find("No such file"), std::string::npos);
  auto type = synthesize_gguf(shape, {.type = TensorType::kQ3_K}, path("synth_bad.gguf"));
  ASSERT_FALSE(type);
  EXPECT_EQ(type.error().code, ErrorCode::kInvalidArgument);
  EXPECT_FALSE(fs::exists(path("synth_bad.gguf")));
}

TEST(SynthVocabulary, GeneratedTokensAreReachable) {
  const SynthVocabulary vocabulary = generated_vocabulary(20000);
  ASSERT_EQ(vocabulary.tokens.size(), 20000u);
  ASSERT_EQ(vocabulary.types.size(), 20000u);
  const std::set<std::string> tokens(vocabulary.tokens.begin(), vocabulary.tokens.end());
  EXPECT_EQ(tokens.size(), 20000u) << "no token twice";
  EXPECT_EQ(vocabulary.merges.size(), 20000u - 256 - 3);
  for (const std::string& merge : vocabulary.merges) {
    const size_t space = merge.find(' ');
    ASSERT_NE(space, std::string::npos);
    ASSERT_TRUE(tokens.contains(merge.substr(0, space))) << merge;
    ASSERT_TRUE(tokens.contains(merge.substr(space + 1))) << merge;
    ASSERT_TRUE(tokens.contains(merge.substr(0, space) + merge.substr(space + 1))) << merge;
  }
  EXPECT_EQ(vocabulary.tokens[static_cast<size_t>(vocabulary.end_of_turn)], "<|im_end|>");
}

TEST(SynthVocabulary, Qwen35HasItsTokensAtTheirIds) {
  const SynthVocabulary vocabulary = generated_qwen35_vocabulary(248320);
  ASSERT_EQ(vocabulary.tokens.size(), 248320u);
  ASSERT_EQ(vocabulary.types.size(), 248320u);
  EXPECT_EQ(vocabulary.end_of_text, 248044);
  EXPECT_EQ(vocabulary.end_of_turn, 248046);
  const auto at = [&](size_t id) {
    return vocabulary.tokens[id] + " " + std::to_string(vocabulary.types[id]);
  };
  EXPECT_EQ(at(248043).find('<'), std::string::npos);
  EXPECT_EQ(at(248044), "<|endoftext|> 3");
  EXPECT_EQ(at(248046), "<|im_end|> 3");
  EXPECT_EQ(at(248057), "<|video_pad|> 3");
  EXPECT_EQ(at(248058), "<tool_call> 4");
  EXPECT_EQ(at(248060), "<|fim_prefix|> 3");
  EXPECT_EQ(at(248069), "</think> 4");
  EXPECT_EQ(at(248070), "[PAD248070] 5");
  EXPECT_EQ(at(248319), "[PAD248319] 5");
  const std::set<std::string> tokens(vocabulary.tokens.begin(), vocabulary.tokens.end());
  EXPECT_EQ(tokens.size(), 248320u) << "no token twice";
  EXPECT_EQ(generated_qwen35_vocabulary(1088).tokens.back(), "</think>");
}

constexpr std::string_view kTokenizer = R"({"added_tokens":[
  {"id":3,"content":"<|endoftext|>","special":true},{"id":5,"content":"<|im_end|>","special":true},
  {"id":4,"content":"<tool>","special":false}],
  "model":{"vocab":{"a":0,"b":1,"ab":2},"merges":["a b",["a","b"]]}})";

TEST(SynthVocabulary, ComesFromATokenizerAndIsPadded) {
  auto vocabulary = vocabulary_from_json(kTokenizer, 7);
  ASSERT_TRUE(vocabulary) << vocabulary.error().message;
  const std::vector<std::string> tokens = {"a",      "b",          "ab",    "<|endoftext|>",
                                           "<tool>", "<|im_end|>", "[PAD6]"};
  EXPECT_EQ(vocabulary->tokens, tokens);
  EXPECT_EQ(vocabulary->types, (std::vector<int32_t>{1, 1, 1, 3, 4, 3, 5}));
  EXPECT_EQ(vocabulary->merges, (std::vector<std::string>{"a b", "a b"}));
  EXPECT_EQ(vocabulary->end_of_text, 3);
  EXPECT_EQ(vocabulary->end_of_turn, 5);
}

TEST(SynthVocabulary, RefusesWhatDoesNotFit) {
  EXPECT_EQ(vocabulary_from_json(kTokenizer, 5).error().message,
            "tokenizer.json: token '<|im_end|>' has id 5, beyond the model's vocabulary of 5");
  EXPECT_EQ(vocabulary_from_json("{}", 5).error().message,
            "tokenizer.json: has no BPE vocabulary and merges");
  EXPECT_EQ(vocabulary_from_json(R"({"model":{"vocab":{"a":0},"merges":[]}})", 5).error().message,
            "tokenizer.json: has no <|endoftext|> and <|im_end|>, as Qwen's has");
  EXPECT_EQ(vocabulary_from_json(R"({"model":{"vocab":{"a":"x"},"merges":[]}})", 5).error().code,
            ErrorCode::kCorrupt);
  EXPECT_EQ(vocabulary_from_json("{", 5).error().code, ErrorCode::kCorrupt);
}

}  // namespace
}  // namespace qaio
