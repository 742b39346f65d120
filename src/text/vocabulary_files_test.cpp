#include "text/vocabulary_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "text/test_vocabulary.h"

namespace qaio {
namespace {

namespace json = boost::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// The hand-made vocabulary as the files of a slow tokenizer.
struct Texts {
  Texts() {
    const Vocabulary v = test_vocabulary();
    json::object tokens, described, listed_tokens;
    for (size_t id = 0; id < v.tokens.size(); ++id) {
      if (!v.tokens[id].empty()) tokens[v.tokens[id]] = static_cast<int64_t>(id);
    }
    for (const auto& token : v.added) {
      tokens.erase(token.content);
      described[std::to_string(token.id)] = {{"content", token.content},
                                             {"lstrip", false},
                                             {"normalized", false},
                                             {"special", token.special}};
      listed_tokens[token.content] = token.id;
    }
    vocab = json::serialize(tokens);
    merges = "#version: 0.2\n";
    for (const auto& merge : v.merges) merges += merge + "\n";
    config = json::serialize(
        json::object{{"tokenizer_class", "Qwen2Tokenizer"}, {"added_tokens_decoder", described}});
    listed = json::serialize(listed_tokens);
  }
  Result<std::unique_ptr<Tokenizer>> load() const {
    QAIO_ASSIGN(const Vocabulary vocabulary,
                vocabulary_from_files({vocab, merges, config, listed, special_map}));
    return Tokenizer::from_vocabulary(vocabulary);
  }
  std::string vocab, merges, config, listed, special_map;
};

TEST(VocabularyFiles, GiveTheSameTokenizer) {
  const auto expected = Tokenizer::from_vocabulary(test_vocabulary());
  ASSERT_TRUE(expected);
  Texts described;
  described.listed.clear();
  Texts listed;
  listed.config.clear();
  Texts marked;  // by a byte order mark and another system's ends of lines
  marked.vocab = "\xEF\xBB\xBF" + marked.vocab;
  marked.merges = "\xEF\xBB\xBF" + marked.merges;
  for (size_t at = 0; (at = marked.merges.find('\n', at)) != std::string::npos; at += 2)
    marked.merges.insert(at, "\r");
  for (const Texts& texts : {Texts(), described, listed, marked}) {
    const auto t = texts.load();
    ASSERT_TRUE(t) << t.error().message;
    EXPECT_EQ((*t)->size(), (*expected)->size());
    for (const std::string text : {"hello hello中", "it's e\u0301 42", "<|im_start|>hello"}) {
      EXPECT_EQ((*t)->encode(text), (*expected)->encode(text)) << text;
      EXPECT_EQ((*t)->encode_with_special(text), (*expected)->encode_with_special(text)) << text;
    }
    EXPECT_TRUE((*t)->is_special(kImStart));
  }
}

TEST(VocabularyFiles, NamedTokensAreSpecial) {
  Texts texts;
  texts.config.clear();
  texts.listed = R"({"[END]": 400, "<word>": 401})";
  for (const char* map :
       {R"({"eos_token": "[END]"})", R"({"additional_special_tokens": [{"content": "[END]"}]})"}) {
    texts.special_map = map;
    const auto t = texts.load();
    ASSERT_TRUE(t) << t.error().message;
    EXPECT_TRUE((*t)->is_special(400));
    EXPECT_FALSE((*t)->is_special(401));
    EXPECT_THAT((*t)->encode("<word>"), ElementsAre(401));
  }
}

TEST(VocabularyFiles, RefusalsNameTheFile) {
  struct Bad {
    std::string Texts::*file;
    const char* text;
    const char* message;
  };
  const Bad cases[] = {
      {&Texts::vocab, "[]", "vocab.json: is not a JSON object"},
      {&Texts::vocab, "{", "vocab.json: not valid JSON"},
      {&Texts::vocab, R"({"a": -1})", "vocab.json: the id of \"a\" is not a whole number"},
      {&Texts::vocab, R"({"a": 1048576})", "vocab.json: the id of \"a\""},
      {&Texts::vocab, R"({"a": "1"})", "vocab.json: the id of \"a\""},
      {&Texts::vocab, R"({"a": 1, "b": 1})", "share the id 1"},
      {&Texts::vocab, "version https://git-lfs.github.com/spec/v1\n", "vocab.json: is a Git LFS"},
      {&Texts::merges, "version https://git-lfs.github.com/spec/v1\n", "merges.txt: is a Git LFS"},
      {&Texts::merges, "", "merges.txt: is empty"},
      {&Texts::merges, "#version: 0.2\nhe\n", "merge \"he\" is not two tokens"},
      {&Texts::merges, "q q\n", "needs the token \"qq\""},
      {&Texts::config, R"({"tokenizer_class": "GPT2Tokenizer"})", "\"GPT2Tokenizer\""},
      {&Texts::config, R"({"added_tokens_decoder": []})", "\"added_tokens_decoder\" is not"},
      {&Texts::config, R"({"added_tokens_decoder": {"7": {}}})", "id \"7\" has no \"content\""},
      {&Texts::config, R"({"added_tokens_decoder": {"x": {"content": "<x>"}}})", "id of \"<x>\""},
      {&Texts::config, R"({"added_tokens_decoder": {"400": {"content": "<x>", "lstrip": true}}})",
       "tokenizer_config.json: the added token \"<x>\" has lstrip"},
      {&Texts::listed, R"({"<x>": []})", "added_tokens.json: the id of \"<x>\""},
      {&Texts::special_map, "3", "special_tokens_map.json: is not a JSON object"},
  };
  for (const Bad& bad : cases) {
    Texts texts;
    texts.*bad.file = bad.text;
    const auto t = texts.load();
    ASSERT_FALSE(t) << bad.text;
    EXPECT_THAT(t.error().message, HasSubstr(bad.message));
  }
}

}  // namespace
}  // namespace qaio
