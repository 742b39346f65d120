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

TEST(ParseJson, LimitsNesting) { EXPECT_FALSE(parse_json(std::string(1000, '['), "body")); }

}  // namespace
}  // namespace qaio
