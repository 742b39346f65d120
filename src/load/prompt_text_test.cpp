#include "load/prompt_text.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace qaio {
namespace {

// A tokenizer to calibrate against: words of up to four letters are one token with their space,
// longer ones are cut after four letters.
std::vector<std::string> pieces_of(std::string_view text) {
  std::vector<std::string> pieces;
  while (!text.empty()) {
    const size_t space = text.find(' ', 1);
    std::string_view word = text.substr(0, space);
    text.remove_prefix(word.size());
    if (word.size() > 5) {
      pieces.emplace_back(word.substr(0, 5));
      word.remove_prefix(5);
    }
    pieces.emplace_back(word);
  }
  return pieces;
}

int tokens_of(std::string_view text) { return static_cast<int>(pieces_of(text).size()); }

TEST(PromptText, CountsWordsUntilItKnowsBetter) {
  const PromptText text(1, 0);
  EXPECT_FALSE(text.exact());
  const std::string prompt = text.text(3, 20);
  EXPECT_EQ(std::ranges::count(prompt, ' '), 19);
  EXPECT_NE(prompt.front(), ' ');
}

TEST(PromptText, IsExactOnceCalibrated) {
  PromptText text(1, 0);
  ASSERT_TRUE(text.calibrate(pieces_of(PromptText::calibration_text())));
  EXPECT_TRUE(text.exact());
  for (int tokens = 1; tokens <= 200; ++tokens)
    EXPECT_EQ(tokens_of(text.text(static_cast<uint64_t>(tokens), tokens)), tokens);
}

TEST(PromptText, IsTheSameForTheSameRequestAndDifferentOtherwise) {
  const PromptText text(1, 0);
  EXPECT_EQ(text.text(5, 30), PromptText(1, 0).text(5, 30));
  EXPECT_NE(text.text(5, 30), PromptText(2, 0).text(5, 30));
  std::set<std::string> beginnings;
  for (uint64_t request = 0; request < 1000; ++request)
    beginnings.insert(text.text(request, 30).substr(0, 40));
  EXPECT_EQ(beginnings.size(), 1000u);
}

TEST(PromptText, SharedPrefix) {
  PromptText text(1, 50);
  ASSERT_TRUE(text.calibrate(pieces_of(PromptText::calibration_text())));
  const std::string one = text.text(1, 10);
  const std::string two = text.text(2, 10);
  EXPECT_EQ(tokens_of(one), 60);
  EXPECT_EQ(tokens_of(two), 60);
  const auto [end, other_end] = std::ranges::mismatch(one, two);
  EXPECT_GE(tokens_of(std::string(one.begin(), end)), 50);
  EXPECT_LT(tokens_of(std::string(one.begin(), end)), 55);  // the rests differ
}

TEST(PromptText, RefusesPiecesThatAreNotTheText) {
  const std::vector<std::string> good = pieces_of(PromptText::calibration_text());
  const auto refused = [](std::vector<std::string> pieces) {
    PromptText text(1, 0);
    const bool calibrated = text.calibrate(pieces);
    return !calibrated && !text.exact() && text.text(1, 9) == PromptText(1, 0).text(1, 9);
  };
  EXPECT_TRUE(refused({}));
  EXPECT_TRUE(refused({good.begin(), good.end() - 1}));
  std::vector<std::string> pieces = good;
  pieces.emplace_back(" more");
  EXPECT_TRUE(refused(pieces));
  pieces = good;
  pieces[7] = "";
  EXPECT_TRUE(refused(pieces));
  pieces = good;  // a token across two words: lengths would not add up
  const auto next = std::find_if(pieces.begin() + 3, pieces.end(),
                                 [](const std::string& piece) { return piece.starts_with(' '); });
  *(next - 1) += *next;
  pieces.erase(next);
  EXPECT_TRUE(refused(pieces));
}

}  // namespace
}  // namespace qaio
