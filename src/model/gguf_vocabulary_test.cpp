#include "model/gguf_vocabulary.h"

#include <gmock/gmock.h>

#include <boost/json.hpp>
#include <filesystem>
#include <functional>

#include "base/file_set.h"
#include "base/json.h"
#include "text/split_pattern.h"
#include "text/test_vocabulary.h"
#include "weights/gguf_writer.h"

namespace qaio {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

constexpr int32_t kNormal = 1, kControl = 3, kUserDefined = 4, kUnused = 5;

// The hand-made vocabulary as a GGUF file, its added tokens of one type, and two padding rows.
Result<std::unique_ptr<Tokenizer>> read(
    int32_t added, int32_t padding, const std::function<void(GgufWriter&)>& add = [](auto&) {}) {
  Vocabulary v = test_vocabulary();
  std::vector<int32_t> types(v.tokens.size(), kNormal);
  for (const auto& token : v.added) {
    v.tokens.push_back(token.content);
    types.push_back(token.special ? added : kUserDefined);
  }
  for (const char* spelling : {"[PAD267]", "[PAD268]"}) {
    v.tokens.emplace_back(spelling);
    types.push_back(padding);
  }
  v.tokens.emplace_back(
      "hel"
      "per");  // no merge leads here
  types.push_back(kUnused);
  GgufWriter writer;
  writer.add_string("tokenizer.ggml.model", "gpt2");
  writer.add_strings("tokenizer.ggml.tokens", v.tokens);
  writer.add_strings("tokenizer.ggml.merges", v.merges);
  writer.add_ints("tokenizer.ggml.token_type", types);
  add(writer);
  const int64_t shape[] = {1};
  writer.add_tensor("x", TensorType::kF32, shape);
  const std::string bytes = writer.header() + std::string(64, '\0');
  QAIO_ASSIGN(const GgufFile file, GgufFile::parse(std::as_bytes(std::span(bytes)), "model.gguf"));
  QAIO_ASSIGN(const Vocabulary vocabulary, vocabulary_from_gguf(file));
  return Tokenizer::from_vocabulary(vocabulary);
}

TEST(GgufVocabulary, FramesAreControlTokensWhateverTheirType) {
  for (const int32_t type : {kNormal, kControl, kUserDefined, kUnused}) {
    const auto t = read(type, kUnused);
    ASSERT_TRUE(t) << type << t.error().message;
    EXPECT_EQ((*t)->special("<|im_end|>"), kImEnd) << type;
    EXPECT_TRUE((*t)->is_special(kImEnd)) << type;
    const auto ids = (*t)->encode("<|im_end|><|im_start|>hello<|endoftext|>");
    for (const TokenId id : ids) EXPECT_LT(id, 263) << type;
    const bool mistaken = type == kNormal || type == kUserDefined;
    EXPECT_THAT((*t)->corrections(), SizeIs(mistaken ? 1 : 0)) << type;
  }
}

TEST(GgufVocabulary, PaddingIsNeverShown) {
  for (const int32_t type : {kNormal, kControl, kUserDefined, kUnused}) {
    const auto t = read(kControl, type);
    ASSERT_TRUE(t) << type << t.error().message;
    EXPECT_EQ((*t)->size(), 270);
    const std::vector<TokenId> ids = {kHello, 267, 268, 269};
    EXPECT_EQ((*t)->decode(ids), "hello") << type;  // an unused token neither
    EXPECT_EQ((*t)->decode(std::vector<TokenId>{267}, false), "") << type;
    EXPECT_EQ((*t)->decode((*t)->encode_with_special("[PAD267]")), "[PAD267]") << type;
  }
}

std::string refusal(const std::function<void(GgufWriter&)>& add) {
  const auto t = read(kControl, kUnused, add);
  return t ? "(read)" : t.error().message;
}

TEST(GgufVocabulary, PatternsUnderOtherNames) {
  for (const char* pre : {"qwen2", "default", "deepseek-r1-qwen", "qwen35"}) {
    EXPECT_EQ(refusal([&](auto& writer) { writer.add_string("tokenizer.ggml.pre", pre); }),
              "(read)");
  }
  EXPECT_THAT(refusal([](auto& writer) { writer.add_string("tokenizer.ggml.pre", "llama-bpe"); }),
              HasSubstr("'llama-bpe'"));
}

TEST(GgufVocabulary, Qwen35KeepsMarksWithLetters) {
  const auto pattern = [](const char* pre) {
    const auto t = read(kControl, kUnused,
                        [&](auto& writer) { writer.add_string("tokenizer.ggml.pre", pre); });
    return t ? (*t)->tables().split_pattern : t.error().message;
  };
  EXPECT_EQ(pattern("qwen35"), kQwen35SplitPattern);
  EXPECT_EQ(pattern("qwen2"), kQwenSplitPattern);
}

// Another implementation's ids of a folder's tokenizer.json, which its GGUF files hold as well.
TEST(GgufVocabulary, GivesTheIdsOfTheReference) {
  const std::filesystem::path folder = std::filesystem::path(QAIO_SHARED_DATA_DIR) / "mini-qwen3.5";
  if (!std::filesystem::exists(folder)) {
    GTEST_SKIP() << folder << " is not here: the reference models are not part of the project";
  }
  const auto all = FileSet::open(folder);
  ASSERT_TRUE(all) << all.error().message;
  const auto expected = parse_json(all->text("expected.json"), "expected.json");
  ASSERT_TRUE(expected) << expected.error().message;
  for (const char* name : {"model-f16.gguf", "model-q8_0.gguf", "model-q4_0.gguf"}) {
    const auto file = GgufFile::parse(all->bytes(name), name);
    ASSERT_TRUE(file) << file.error().message;
    const auto vocabulary = vocabulary_from_gguf(*file);
    ASSERT_TRUE(vocabulary) << vocabulary.error().message;
    const auto t = Tokenizer::from_vocabulary(*vocabulary);
    ASSERT_TRUE(t) << t.error().message;
    for (const auto& one : expected->at("tokens").as_array()) {
      const std::string text(one.at("text").as_string());
      EXPECT_EQ((*t)->encode_with_special(text),
                boost::json::value_to<std::vector<TokenId>>(one.at("ids")))
          << name << ": " << text;
    }
    EXPECT_EQ((*t)->special("<|im_end|>"), 466) << name;
    EXPECT_FALSE((*t)->is_special(*(*t)->special("</think>"))) << "a mark that readers see";
  }
}

TEST(GgufVocabulary, TokensAroundEveryTextAreRefused) {
  for (const std::string key : {"tokenizer.ggml.add_bos_token", "tokenizer.ggml.add_eos_token"}) {
    EXPECT_EQ(refusal([&](auto& writer) { writer.add_bool(key, false); }), "(read)");
    EXPECT_THAT(refusal([&](auto& writer) { writer.add_bool(key, true); }),
                HasSubstr("'" + key + "' is true"));
  }
  // one that the chat template writes is no other
  EXPECT_EQ(refusal([](auto& writer) {
              writer.add_bool("tokenizer.ggml.add_bos_token", true);
              writer.add_string("tokenizer.chat_template", "{{ bos_token }}{{ messages }}");
            }),
            "(read)");
}

}  // namespace
}  // namespace qaio
