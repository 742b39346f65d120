// A tokenizer's tables: out and in again it encodes alike, and wrong ones are refused.
#include <gtest/gtest.h>

#include "text/test_vocabulary.h"

namespace qaio {
namespace {

std::unique_ptr<Tokenizer> make(const Vocabulary& vocabulary) {
  return std::move(*Tokenizer::from_vocabulary(vocabulary));
}

TEST(TokenizerTables, RoundTrip) {
  Vocabulary vocabulary = test_vocabulary();
  vocabulary.added.push_back({267, "e\u0301", false, true});  // matched after NFC
  for (const bool ignore_merges : {false, true}) {
    vocabulary.ignore_merges = ignore_merges;
    const auto before = make(vocabulary);
    const auto after = std::move(*Tokenizer::from_tables(before->tables()));
    EXPECT_EQ(after->size(), before->size());
    for (const char* text : {"hello hello中!", "<|im_start|>hello<think>x<|im_end|>",
                             "he e\u0301 \xFF", "\u00e9 hell", ""}) {
      EXPECT_EQ(after->encode(text), before->encode(text)) << text;
      EXPECT_EQ(after->encode_with_special(text), before->encode_with_special(text)) << text;
    }
    for (TokenId id = -1; id <= before->size(); ++id) {
      EXPECT_EQ(after->token_bytes(id), before->token_bytes(id));
      EXPECT_EQ(after->is_special(id), before->is_special(id));
    }
    EXPECT_EQ(after->special("<|im_end|>"), kImEnd);
  }
}

TEST(TokenizerTables, WrongOnesAreRefused) {
  const TokenizerTables good = make(test_vocabulary())->tables();
  const auto refused = [&](auto spoil) {
    TokenizerTables tables = good;
    spoil(tables);
    const auto tokenizer = Tokenizer::from_tables(std::move(tables));
    return !tokenizer && tokenizer.error().code == ErrorCode::kCorrupt;
  };
  EXPECT_FALSE(refused([](TokenizerTables&) {}));
  EXPECT_TRUE(refused([](TokenizerTables& t) { t.offsets.clear(); }));
  EXPECT_TRUE(refused([](TokenizerTables& t) { t.offsets[3] = 0; }));
  EXPECT_TRUE(refused([](TokenizerTables& t) { t.offsets.back() += 1; }));
  EXPECT_TRUE(refused([](TokenizerTables& t) { t.merges[0].left = 267; }));
  EXPECT_TRUE(refused([](TokenizerTables& t) { t.merges[0].merged = -1; }));
  EXPECT_TRUE(refused([](TokenizerTables& t) { t.merges.push_back(t.merges[0]); }));
  EXPECT_TRUE(refused([](TokenizerTables& t) { t.byte_ids.pop_back(); }));
  EXPECT_TRUE(refused([](TokenizerTables& t) { t.byte_ids[9] = 1000; }));
  EXPECT_TRUE(refused([](TokenizerTables& t) { t.added[0].id = 1000; }));
  EXPECT_TRUE(refused([](TokenizerTables& t) { t.added[0].content.clear(); }));
  EXPECT_TRUE(refused([](TokenizerTables& t) { t.added.push_back(t.added[0]); }));
}

}  // namespace
}  // namespace qaio
