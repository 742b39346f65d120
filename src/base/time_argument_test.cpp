#include "base/time_argument.h"

#include <gtest/gtest.h>

namespace qaio {
namespace {

constexpr int64_t kNow = 1'790'000'000'123;  // 2026-09-21T14:13:20.123Z

TEST(TimeArgument, IsReadAsPeopleWriteIt) {
  const struct {
    const char* text;
    int64_t unix_ms;
  } cases[] = {
      {"1970-01-01", 0},
      {"2026-09-21", 1'789'948'800'000},
      {"2026-09-21T14:13", 1'789'999'980'000},
      {"2026-09-21T14:13:20Z", 1'790'000'000'000},
      {"2026-09-21T14:13:20.123Z", kNow},
      {"1790000000123", kNow},
      {"0s", kNow},
      {"90s", kNow - 90'000},
      {"15m", kNow - 900'000},
      {"2h", kNow - 7'200'000},
      {"2h ago", kNow - 7'200'000},
      {"7d", kNow - 604'800'000},
  };
  for (const auto& [text, unix_ms] : cases) {
    EXPECT_EQ(parse_time(text, kNow), unix_ms) << text;
  }
  for (const char* text :
       {"", "h", "-2h", "2w", "12", "2026-13-01", "2026-02-30", "2026-09-21T25:00", "2026-09-21T14",
        "2026-09-21 14:13", "yesterday", "9999999999999999d", "2026-09-21T14:13:20.1"}) {
    EXPECT_FALSE(parse_time(text, kNow)) << text;
  }
}

}  // namespace
}  // namespace qaio
