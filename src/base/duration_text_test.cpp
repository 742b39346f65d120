#include "base/duration_text.h"

#include <gtest/gtest.h>

namespace qaio {
namespace {

constexpr int64_t kMs = 1'000'000;

TEST(DurationText, Reads) {
  EXPECT_EQ(parse_duration("0s"), 0);
  EXPECT_EQ(parse_duration("250ms"), 250 * kMs);
  EXPECT_EQ(parse_duration("30s"), 30'000 * kMs);
  EXPECT_EQ(parse_duration("5m"), 300'000 * kMs);
  EXPECT_EQ(parse_duration("1h30m"), 5'400'000 * kMs);
  EXPECT_EQ(parse_duration("30d"), 2'592'000'000 * kMs);
  EXPECT_EQ(parse_duration("10000d"), 864'000'000'000 * kMs);
}

TEST(DurationText, RefusesWhatIsNone) {
  for (const char* text : {"", "5", "m", "5 m", "-5m", "+5m", "1.5h", "5min", "5m5m", "5s1m", "5M",
                           "10001d", "99999999999999999999s", "9999d99999999h", "5m "}) {
    EXPECT_FALSE(parse_duration(text)) << text;
  }
}

TEST(DurationText, WritesWhatItReads) {
  for (const char* text : {"0s", "1ms", "999ms", "1s", "1m", "1m30s", "1h", "1d1h1m1s1ms", "30d"}) {
    const auto ns = parse_duration(text);
    ASSERT_TRUE(ns) << text;
    EXPECT_EQ(duration_text(*ns), text);
  }
  EXPECT_EQ(duration_text(1'499'999), "1ms");
}

}  // namespace
}  // namespace qaio
