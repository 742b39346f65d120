#include "text/added_tokens.h"

#include <gtest/gtest.h>

#include <string>

namespace qaio {
namespace {

TEST(AddedTokenMatcher, TakesTheLeftmostThenTheLongest) {
  AddedTokenMatcher matcher;
  EXPECT_TRUE(matcher.empty());
  ASSERT_TRUE(matcher.add("<a>", 1));
  ASSERT_TRUE(matcher.add("<a><b>", 2));
  ASSERT_TRUE(matcher.add("b>x", 3));
  EXPECT_FALSE(matcher.empty());
  const std::string text = "--<a><b>x<a><";
  const auto first = matcher.find(text, 0);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->id, 2);
  EXPECT_EQ(first->begin, 2u);
  EXPECT_EQ(first->end, 8u);
  const auto second = matcher.find(text, first->end);
  ASSERT_TRUE(second);
  EXPECT_EQ(second->id, 1);
  EXPECT_EQ(second->begin, 9u);
  EXPECT_FALSE(matcher.find(text, second->end));
  EXPECT_FALSE(matcher.find("", 0));
}

TEST(AddedTokenMatcher, LooksUpWholeSpellings) {
  AddedTokenMatcher matcher;
  ASSERT_TRUE(matcher.add("<|im_end|>", 7));
  EXPECT_EQ(matcher.lookup("<|im_end|>"), 7);
  EXPECT_FALSE(matcher.lookup("<|im_end|"));
  EXPECT_FALSE(matcher.lookup("<|im_end|>x"));
  EXPECT_FALSE(matcher.lookup(""));
}

TEST(AddedTokenMatcher, RefusesEmptyAndRepeatedSpellings) {
  AddedTokenMatcher matcher;
  EXPECT_FALSE(matcher.add("", 1));
  EXPECT_TRUE(matcher.add("x", 1));
  EXPECT_FALSE(matcher.add("x", 2));
  EXPECT_EQ(matcher.lookup("x"), 1);
}

}  // namespace
}  // namespace qaio
