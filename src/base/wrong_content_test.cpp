#include "base/wrong_content.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json.h"

namespace qaio {
namespace {

using ::testing::HasSubstr;

constexpr std::string_view kPointer =
    "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 83000\n";

TEST(WrongContent, IsToldByItsFirstBytes) {
  EXPECT_THAT(*wrong_content(kPointer), HasSubstr("git lfs pull"));
  EXPECT_THAT(*wrong_content(""), HasSubstr("empty"));
  EXPECT_THAT(*wrong_content("\n<!DOCTYPE HTML><html>"), HasSubstr("web page"));
  EXPECT_THAT(*wrong_content("<HTML lang=en>"), HasSubstr("web page"));
  EXPECT_THAT(*wrong_content(std::string("\xFF\xFE{\0", 4)), HasSubstr("UTF-16"));
  EXPECT_THAT(*wrong_content("PK\x03\x04"), HasSubstr("ZIP"));
  EXPECT_THAT(*wrong_content(std::string(2000, '\0')), HasSubstr("zeros"));
  for (const char* text : {"GGUF", "{", "version 1", "text"}) EXPECT_FALSE(wrong_content(text));
}

TEST(WrongContent, IsNamedWhereJsonIsExpected) {
  EXPECT_THAT(parse_json(kPointer, "config.json").error().message,
              HasSubstr("config.json: is a Git LFS pointer"));
  EXPECT_THAT(parse_json("<html></html>", "config.json").error().message, HasSubstr("web page"));
}

}  // namespace
}  // namespace qaio
