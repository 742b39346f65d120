#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <fstream>
#include <sstream>

#include "text/split_pattern.h"
#include "text/test_vocabulary.h"
#include "text/tokenizer.h"

namespace qaio {
namespace {

namespace json = boost::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// The hand-made vocabulary as a tokenizer.json.
json::object test_file(bool merges_as_arrays = false) {
  const Vocabulary v = test_vocabulary();
  json::object vocab;
  for (size_t id = 0; id < v.tokens.size(); ++id) vocab[v.tokens[id]] = static_cast<int64_t>(id);
  json::array merges;
  for (const auto& merge : v.merges) {
    const size_t space = merge.find(' ');
    if (merges_as_arrays) {
      merges.push_back(json::array{merge.substr(0, space), merge.substr(space + 1)});
    } else {
      merges.emplace_back(merge);
    }
  }
  json::array added;
  for (const auto& token : v.added) {
    added.push_back(json::object{{"id", token.id},
                                 {"content", token.content},
                                 {"single_word", false},
                                 {"lstrip", false},
                                 {"rstrip", false},
                                 {"normalized", false},
                                 {"special", token.special}});
  }
  const json::object split = {{"type", "Split"},
                              {"pattern", json::object{{"Regex", kQwenSplitPattern}}},
                              {"behavior", "Isolated"},
                              {"invert", false}};
  const json::object byte_level = {{"type", "ByteLevel"},
                                   {"add_prefix_space", false},
                                   {"trim_offsets", false},
                                   {"use_regex", false}};
  return {{"version", "1.0"},
          {"truncation", nullptr},
          {"added_tokens", added},
          {"normalizer", json::object{{"type", "NFC"}}},
          {"pre_tokenizer",
           json::object{{"type", "Sequence"}, {"pretokenizers", json::array{split, byte_level}}}},
          {"post_processor", byte_level},
          {"decoder", byte_level},
          {"model", json::object{{"type", "BPE"},
                                 {"dropout", nullptr},
                                 {"unk_token", nullptr},
                                 {"continuing_subword_prefix", ""},
                                 {"end_of_word_suffix", ""},
                                 {"fuse_unk", false},
                                 {"byte_fallback", false},
                                 {"vocab", vocab},
                                 {"merges", merges}}}};
}

Result<std::unique_ptr<Tokenizer>> load(const json::value& file) {
  return Tokenizer::from_json(json::serialize(file));
}

TEST(TokenizerFromJson, ReadsBothFormsOfMerges) {
  for (const bool arrays : {false, true}) {
    const auto t = load(test_file(arrays));
    ASSERT_TRUE(t) << t.error().message;
    EXPECT_THAT((*t)->encode("hello hello中"), ElementsAre(kHello, kSpaceHello, kZhong));
    EXPECT_THAT((*t)->encode_with_special("<|im_start|>"), ElementsAre(kImStart));
    EXPECT_THAT((*t)->encode_with_special("<think>"), ElementsAre(kThink));
  }
}

TEST(TokenizerFromJson, ObeysSettings) {
  auto file = test_file();
  file["normalizer"] = nullptr;
  EXPECT_EQ((*load(file))->encode("e\u0301").size(), 3u);
  file["normalizer"] = {{"type", "Sequence"}, {"normalizers", {{{"type", "NFC"}}}}};
  EXPECT_EQ((*load(file))->encode("e\u0301").size(), 2u);
  file["model"].as_object()["vocab"].as_object()["xyz"] = 300;
  EXPECT_EQ((*load(file))->encode("xyz").size(), 3u);
  file["model"].as_object()["ignore_merges"] = true;
  EXPECT_THAT((*load(file))->encode("xyz"), ElementsAre(300));
  file["post_processor"] = {{"type", "TemplateProcessing"}};
  EXPECT_TRUE(load(file));
}

// One change to a good file, and a part of the message it must give.
struct BadFile {
  const char* pointer;  // JSON pointer to the value
  json::value value;
  const char* message;
};

void replace(std::string_view pointer, const json::value& value, json::value* file) {
  const size_t slash = pointer.rfind('/');
  json::value& parent = file->at_pointer(pointer.substr(0, slash));
  const std::string key(pointer.substr(slash + 1));
  if (parent.is_array()) {
    parent.get_array().at(std::stoul(key)) = value;
  } else {
    parent.as_object()[key] = value;
  }
}

TEST(TokenizerFromJson, NamesWhatItCannotUse) {
  const BadFile cases[] = {
      {"/model", 1, "model is 1 instead of an object"},
      {"/model/type", "Unigram", "model.type is \"Unigram\"; only \"BPE\""},
      {"/model/dropout", 0.1, "model.dropout is"},
      {"/model/continuing_subword_prefix", "##", "continuing_subword_prefix is \"##\""},
      {"/model/end_of_word_suffix", "</w>", "end_of_word_suffix"},
      {"/model/vocab", nullptr, "model.vocab is nothing"},
      {"/model/vocab", json::array{}, "model.vocab is an array"},
      {"/model/vocab/!", -1, "the id of \"!\" is -1"},
      {"/model/vocab/!", 1 << 20, "the id of \"!\" is 1048576"},
      {"/model/vocab/!", "0", "the id of \"!\" is \"0\""},
      {"/model/vocab/!", 1.5, "the id of \"!\" is 1.5"},
      {"/model/vocab/!", nullptr, "the id of \"!\" is null"},
      {"/model/vocab/!", json::object{}, "the id of \"!\" is an object"},
      {"/model/vocab/!", json::array{}, "the id of \"!\" is an array"},
      {"/model/vocab/!", true, "the id of \"!\" is true"},
      {"/model/vocab/!", 18446744073709551615u, "the id of \"!\" is 18446744073709551615"},
      {"/model/vocab/!", 34, "share the id 34"},
      {"/model/merges", nullptr, "model.merges is nothing"},
      {"/model/merges", json::object{}, "model.merges is an object"},
      {"/model/merges/0", 5, "merge 0 is or holds 5"},
      {"/model/merges/0", json::array{"h"}, "has 1 parts"},
      {"/model/merges/0", json::array{"h", "e", "l"}, "has 3 parts"},
      {"/model/merges/0", json::array{"h", 1}, "is or holds 1"},
      {"/model/merges/0", json::array{"h", json::array{}}, "is or holds an array"},
      {"/model/merges/0", json::array{"h ", "e"}, "is not two tokens"},
      {"/model/merges/0", "h  e", "is not two tokens"},
      {"/model/merges/0", "q q", "needs the token \"qq\""},
      {"/added_tokens", 1, "added_tokens is 1"},
      {"/added_tokens/0", 1, "added token 0 has the content nothing"},
      {"/added_tokens/0/content", 5, "has the content 5"},
      {"/added_tokens/0/content", "", "0 bytes"},
      {"/added_tokens/0/id", "x", "the id of \"<|endoftext|>\" is \"x\""},
      {"/added_tokens/0/id", 3, "which the vocabulary gives to"},
      {"/added_tokens/0/special", "yes", "special is \"yes\" instead of true or false"},
      {"/added_tokens/0/lstrip", true, "lstrip is true; only false"},
      {"/normalizer/type", "Lowercase", "normalizer.type is \"Lowercase\""},
      {"/normalizer", json::array{}, "normalizer.type is nothing"},
      {"/pre_tokenizer", nullptr, "pre_tokenizer is nothing"},
      {"/pre_tokenizer/type", "Whitespace", "pre_tokenizer is"},
      {"/pre_tokenizer/pretokenizers/0/pattern", json::object{{"String", " "}}, "not a regular"},
      {"/pre_tokenizer/pretokenizers/0/pattern/Regex", "(", "does not compile"},
      {"/pre_tokenizer/pretokenizers/0/behavior", "Removed", "behavior is \"Removed\""},
      {"/pre_tokenizer/pretokenizers/0/invert", true, "invert is true"},
      {"/pre_tokenizer/pretokenizers/1/use_regex", true, "use_regex is true"},
      {"/pre_tokenizer/pretokenizers/1/add_prefix_space", nullptr, "add_prefix_space is true"},
      {"/decoder/type", "WordPiece", "decoder.type is \"WordPiece\""},
      {"/decoder", nullptr, "decoder.type is nothing"},
  };
  for (const BadFile& bad : cases) {
    json::value file = test_file();
    replace(bad.pointer, bad.value, &file);
    const auto t = load(file);
    ASSERT_FALSE(t) << bad.pointer << " " << bad.message;
    EXPECT_THAT(t.error().message, HasSubstr(bad.message)) << bad.pointer;
    const ErrorCode code = t.error().code;
    EXPECT_TRUE(code == ErrorCode::kCorrupt || code == ErrorCode::kUnsupported);
  }
}

TEST(TokenizerFromJson, SkipsAByteOrderMark) {
  const auto t = Tokenizer::from_json("\xEF\xBB\xBF" + json::serialize(test_file()));
  ASSERT_TRUE(t) << t.error().message;
  EXPECT_THAT((*t)->encode("hello"), ElementsAre(kHello));
}

TEST(TokenizerFromJson, NamesWhatStandsInItsPlace) {
  const auto t = Tokenizer::from_json("version https://git-lfs.github.com/spec/v1\noid sha256:0\n");
  ASSERT_FALSE(t);
  EXPECT_THAT(t.error().message, HasSubstr("tokenizer.json: is a Git LFS pointer"));
}

TEST(TokenizerFromJson, RefusesWhatIsNotJson) {
  const std::string good = json::serialize(test_file());
  for (const std::string& text :
       {std::string(), std::string("{"), std::string("[]"), good + "x", std::string(1000, '['),
        std::string(R"({"model":{"vocab":{},"vocab":{},"merges":[]}})"),
        std::string(R"({"model":{"vocab":{"\ud800":1},"merges":[]}})"),
        std::string("{\"model\":{\"vocab\":{\"\xFF\":1},\"merges\":[]}}")}) {
    const auto t = Tokenizer::from_json(text);
    ASSERT_FALSE(t);
    EXPECT_EQ(t.error().code, ErrorCode::kCorrupt) << t.error().message;
    EXPECT_THAT(t.error().message, HasSubstr("tokenizer.json: "));
  }
  for (size_t cut = 0; cut < good.size(); cut += 7) {
    EXPECT_FALSE(Tokenizer::from_json(std::string_view(good).substr(0, cut)));
  }
}

TEST(TokenizerFromJson, EscapesInTokensAreRead) {
  json::value file = test_file();
  std::string text = json::serialize(file);
  const size_t at = text.find("\"hello\":259");
  ASSERT_NE(at, std::string::npos);
  text.replace(at, 7, "\"he\\u006clo\"");
  const auto t = Tokenizer::from_json(text);
  ASSERT_TRUE(t) << t.error().message;
  EXPECT_THAT((*t)->encode("hello"), ElementsAre(kHello));
}

// Files of other implementations' making, with ids they computed.
class MiniModels : public ::testing::TestWithParam<const char*> {};

TEST_P(MiniModels, LoadAndRoundTrip) {
  const std::string path = std::string(QAIO_SHARED_DATA_DIR "/") + GetParam() + "/tokenizer.json";
  std::ifstream in(path, std::ios::binary);
  if (!in) GTEST_SKIP() << path << " is not here: the reference models are not part of the project";
  std::stringstream bytes;
  bytes << in.rdbuf();
  const auto loaded = Tokenizer::from_json(bytes.str());
  ASSERT_TRUE(loaded) << loaded.error().message;
  const Tokenizer& t = **loaded;
  EXPECT_EQ(t.size(), 1027);
  EXPECT_EQ(t.special("<|endoftext|>"), 1024);
  EXPECT_EQ(t.special("<|im_start|>"), 1025);
  EXPECT_EQ(t.special("<|im_end|>"), 1026);
  const std::string text = "<|im_start|>user\n你好, world! I'm 42 😀\r\n<|im_end|>";
  EXPECT_EQ(t.decode(t.encode(text)), text);
  EXPECT_EQ(t.decode(t.encode_with_special(text), false), text);
  EXPECT_EQ(t.encode_with_special(text).front(), 1025);
  EXPECT_EQ(t.encode_with_special(text).back(), 1026);
  EXPECT_THAT(t.encode("\n"), ElementsAre(198));
}

TEST(Qwen35Model, GivesTheIdsOfTheReference) {
  const auto read = [](const std::string& name) {
    std::ifstream in(QAIO_SHARED_DATA_DIR "/mini-qwen3.5/" + name, std::ios::binary);
    std::stringstream bytes;
    bytes << in.rdbuf();
    return bytes.str();
  };
  const std::string file = read("tokenizer.json");
  if (file.empty()) GTEST_SKIP() << "the reference models are not part of the project";
  const auto t = Tokenizer::from_json(file, read("tokenizer_config.json"));
  ASSERT_TRUE(t) << t.error().message;
  EXPECT_EQ((*t)->tables().split_pattern, kQwen35SplitPattern);
  const json::value expected = json::parse(read("expected.json"));
  ASSERT_GT(expected.at("tokens").as_array().size(), 5U);
  for (const auto& one : expected.at("tokens").as_array()) {
    const std::string text(one.at("text").as_string());
    const auto ids = json::value_to<std::vector<TokenId>>(one.at("ids"));
    EXPECT_EQ((*t)->encode_with_special(text), ids) << text;
    EXPECT_EQ((*t)->decode(ids, false), text);
  }
}

INSTANTIATE_TEST_SUITE_P(All, MiniModels,
                         ::testing::Values("mini-qwen1.5", "mini-qwen1.5-outliers", "mini-qwen2.5",
                                           "mini-qwen3"),
                         [](const auto& test) {
                           std::string name = test.param;
                           for (char& c : name)
                             c = std::isalnum(static_cast<unsigned char>(c)) ? c : '_';
                           return name;
                         });

}  // namespace
}  // namespace qaio
