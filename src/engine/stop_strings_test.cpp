#include "engine/stop_strings.h"

#include <gtest/gtest.h>

#include <random>

namespace qaio {
namespace {

// The text before the first place where a stop ends, the longest of those that end there.
std::string reference(const std::string& text, const std::vector<std::string>& stops) {
  for (size_t end = 1; end <= text.size(); ++end) {
    size_t longest = 0;
    for (const std::string& stop : stops) {
      if (std::string_view(text).substr(0, end).ends_with(stop)) {
        longest = std::max(longest, stop.size());
      }
    }
    if (longest > 0) return text.substr(0, end - longest);
  }
  return text;
}

TEST(StopStringsTest, WithoutStopsTextPasses) {
  StopStrings stops({});
  EXPECT_EQ(stops.push("anything"), "anything");
  EXPECT_EQ(stops.finish(), "");
  EXPECT_FALSE(stops.found());
}

TEST(StopStringsTest, HoldsBackOnlyWhatMayBecomeAStop) {
  StopStrings stops({"\n\nUser:", "END"});
  EXPECT_EQ(stops.push("Hello\n"), "Hello");
  EXPECT_EQ(stops.push("\n"), "");
  EXPECT_EQ(stops.push("\n"), "\n");  // the last two may begin it
  EXPECT_EQ(stops.push("Us"), "");
  EXPECT_EQ(stops.push("ually E"), "\n\nUsually ");
  EXPECT_EQ(stops.push("N"), "");
  EXPECT_EQ(stops.push(""), "");
  EXPECT_EQ(stops.push("Dless"), "");
  EXPECT_TRUE(stops.found());
  EXPECT_EQ(stops.push("more"), "");
  EXPECT_EQ(stops.finish(), "");
}

TEST(StopStringsTest, WhatWasHeldComesOutAtTheEnd) {
  StopStrings stops({"。完"});
  EXPECT_EQ(stops.push("好的。"), "好的");
  EXPECT_EQ(stops.finish(), "。");
  EXPECT_FALSE(stops.found());
}

TEST(StopStringsTest, AgreesWithTheDefinitionHoweverTheTextIsCut) {
  std::mt19937 random(3);
  const auto below = [&](size_t n) {
    return std::uniform_int_distribution<size_t>(0, n - 1)(random);
  };
  const auto word = [&](size_t bytes_max) {
    std::string text;
    for (size_t i = 0, n = 1 + below(bytes_max); i < n; ++i)
      text += static_cast<char>('a' + below(2));
    return text;
  };
  int found = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::vector<std::string> stops;
    for (size_t i = 0, n = below(4); i < n; ++i) stops.push_back(word(8));
    const std::string text = word(40);
    StopStrings matcher(stops);
    std::string out;
    for (size_t at = 0; at < text.size();) {
      const size_t bytes = below(6);  // a token may have no text
      out += matcher.push(std::string_view(text).substr(at, bytes));
      at += bytes;
    }
    out += matcher.finish();
    ASSERT_EQ(out, reference(text, stops)) << text;
    found += matcher.found() ? 1 : 0;
  }
  EXPECT_GT(found, 5'000);
  EXPECT_LT(found, 19'000);
}

}  // namespace
}  // namespace qaio
