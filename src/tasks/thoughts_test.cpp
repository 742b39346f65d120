#include "tasks/thoughts.h"

#include <gmock/gmock.h>

namespace qaio {
namespace {

struct Case {
  std::string_view text;
  TextStart start;
  std::string_view thought, answer;
};
constexpr Case kCases[] = {
    // Qwen3 writes the mark itself
    {"<think>\nA greeting.\n</think>\n\nHello!", TextStart::kEither, "A greeting.", "Hello!"},
    {"\n <think>\n\n</think>\n\nHello!", TextStart::kEither, "", "Hello!"},
    {"<think>a</think>b</think>c", TextStart::kEither, "a", "b</think>c"},
    {"<think>a", TextStart::kEither, "a", ""},
    {"Hello, <think>not one</think>", TextStart::kEither, "", "Hello, <think>not one</think>"},
    {"\n  <thin air", TextStart::kEither, "", "\n  <thin air"},
    {"  <thi", TextStart::kEither, "", "  <thi"},
    {"a</think>b", TextStart::kEither, "", "a</think>b"},
    {"", TextStart::kEither, "", ""},
    {" \n", TextStart::kEither, "", " \n"},
    // Qwen3.5's prompt has written it
    {"Well.\n\nA greeting.\n</think>\n\nHello!\n", TextStart::kThought, "Well.\n\nA greeting.",
     "Hello!\n"},
    {"</think>\n\nHello!", TextStart::kThought, "", "Hello!"},
    {"\n\n</think>\n\n", TextStart::kThought, "", ""},
    {"<think>\ntwice</think> ok", TextStart::kThought, "twice", "ok"},
    {"cut </thi", TextStart::kThought, "cut </thi", ""},
    {"cut \n\n", TextStart::kThought, "cut", ""},
    {"a < b </ c <</think>d", TextStart::kThought, "a < b </ c <", "d"},
    {"<thi", TextStart::kThought, "<thi", ""},
    {" ", TextStart::kThought, "", ""},
    // what neither knows
    {"<think>a</think>b", TextStart::kAnswer, "", "<think>a</think>b"},
    {" <thi", TextStart::kAnswer, "", " <thi"},
    {"好的，</think>你好", TextStart::kThought, "好的，", "你好"},
};

TEST(Thoughts, AreToldFromTheAnswer) {
  for (const Case& one : kCases) {
    const SplitText parts = split_thoughts(one.text, one.start);
    EXPECT_EQ(parts.thought, one.thought) << one.text;
    EXPECT_EQ(parts.answer, one.answer) << one.text;
  }
}

TEST(Thoughts, AreTheSameHoweverTheTextIsCut) {
  for (const Case& one : kCases) {
    for (size_t size = 1; size <= 9; ++size) {
      ThoughtSplitter splitter(one.start);
      SplitText all;
      const auto add = [&all](const SplitText& part) {
        EXPECT_TRUE(part.thought.empty() || all.answer.empty()) << "a thought behind the answer";
        all.thought += part.thought;
        all.answer += part.answer;
      };
      for (size_t at = 0; at < one.text.size(); at += size) {
        add(splitter.push(one.text.substr(at, size)));
      }
      add(splitter.finish());
      EXPECT_EQ(all.thought, one.thought) << one.text << " by " << size;
      EXPECT_EQ(all.answer, one.answer) << one.text << " by " << size;
    }
  }
}

TEST(Thoughts, NothingIsHeldBackLongerThanItMust) {
  ThoughtSplitter plain(TextStart::kEither);
  EXPECT_EQ(plain.push("H").answer, "H");
  EXPECT_EQ(plain.push("i <").answer, "i <");
  ThoughtSplitter inside(TextStart::kThought);
  EXPECT_EQ(inside.push("So").thought, "So");
  EXPECT_EQ(inside.push(" <b").thought, " <b");
  EXPECT_EQ(inside.push(" </").thought, "");
  EXPECT_EQ(inside.push("b>").thought, " </b>");
  EXPECT_EQ(inside.push("\n</think>").thought, "");
  EXPECT_EQ(inside.push("\n\n").answer, "");
  EXPECT_EQ(inside.push("A").answer, "A");
  EXPECT_EQ(inside.push("\n").answer, "\n");
}

}  // namespace
}  // namespace qaio
