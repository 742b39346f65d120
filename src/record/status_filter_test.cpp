#include "record/status_filter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace qaio {
namespace {

StatusFilter filter(std::string_view text) {
  const Result<StatusFilter> parsed = StatusFilter::parse(text);
  EXPECT_TRUE(parsed) << text;
  return parsed ? *parsed : StatusFilter();
}

TEST(StatusFilterTest, TakesNumbersClassesAndOutcomes) {
  for (const bool error : {false, true}) {
    EXPECT_TRUE(filter("503").wants(503, error));
    EXPECT_FALSE(filter("503").wants(500, error));
    EXPECT_TRUE(filter("4xx").wants(400, error));
    EXPECT_TRUE(filter("4XX").wants(499, error));
    EXPECT_FALSE(filter("4xx").wants(500, error));
    EXPECT_FALSE(filter("4xx").wants(399, error));
  }
  EXPECT_TRUE(filter("failed").wants(200, true)) << "a stream that ended with an error";
  EXPECT_FALSE(filter("failed").wants(200, false));
  EXPECT_FALSE(filter("failed").wants(503, true));
  EXPECT_TRUE(filter("answered").wants(200, false));
}

TEST(StatusFilterTest, SeveralAreEachWanted) {
  const StatusFilter some = filter("404,5xx,cancelled");
  EXPECT_TRUE(some.wants(404, true));
  EXPECT_TRUE(some.wants(500, true));
  EXPECT_TRUE(some.wants(499, true));
  EXPECT_FALSE(some.wants(200, false));
  EXPECT_FALSE(some.wants(400, true));
}

// Whatever the outcomes are.
TEST(StatusFilterTest, EveryOutcomeIsWhatTheRuleSaysAndTheRangesSayTheSame) {
  for (size_t i = 0; i < kOutcomeCount; ++i) {
    const auto outcome = static_cast<Outcome>(i);
    const StatusFilter one = filter(outcome_name(outcome));
    const auto ranges = one.ranges();
    EXPECT_LT(ranges.size(), 8u);
    for (int status = 0; status < 1000; ++status) {
      for (const bool error : {false, true}) {
        EXPECT_EQ(one.wants(status, error), outcome_of(status, error) == outcome);
        const bool within = std::ranges::any_of(ranges, [&](const StatusFilter::Range& range) {
          return range.first <= status && status <= range.last &&
                 range.error.value_or(error) == error;
        });
        EXPECT_EQ(within, one.wants(status, error)) << status;
      }
    }
  }
}

TEST(StatusFilterTest, SaysWhatIsNone) {
  for (const std::string text : {"", "200,", ",200", "20", "2000", "99", "600", "6xx", "0xx", "-12",
                                 "+20", "4x", "4xX", "xx4", "ok", "Failed", "200 ", "1e2"}) {
    const auto parsed = StatusFilter::parse(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().code, ErrorCode::kInvalidArgument);
    EXPECT_THAT(parsed.error().message, testing::HasSubstr("is no status; give numbers as 503"));
  }
  EXPECT_THAT(StatusFilter::parse("200,oops,500").error().message,
              testing::StartsWith("'oops' is no status"));
}

}  // namespace
}  // namespace qaio
