#include "cli/archive_filter_options.h"

#include <gtest/gtest.h>

namespace qaio {
namespace {

constexpr int64_t kNow = 1'790'000'000'123;  // 2026-09-21T14:13:20.123Z

TEST(ArchiveFilterOptions, BecomeAFilter) {
  const ArchiveFilter filter = archive_filter({.last = 5,
                                               .since = "1h",
                                               .until = "",
                                               .run_version = "1.0",
                                               .task = "chat",
                                               .route = "/chat",
                                               .min_ms = 12.5,
                                               .slowest = true},
                                              kNow)
                                   .value();
  EXPECT_EQ(filter.from_unix_ms, kNow - 3'600'000);
  EXPECT_FALSE(filter.until_unix_ms);
  EXPECT_EQ(filter.total_min_us, 12'500);
  EXPECT_EQ(filter.limit, 5u);
  EXPECT_EQ(filter.order, ArchiveFilter::Order::kSlowestFirst);
  EXPECT_FALSE(archive_filter({.until = "soon"}, kNow));
}

}  // namespace
}  // namespace qaio
