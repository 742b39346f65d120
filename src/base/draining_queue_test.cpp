#include "base/draining_queue.h"

#include <gtest/gtest.h>

#include <string>

namespace qaio {
namespace {

using namespace std::chrono_literals;
using Queue = DrainingQueue<std::string>;

TEST(DrainingQueue, TakesWhatFitsInOrder) {
  Queue queue({.items_max = 3, .bytes_max = 10});
  std::string large = "large";
  EXPECT_FALSE(queue.push(std::move(large), 11));
  EXPECT_EQ(large, "large") << "what is not taken stays";
  EXPECT_TRUE(queue.push("a", 6));
  EXPECT_FALSE(queue.push("b", 5));
  EXPECT_TRUE(queue.push("c", 4));
  EXPECT_TRUE(queue.push("d"));
  EXPECT_FALSE(queue.push("e"));
  EXPECT_EQ(queue.next(), "a");
  EXPECT_TRUE(queue.push("f", 6));
  for (const char* expected : {"c", "d", "f"}) EXPECT_EQ(queue.next(), expected);
}

TEST(DrainingQueue, TheEndTakesNothingNewAndGivesTheRestItsTime) {
  Queue queue({.drain_time = 1h});
  queue.push("a");
  queue.push("b");
  queue.begin_stop();
  EXPECT_FALSE(queue.push("late"));
  EXPECT_FALSE(queue.out_of_time());
  EXPECT_EQ(queue.next(), "a");
  EXPECT_EQ(queue.next(), "b");
  EXPECT_FALSE(queue.next());
  EXPECT_FALSE(queue.rest());
}

TEST(DrainingQueue, WhatThereIsNoTimeForIsTheRest) {
  Queue queue({.drain_time = 0ms});
  queue.push("a");
  queue.push("b");
  queue.begin_stop();
  EXPECT_TRUE(queue.out_of_time());
  queue.sleep(1h);  // not now
  EXPECT_FALSE(queue.next());
  EXPECT_EQ(queue.rest(), "a");
  EXPECT_EQ(queue.rest(), "b");
  EXPECT_FALSE(queue.rest());
}

}  // namespace
}  // namespace qaio
