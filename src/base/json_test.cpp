#include "base/json.h"

#include <gtest/gtest.h>

namespace qaio {
namespace {

TEST(ParseJson, ReadsAnObject) {
  auto value = parse_json(R"({"a": [1, "二"]})", "body");
  ASSERT_TRUE(value);
  EXPECT_EQ(value->at("a").as_array().size(), 2u);
}

TEST(ParseJson, SkipsAByteOrderMark) {
  auto value = parse_json("\xEF\xBB\xBF{\"a\": 1}", "body");
  ASSERT_TRUE(value) << value.error().message;
  EXPECT_EQ(value->at("a"), 1);
  EXPECT_FALSE(parse_json("\xEF\xBB\xBF", "body"));
  EXPECT_FALSE(parse_json("{}\xEF\xBB\xBF", "body"));
}

TEST(ParseJson, SaysWhereItBroke) {
  for (const char* text : {"", "{", "{\"a\":}", "[1,]", "{} x", "nul"}) {
    auto value = parse_json(text, "body");
    ASSERT_FALSE(value) << text;
    EXPECT_EQ(value.error().code, ErrorCode::kInvalidArgument);
    EXPECT_NE(value.error().message.find("body: not valid JSON"), std::string::npos);
  }
}

TEST(ParseJson, NamesTheFieldOfAFaultInAString) {
  for (const char* fault : {R"(\ud800)", R"(\uDBFF!)", R"(\ud83d\n)", R"(\udc00)",
                            R"(\ud83d\ud83d)", R"(\ud83d\u0041)"}) {
    auto value = parse_json(R"({"a": {"b": [1, "x)" + std::string(fault) + R"("]}})", "body");
    ASSERT_FALSE(value) << fault;
    EXPECT_EQ(value.error().field, "a.b[1]");
    EXPECT_NE(value.error().message.find("in 'a.b[1]': half of a surrogate pair"),
              std::string::npos)
        << value.error().message;
  }
  EXPECT_TRUE(parse_json(R"(["\ud83d\uDE00 \\ud83d"])", "body"));
}

TEST(OpenStringPath, FollowsNamesAndElements) {
  EXPECT_EQ(open_string_path(R"({"a": [{"b": 1}, {"c": "x)"), "a[1].c");
  EXPECT_EQ(open_string_path(R"({"a": "{\"[,", "b": "x)"), "b");
  EXPECT_EQ(open_string_path(R"({"a": {"b": {}, "name)"), "a");
  EXPECT_EQ(open_string_path(R"([["x", ")"), "[0][1]");
}

TEST(OpenStringPath, IsEmptyWithoutOne) {
  for (const char* text : {"", "\"x", "{\"a\": 1", "{\"a\": \"x\"", "]}", "{\"name"}) {
    EXPECT_EQ(open_string_path(text), "") << text;
  }
}

TEST(OpenStringPath, IsShortWhateverComes) {
  EXPECT_EQ(open_string_path(std::string(1 << 20, '[') + '"'), "");
  EXPECT_LE(open_string_path("{\"" + std::string(1000, 'x') + "\":\"").size(), 100u);
  // Bytes that are no UTF-8 become longer; no character is cut in half.
  EXPECT_LE(open_string_path("{\"" + std::string(90, '\xff') + "\":\"").size(), 100u);
  EXPECT_EQ(open_string_path("{\"" + std::string(99, 'x') + "\xc3\xa9\":\""), std::string(99, 'x'));
}

TEST(ParseJson, LimitsNesting) {
  EXPECT_FALSE(parse_json(std::string(1000, '['), "body"));
  const std::string deep = std::string(40, '[') + std::string(40, ']');
  const auto refused = parse_json(deep, "body");
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("nested in more than 32 levels"), std::string::npos);
  EXPECT_TRUE(parse_json(deep, "body", 40));
  EXPECT_FALSE(parse_json(deep, "body", 39));
  EXPECT_EQ(open_string_path(std::string(40, '[') + "\"x", 40).substr(0, 6), "[0][0]");
}

TEST(RepeatedMemberPath, FindsIt) {
  const auto path = [](std::string_view text) {
    return repeated_member_path(text).value_or("none");
  };
  EXPECT_EQ(path(R"({"a": 1, "b": 2, "a": 3})"), "a");
  EXPECT_EQ(path(R"({"q": {"x": {"c": {"one": 1, "two": {}, "one": null}}}})"), "q.x.c.one");
  EXPECT_EQ(path(R"({"q": [{}, {"a": "}", "b": [], "a": "{"}]})"), "q[1].a");
  EXPECT_EQ(path(R"([{"": 1, "": 2}])"), "[0].");
  // However it is written.
  EXPECT_EQ(path(R"({"\u0061b": 1, "ab": 2})"), "ab");
  EXPECT_EQ(path(R"({"a\"b": 1, "a\u0022b": 2})"), "a\"b");
  EXPECT_EQ(path(R"({"\ud83d\ude00": 1, "😀": 2})"), "😀");
}

TEST(RepeatedMemberPath, IsAbsentWithoutOne) {
  for (const char* text :
       {"", "1", "[]", "{}", R"({"a": {"a": {"a": 1}}, "b": [{"a": 1}, {"a": 2}]})",
        R"({"a": "a", "b": ["a", "a"], "c": "a"})", R"({"a\\": 1, "a": "\\\"", "\\a": 2})",
        R"({"A": 1, "a": 2})", "\xEF\xBB\xBF{\"a\": 1}"}) {
    EXPECT_EQ(repeated_member_path(text), std::nullopt) << text;
  }
}

TEST(RepeatedMemberPath, IsShortAndSafeWhateverComes) {
  const std::string name(1000, 'x');
  EXPECT_LE(repeated_member_path("{\"" + name + "\":1,\"" + name + "\":2}")->size(), 100u);
  for (const char* text : {"}", "]}", "{\"a\":1,\"a", "{]}", "{\"\\", "[,:]", "{\"\\ud800\":1}"}) {
    EXPECT_EQ(repeated_member_path(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace qaio
