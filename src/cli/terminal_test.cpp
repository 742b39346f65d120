#include "cli/terminal.h"

#include <gtest/gtest.h>

namespace qaio {
namespace {

TEST(BytesText, PicksTheUnit) {
  EXPECT_EQ(bytes_text(512), "512 B");
  EXPECT_EQ(bytes_text(1536), "1.5 KiB");
  EXPECT_EQ(bytes_text(274'000'000), "261.3 MiB");
}

TEST(CountText, GroupsByThousands) {
  EXPECT_EQ(count_text(7), "7");
  EXPECT_EQ(count_text(151936), "151,936");
  EXPECT_EQ(count_text(463987712), "463,987,712");
}

}  // namespace
}  // namespace qaio
