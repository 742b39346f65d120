#include "server/http/query_fields.h"

#include <gtest/gtest.h>

#include <array>

namespace qaio {
namespace {

constexpr std::array<std::string_view, 3> kKnown = {"limit", "slow", "task"};

TEST(QueryFields, ReadsWhatIsThere) {
  const auto fields = QueryFields::parse("limit=7&&slow=1.5e2&task=a%20b%2Fc+d", kKnown);
  ASSERT_TRUE(fields);
  EXPECT_EQ(*fields->integer("limit", 1, 10), 7);
  EXPECT_EQ(*fields->number("slow", 0, 1e9), 150.0);
  EXPECT_EQ(fields->text("task"), "a b/c d");
  const auto nothing = QueryFields::parse("", kKnown);
  ASSERT_TRUE(nothing);
  EXPECT_EQ(*nothing->integer("limit", 1, 10), std::nullopt);
  EXPECT_EQ(nothing->text("task"), std::nullopt);
  EXPECT_EQ(QueryFields::parse("task", kKnown)->text("task"), "");
}

TEST(QueryFields, RefusesWhatIsUnknownOrRepeated) {
  const auto unknown = QueryFields::parse("limt=7", kKnown);
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().message, "unknown parameter 'limt'; known are limit, slow, task");
  EXPECT_EQ(unknown.error().field, "limt");
  const auto twice = QueryFields::parse("limit=7&limit=8", kKnown);
  ASSERT_FALSE(twice);
  EXPECT_EQ(twice.error().message, "'limit' must be given once");
}

TEST(QueryFields, RefusesWhatIsNoNumberOrOutOfRange) {
  for (const char* text : {"limit=", "limit=0", "limit=11", "limit=7x", "limit=1.5", "limit=%37 ",
                           "limit=99999999999999999999", "limit=-1", "limit=seven"}) {
    const auto value = QueryFields::parse(text, kKnown)->integer("limit", 1, 10);
    ASSERT_FALSE(value) << text;
    EXPECT_EQ(value.error().message, "'limit' must be a whole number from 1 to 10");
  }
  for (const char* text : {"slow=", "slow=nan", "slow=inf", "slow=-1", "slow=1s", "slow=1e400"}) {
    const auto value = QueryFields::parse(text, kKnown)->number("slow", 0, 1e6);
    ASSERT_FALSE(value) << text;
    EXPECT_EQ(value.error().message, "'slow' must be a number from 0 to 1000000");
    EXPECT_EQ(value.error().field, "slow");
  }
}

}  // namespace
}  // namespace qaio
