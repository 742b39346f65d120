#include "tasks/labels.h"

#include <gtest/gtest.h>

#include <vector>

namespace qaio {
namespace {

const std::vector<std::string> kLabels = {"正面", "负面"};

TEST(Trim, RemovesWhiteSpaceOfBothWidths) {
  EXPECT_EQ(trim(" \n\u3000 你好 \u3000\t\n"), "你好");
  EXPECT_EQ(trim(""), "");
  EXPECT_EQ(trim(" \n \u3000"), "");
  EXPECT_EQ(trim("a b"), "a b");
}

TEST(FindLabel, ReadsTheLastLineThatIsNotBlank) {
  EXPECT_EQ(find_label("正面", kLabels), 0U);
  EXPECT_EQ(find_label("这句话是负面\n正面。\n \n", kLabels), 0U);
  EXPECT_EQ(find_label("正面\n答案:负面", kLabels), 1U);
}

TEST(FindLabel, TheFirstNamedWins) { EXPECT_EQ(find_label("不是负面,是正面", kLabels), 1U); }

TEST(FindLabel, TheLongerOfTwoThatBeginTogetherWins) {
  const std::vector<std::string> labels = {"good", "good enough"};
  EXPECT_EQ(find_label("good enough", labels), 1U);
  EXPECT_EQ(find_label("good", labels), 0U);
}

TEST(FindLabel, NoneIsAnOutcomeNotAGuess) {
  EXPECT_EQ(find_label("我不知道", kLabels), std::nullopt);
  EXPECT_EQ(find_label("", kLabels), std::nullopt);
  EXPECT_EQ(find_label("正面\n不知道", kLabels), std::nullopt);
}

}  // namespace
}  // namespace qaio
