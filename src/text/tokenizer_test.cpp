#include "text/tokenizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <thread>

#include "text/test_vocabulary.h"

namespace qaio {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::unique_ptr<Tokenizer> make(const Vocabulary& vocabulary) {
  auto tokenizer = Tokenizer::from_vocabulary(vocabulary);
  if (!tokenizer) ADD_FAILURE() << tokenizer.error().message;
  return tokenizer ? std::move(*tokenizer) : nullptr;
}

TEST(Tokenizer, EncodesAndDecodes) {
  const auto t = make(test_vocabulary());
  EXPECT_THAT(t->encode("hello hello中!"), ElementsAre(kHello, kSpaceHello, kZhong, '!'));
  EXPECT_THAT(t->encode(""), IsEmpty());
  EXPECT_EQ(t->decode(t->encode("hello hello中!")), "hello hello中!");
  EXPECT_EQ(t->size(), 267);
  EXPECT_EQ(t->token_bytes(kSpaceHello), " hello");
  EXPECT_EQ(t->token_bytes(0), std::string_view("\0", 1));
  EXPECT_EQ(t->token_bytes(kImEnd), "<|im_end|>");
  EXPECT_EQ(t->token_bytes(267), "");
  EXPECT_EQ(t->token_bytes(-1), "");
}

TEST(Tokenizer, UserTextNeverGivesSpecialTokens) {
  const auto t = make(test_vocabulary());
  const std::string text = "<|im_start|>hello<|im_end|>";
  const auto ids = t->encode(text);
  for (const TokenId id : ids) EXPECT_FALSE(t->is_special(id));
  EXPECT_EQ(t->decode(ids), text);
  EXPECT_THAT(t->encode_with_special(text), ElementsAre(kImStart, kHello, kImEnd));
  EXPECT_THAT(t->encode_with_special("<think>hello"), ElementsAre(kThink, kHello));
}

TEST(Tokenizer, SkipsSpecialTokensWhenDecoding) {
  const auto t = make(test_vocabulary());
  const std::vector<TokenId> ids = {kImStart, kHello, kThink, kImEnd, 5000, -7};
  EXPECT_EQ(t->decode(ids), "hello<think>");
  EXPECT_EQ(t->decode(ids, false), "<|im_start|>hello<think><|im_end|>");
  EXPECT_TRUE(t->is_special(kImEnd));
  EXPECT_FALSE(t->is_special(kThink));
  EXPECT_FALSE(t->is_special(-1));
  EXPECT_FALSE(t->is_special(5000));
}

TEST(Tokenizer, KnowsAddedTokensByName) {
  const auto t = make(test_vocabulary());
  EXPECT_EQ(t->special("<|im_start|>"), kImStart);
  EXPECT_EQ(t->special("<think>"), kThink);
  EXPECT_EQ(t->special("<|im_star"), std::nullopt);
  EXPECT_EQ(t->special("hello"), std::nullopt);
}

TEST(Tokenizer, NormalizesFirst) {
  Vocabulary v = test_vocabulary();
  EXPECT_EQ(make(v)->decode(make(v)->encode("e\u0301")), "\u00e9");
  v.nfc = false;
  EXPECT_EQ(make(v)->decode(make(v)->encode("e\u0301")), "e\u0301");
}

TEST(Tokenizer, NormalizedAddedTokensAreMatchedAfterNfc) {
  Vocabulary v = test_vocabulary();
  v.added.push_back({267, "caf\u00e9", false, true});
  v.added.push_back({268, "th\u00e9", false, false});
  const auto t = make(v);
  EXPECT_THAT(t->encode("cafe\u0301"), ElementsAre(267));
  EXPECT_THAT(t->encode("th\u00e9"), ElementsAre(268));
  EXPECT_THAT(t->encode("the\u0301"), ::testing::SizeIs(4));  // t h 0xC3 0xA9
}

TEST(Tokenizer, KeepsInvalidUtf8) {
  const auto t = make(test_vocabulary());
  EXPECT_THAT(t->encode("hello\xFF\xE4\xB8"
                        "hello"),
              ElementsAre(kHello, 0xFF, 0xE4, 0xB8, kHello));
}

TEST(Tokenizer, AnyBytesSurviveTheRoundTripWithoutNfc) {
  Vocabulary v = test_vocabulary();
  v.nfc = false;
  const auto t = make(v);
  std::mt19937 random(4);
  for (int round = 0; round < 5000; ++round) {
    std::string text(random() % 24, ' ');
    for (char& c : text) c = static_cast<char>(random());
    ASSERT_EQ(t->decode(t->encode(text)), text);
  }
}

TEST(Tokenizer, IgnoreMergesTakesWholePieces) {
  Vocabulary v = test_vocabulary();
  v.tokens.push_back("xyz");  // 263: no merge leads here
  for (auto& token : v.added) ++token.id;
  EXPECT_THAT(make(v)->encode("xyz"), ElementsAre('x', 'y', 'z'));
  v.ignore_merges = true;
  EXPECT_THAT(make(v)->encode("xyz hello"), ElementsAre(263, kSpaceHello));
}

TEST(Tokenizer, SpecialTokensCannotBeMergedOrTakenWhole) {
  Vocabulary v = test_vocabulary();
  v.ignore_merges = true;
  v.added.push_back({kHello, "hello", true, false});
  const auto t = make(v);
  for (const TokenId id : t->encode("hello")) EXPECT_FALSE(t->is_special(id));
  EXPECT_THAT(t->encode_with_special("hello"), ElementsAre(kHello));
}

TEST(Tokenizer, AddedTokensStandForTheirPlainSpelling) {
  Vocabulary v = test_vocabulary();
  v.added.push_back({kSpaceHello, "Ġhello", false, false});
  const auto t = make(v);
  EXPECT_THAT(t->encode("Ġhello"), ElementsAre(kSpaceHello));
  EXPECT_THAT(t->encode(" hello"), ElementsAre(' ', kHello));
  EXPECT_EQ(t->decode(t->encode("Ġhello hello")), "Ġhello hello");
}

TEST(Tokenizer, HolesAndPaddingAreAllowed) {
  Vocabulary v = test_vocabulary();
  v.tokens.resize(400);
  v.tokens[399] = "[PAD399] 中";  // not in the byte alphabet: kept as it is
  const auto t = make(v);
  EXPECT_EQ(t->size(), 400);
  EXPECT_EQ(t->token_bytes(300), "");
  EXPECT_EQ(t->token_bytes(399), "[PAD399] 中");
}

TEST(Tokenizer, RefusesContradictoryVocabularies) {
  const auto error = [](auto change) {
    Vocabulary v = test_vocabulary();
    change(&v);
    const auto t = Tokenizer::from_vocabulary(v);
    return t ? std::string("accepted")
             : std::string(error_code_name(t.error().code)) + ": " + t.error().message;
  };
  using V = Vocabulary*;
  EXPECT_THAT(error([](V v) { v->tokens[7] = v->tokens[8]; }), HasSubstr("both spell"));
  EXPECT_THAT(error([](V v) { v->tokens.clear(), v->merges.clear(); }),
              HasSubstr("unsupported: tokenizer: no token stands for the byte 0"));
  EXPECT_THAT(error([](V v) { v->merges[0] = "hi"; }), HasSubstr("corrupt: tokenizer: merge"));
  EXPECT_THAT(error([](V v) { v->merges[0] = "h e l"; }), HasSubstr("not two tokens"));
  EXPECT_THAT(error([](V v) { v->merges[0] = " he"; }), HasSubstr("not two tokens"));
  EXPECT_THAT(error([](V v) { v->merges[0] = "x q"; }), HasSubstr("needs the token \"xq\""));
  EXPECT_THAT(error([](V v) { v->merges.push_back("h e"); }), HasSubstr("listed twice"));
  EXPECT_THAT(error([](V v) { v->added[0].id = 5; }), HasSubstr("which the vocabulary gives"));
  EXPECT_THAT(error([](V v) { v->added[0].id = -1; }), HasSubstr("out of range"));
  EXPECT_THAT(error([](V v) { v->added[0].id = 1 << 20; }), HasSubstr("out of range"));
  EXPECT_THAT(error([](V v) { v->added[0].id = v->added[1].id; }), HasSubstr("share the id"));
  EXPECT_THAT(error([](V v) { v->added[0].content = v->added[1].content; }),
              HasSubstr("two added tokens are spelled"));
  EXPECT_THAT(error([](V v) { v->added[0].content = ""; }), HasSubstr("0 bytes"));
  EXPECT_THAT(error([](V v) { v->added[0].content.assign(513, 'x'); }), HasSubstr("513 bytes"));
  EXPECT_THAT(error([](V v) { v->added[0].content = "hello"; }),
              HasSubstr("but the vocabulary gives it 259"));
  EXPECT_THAT(error([](V v) {
                v->added.push_back({'!', "!", true, false});
              }),
              HasSubstr("also stands for the byte 33"));
  EXPECT_THAT(error([](V v) { v->split_pattern = "("; }), HasSubstr("does not compile"));
  EXPECT_THAT(error([](V v) { v->tokens.resize((1 << 20) + 1); }), HasSubstr("at most 2^20"));
}

TEST(Tokenizer, EndsSoonAfterAsManyIdsAsAreWanted) {
  const auto t = make(test_vocabulary());
  std::string text;
  for (int i = 0; i < 1000; ++i) text += "hello, ";
  const auto all = t->encode(text);
  EXPECT_EQ(t->encode(text, all.size()), all);
  for (const size_t max : {size_t{0}, size_t{10}, all.size() - 1}) {
    const auto some = t->encode(text, max);
    EXPECT_GT(some.size(), max);
    EXPECT_LT(some.size(), max + 20);
    EXPECT_TRUE(std::equal(some.begin(), some.end(), all.begin()));
    EXPECT_EQ(t->encode_with_special(text, max), some);
  }
}

TEST(Tokenizer, IsThreadSafe) {
  const auto t = make(test_vocabulary());
  const std::string text = "hello hello中 <think> e\u0301 \xFF " + std::string(500, 'h');
  const auto expected = t->encode(text);
  std::vector<std::thread> threads;
  threads.reserve(4);
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < 200; ++round) EXPECT_EQ(t->encode(text), expected);
    });
  }
  for (auto& thread : threads) thread.join();
}

}  // namespace
}  // namespace qaio
