#include "text/split_pattern.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace qaio {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<std::string> split(std::string_view text,
                               std::string_view pattern = kQwenSplitPattern) {
  const auto compiled = SplitPattern::compile(pattern);
  if (!compiled) return {compiled.error().message};
  std::vector<std::string> out;
  SplitPattern::Pieces pieces(*compiled, text);
  for (auto piece = pieces.next(); !piece.empty(); piece = pieces.next()) out.emplace_back(piece);
  return out;
}

TEST(QwenPattern, SplitsWordsNumbersAndPunctuation) {
  EXPECT_THAT(split("Hello world's 2024!"),
              ElementsAre("Hello", " world", "'s", " ", "2", "0", "2", "4", "!"));
  EXPECT_THAT(split("你好，世界。"), ElementsAre("你好", "，世界", "。"));
  EXPECT_THAT(split("WE'LL I'Ve x'q"), ElementsAre("WE", "'LL", " I", "'Ve", " x", "'q"));
  EXPECT_THAT(split("a  b"), ElementsAre("a", " ", " b"));
  EXPECT_THAT(split("a \r\n\r\n b  "), ElementsAre("a", " \r\n\r\n", " b", "  "));
  EXPECT_THAT(split("x == y;\n"), ElementsAre("x", " ==", " y", ";\n"));
  EXPECT_THAT(split("٣४"), ElementsAre("٣", "४"));  // digits of any script stand alone
  EXPECT_THAT(split(""), ElementsAre());
}

// Expected pieces: Oniguruma 6.9.8, the engine inside Hugging Face's tokenizers. JavaScript's \s
// lacks U+0085 and adds U+FEFF; PCRE2's adds U+180E.
TEST(QwenPattern, MeansWhatOnigurumaMeans) {
  EXPECT_THAT(split("x \u0085\u0085 y"), ElementsAre("x", " \u0085\u0085", " y"));
  EXPECT_THAT(split("  \u0085c"), ElementsAre("  ", "\u0085c"));
  EXPECT_THAT(split("a \ufeff\ufeffb"), ElementsAre("a", " \ufeff\ufeff", "b"));
  EXPECT_THAT(split("\u180e \u180ea"), ElementsAre("\u180e", " \u180e", "a"));
  EXPECT_THAT(split("a'\u017fx"), ElementsAre("a", "'\u017f", "x"));  // long s folds to s
  EXPECT_THAT(split("\u3000\u3000字 \u00a0\u00a0x"),
              ElementsAre("\u3000", "\u3000字", " \u00a0", "\u00a0x"));
  EXPECT_THAT(split("a\u200bb\u200dc"), ElementsAre("a", "\u200bb", "\u200dc"));
  EXPECT_THAT(split("\u2028\u2029 z"), ElementsAre("\u2028\u2029", " z"));
}

// The same with marks: alone, behind a letter, behind what is none, and where Qwen2 would cut.
TEST(Qwen35Pattern, MarksStayWithLetters) {
  const auto split35 = [](std::string_view text) { return split(text, kQwen35SplitPattern); };
  EXPECT_THAT(split("किताब"), ElementsAre("क", "ित", "ाब"));
  EXPECT_THAT(split35("किताब कि-कि"), ElementsAre("किताब", " कि", "-कि"));
  EXPECT_THAT(split35("สวัสดี ชาวโลก"), ElementsAre("สวัสดี", " ชาวโลก"));
  EXPECT_THAT(split35("שָׁלוֹם"), ElementsAre("שָׁלוֹם"));
  EXPECT_THAT(split35("مُحَمَّد ٣٤"), ElementsAre("مُحَمَّد", " ", "٣", "٤"));
  EXPECT_THAT(split35("x\u0301y \u0301z"), ElementsAre("x\u0301y", " \u0301z"));
  EXPECT_THAT(split35("\u0301\u0302"), ElementsAre("\u0301\u0302"));
  EXPECT_THAT(split35("1\u0301 !\u0301! \n\u0301"),
              ElementsAre("1", "\u0301", " !", "\u0301", "!", " \n", "\u0301"));
  EXPECT_THAT(split35("❤\ufe0f ok 1\ufe0f\u20e3"),
              ElementsAre("❤\ufe0f", " ok", " ", "1", "\ufe0f\u20e3"));
  // and all else is as it was
  for (const char* text : {"Hello world's 2024!", "你好，世界。", "WE'LL I'Ve x'q", "a  b",
                           "a \r\n\r\n b  ", "x == y;\n", "٣४", "", "a\u200bb\u200dc"}) {
    EXPECT_EQ(split35(text), split(text)) << text;
  }
}

TEST(SplitPattern, KeepsWhatLiesBetweenMatches) {
  EXPECT_THAT(split("ab12cd", "[0-9]+"), ElementsAre("ab", "12", "cd"));
  EXPECT_THAT(split("中1文", "[0-9]*"), ElementsAre("中", "1", "文"));  // skips empty matches
  EXPECT_THAT(split("abc", "x"), ElementsAre("abc"));
  EXPECT_THAT(split("abc", "(a)|(b)(?=c)"), ElementsAre("a", "b", "c"));
}

TEST(SplitPattern, RewritesSpaceInsideAndOutsideBrackets) {
  EXPECT_THAT(split("a\u3000b", R"(\s)"), ElementsAre("a", "\u3000", "b"));
  EXPECT_THAT(split("a\u3000b", R"([\s])"), ElementsAre("a", "\u3000", "b"));
  EXPECT_THAT(split("a\u3000b", R"(\S)"), ElementsAre("a", "\u3000", "b"));
  EXPECT_THAT(split(R"(a\sb)", R"(\\s)"), ElementsAre("a", R"(\s)", "b"));
}

TEST(SplitPattern, RefusesWhatDoesNotCompile) {
  for (const std::string& bad :
       {std::string("(a"), std::string("[z-a]"), std::string(5000, 'a'), std::string(R"(\C)")}) {
    const auto pattern = SplitPattern::compile(bad);
    ASSERT_FALSE(pattern);
    EXPECT_EQ(pattern.error().code, ErrorCode::kUnsupported);
    EXPECT_THAT(pattern.error().message, HasSubstr("split pattern"));
  }
}

// (a+)+ needs 2^40 steps: the limit is hit and the rest becomes one piece.
TEST(SplitPattern, SurvivesBacktracking) {
  const std::string text = "b " + std::string(40, 'a') + "!";
  EXPECT_THAT(split(text, "b|(a+)+$"), ElementsAre("b", text.substr(1)));
}

TEST(QwenPattern, TakesAnyLength) {
  for (const char* unit : {"a", " ", "\n", "!", "中", "1", " \n", "\u0301", "' "}) {
    std::string text;
    while (text.size() < 1'000'000) text += unit;
    for (const auto pattern : {kQwenSplitPattern, kQwen35SplitPattern}) {
      size_t total = 0;
      for (const auto& piece : split(text, pattern)) total += piece.size();
      EXPECT_EQ(total, text.size()) << unit;
    }
  }
}

}  // namespace
}  // namespace qaio
