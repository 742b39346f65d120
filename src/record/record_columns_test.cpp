#include "record/record_columns.h"

#include <gtest/gtest.h>

namespace qaio {
namespace {

TEST(GapText, GivesBackTheCounts) {
  GapCounts counts{};
  EXPECT_EQ(gap_text(counts), "");
  EXPECT_EQ(gap_counts(""), counts);
  counts[8] = 118;
  counts[9] = 3;
  counts.back() = UINT32_MAX;
  EXPECT_EQ(gap_text(counts), "8:118 9:3 30:4294967295");
  EXPECT_EQ(gap_counts(gap_text(counts)), counts);
}

TEST(GapText, WhatIsNoneCountsAsNothing) {
  for (const char* text : {"8", "8:", ":3", "31:1", "8:1,9:1", "8:1 x", "8:-1", "8:4294967296",
                           "99999999999999999999:1", "8:1  9:1", "gaps"}) {
    EXPECT_EQ(gap_counts(text), GapCounts{}) << text;
  }
}

}  // namespace
}  // namespace qaio
