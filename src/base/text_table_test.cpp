#include "base/text_table.h"

#include <gtest/gtest.h>

namespace qaio {
namespace {

TEST(Table, AlignsByDisplayWidth) {
  Table table({Table::Align::kLeft, Table::Align::kRight});
  table.row({"正面", "1"});
  table.row({"stage", "12.5"});
  table.row({"alone"});
  EXPECT_EQ(table.text(), "正面      1\nstage  12.5\nalone\n");
}

TEST(DisplayWidth, SurvivesInvalidUtf8) {
  EXPECT_EQ(display_width("a\xff\xe4"), 3);
  EXPECT_EQ(display_width(""), 0);
}

}  // namespace
}  // namespace qaio
