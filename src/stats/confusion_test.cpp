#include "stats/confusion.h"

#include <gtest/gtest.h>

#include <tuple>

namespace qaio {
namespace {

TEST(Confusion, FiguresOfTheTextbook) {
  Confusion confusion(3);
  // truth 0: 3 right, 1 as 1; truth 1: 2 right, 2 as 0; no text has label 2, one is given it
  for (const auto& [truth, answer, times] :
       {std::tuple{0, 0, 3}, {0, 1, 1}, {1, 1, 2}, {1, 0, 2}, {1, 2, 1}}) {
    for (int i = 0; i < times; ++i) {
      confusion.add(static_cast<size_t>(truth), static_cast<size_t>(answer));
    }
  }
  EXPECT_EQ(confusion.total(), 9u);
  EXPECT_EQ(confusion.right(), 5u);
  EXPECT_DOUBLE_EQ(confusion.precision(0).value(), 3.0 / 5);
  EXPECT_DOUBLE_EQ(confusion.recall(0).value(), 3.0 / 4);
  EXPECT_DOUBLE_EQ(confusion.f1(0).value(), 2.0 / 3);  // 2 * 0.6 * 0.75 / 1.35
  EXPECT_DOUBLE_EQ(confusion.precision(2).value(), 0);
  EXPECT_FALSE(confusion.recall(2)) << "no text has it";
  EXPECT_DOUBLE_EQ(confusion.macro_f1(), (2.0 / 3 + 2 * 2.0 / (5 + 3)) / 2);
  EXPECT_FALSE(Confusion(2).f1(0));
}

}  // namespace
}  // namespace qaio
