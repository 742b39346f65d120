#include <gtest/gtest.h>

#include <random>

#include "base/utf8.h"
#include "text/test_vocabulary.h"
#include "text/tokenizer.h"

namespace qaio {
namespace {

class StreamingDetokenizerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto made = Tokenizer::from_vocabulary(test_vocabulary());
    ASSERT_TRUE(made) << made.error().message;
    tokenizer_ = std::move(*made);
  }
  std::unique_ptr<Tokenizer> tokenizer_;
};

TEST_F(StreamingDetokenizerTest, WaitsForTheWholeCharacter) {
  StreamingDetokenizer stream(*tokenizer_);
  EXPECT_EQ(stream.push(kHello), "hello");
  EXPECT_EQ(stream.push(0xF0), "");
  EXPECT_EQ(stream.push(0x9F), "");
  EXPECT_EQ(stream.push(kImEnd), "");  // special tokens are silent, wherever they come
  EXPECT_EQ(stream.push(0x98), "");
  EXPECT_EQ(stream.push(0x80), "😀");
  EXPECT_EQ(stream.push(9999), "");
  EXPECT_EQ(stream.push(kThink), "<think>");
  EXPECT_EQ(stream.finish(), "");
}

TEST_F(StreamingDetokenizerTest, ReplacesWhatCannotBecomeACharacter) {
  StreamingDetokenizer stream(*tokenizer_);
  EXPECT_EQ(stream.push(0xE4), "");
  EXPECT_EQ(stream.push('x'), "\uFFFDx");
  EXPECT_EQ(stream.push(0x80), "\uFFFD");
  EXPECT_EQ(stream.push(0xE4), "");
  EXPECT_EQ(stream.finish(), "\uFFFD");
  EXPECT_EQ(stream.finish(), "");
  EXPECT_EQ(stream.push('y'), "y");  // ready for another stream
}

TEST_F(StreamingDetokenizerTest, JoinedPiecesAreTheDecodedText) {
  std::mt19937 random(5);
  for (int round = 0; round < 3000; ++round) {
    std::vector<TokenId> ids;
    for (size_t length = random() % 40; length > 0; --length) {
      // Half of the ids are single bytes above 0x7F, which is where characters break.
      ids.push_back(
          static_cast<TokenId>(random() % 2 == 0 ? 0x80 + random() % 128 : random() % 280));
    }
    StreamingDetokenizer stream(*tokenizer_);
    std::string joined;
    for (const TokenId id : ids) {
      const std::string piece = stream.push(id);
      ASSERT_EQ(valid_utf8_prefix(piece), piece.size());
      joined += piece;
    }
    joined += stream.finish();
    ASSERT_EQ(joined, replace_invalid_utf8(tokenizer_->decode(ids)));
  }
}

TEST_F(StreamingDetokenizerTest, ValidTextPassesUnchanged) {
  const std::string text = "hello 中文 😀 ñ 한국어 e\u0323";
  StreamingDetokenizer stream(*tokenizer_);
  std::string joined;
  for (const char c : text) joined += stream.push(static_cast<uint8_t>(c));
  EXPECT_EQ(joined + stream.finish(), text);
}

}  // namespace
}  // namespace qaio
