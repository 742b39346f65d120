#include "server/observe/breakdown.h"

#include <gtest/gtest.h>

namespace qaio {
namespace {

TEST(ServerTiming, NamesEveryFigure) {
  Breakdown breakdown;
  breakdown.total_us = 1500;
  breakdown.figures = {{"parse", 7}, {"chat.decode", 1001}};
  EXPECT_EQ(server_timing(breakdown), "total;dur=1.500, parse;dur=0.007, chat.decode;dur=1.001");
}

}  // namespace
}  // namespace qaio
