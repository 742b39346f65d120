#include "base/utc_text.h"

#include <gtest/gtest.h>

namespace qaio {
namespace {

TEST(UtcText, SaysTheTimeToTheMillisecond) {
  EXPECT_EQ(utc_text(0), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(utc_text(1'790'000'000'123), "2026-09-21T14:13:20.123Z");
  EXPECT_EQ(utc_text(-1), "1969-12-31T23:59:59.999Z");
  EXPECT_EQ(utc_text(-1000), "1969-12-31T23:59:59.000Z");
}

TEST(UtcText, HasShorterForms) {
  EXPECT_EQ(utc_file_text(1'790'000'000'123), "20260921T141320123Z");
  EXPECT_EQ(utc_second_text(1'790'000'000'999), "2026-09-21 14:13:20 UTC");
  EXPECT_EQ(utc_day_text(1'790'000'000'123), "2026-09-21");
  EXPECT_EQ(utc_day_text(-1), "1969-12-31");
}

}  // namespace
}  // namespace qaio
