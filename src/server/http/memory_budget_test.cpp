#include "server/http/memory_budget.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace qaio {
namespace {

TEST(MemoryBudget, ChargesUpToItsBytesAndTakesThemBack) {
  MemoryBudget budget(100);
  {
    MemoryCharge first(budget, 0);
    EXPECT_TRUE(first.resize(60));
    MemoryCharge second(budget, 0);
    EXPECT_FALSE(second.resize(41));
    EXPECT_EQ(budget.bytes_used(), 60U);
    EXPECT_TRUE(second.resize(40));
    EXPECT_TRUE(first.resize(10));
    EXPECT_TRUE(second.resize(90));
    EXPECT_EQ(budget.bytes_used(), 100U);
  }
  EXPECT_EQ(budget.bytes_used(), 0U);
}

TEST(MemoryBudget, SmallHoldersArePaidForElsewhere) {
  MemoryBudget budget(10);
  MemoryCharge charge(budget, 8);
  EXPECT_TRUE(charge.resize(8));
  EXPECT_EQ(budget.bytes_used(), 0U);
  EXPECT_TRUE(charge.resize(18));
  EXPECT_FALSE(charge.resize(19));
  EXPECT_EQ(budget.bytes_used(), 10U);
}

TEST(MemoryBudget, AnAbsurdSizeDoesNotWrapAround) {
  MemoryBudget budget(10);
  MemoryCharge charge(budget, 0);
  EXPECT_TRUE(charge.resize(5));
  EXPECT_FALSE(charge.resize(~size_t{0}));
  EXPECT_EQ(budget.bytes_used(), 5U);
}

TEST(MemoryBudget, MovedChargesAreGivenBackOnce) {
  MemoryBudget budget(100);
  MemoryCharge kept(budget, 0);
  EXPECT_TRUE(kept.resize(20));
  {
    MemoryCharge moved(budget, 0);
    EXPECT_TRUE(moved.resize(30));
    kept = std::move(moved);
    EXPECT_EQ(budget.bytes_used(), 50U);
  }
  EXPECT_EQ(budget.bytes_used(), 30U);
  const MemoryCharge last(std::move(kept));
  EXPECT_EQ(budget.bytes_used(), 30U);
}

TEST(MemoryBudget, ManyThreadsNeverTakeMoreThanThereIs) {
  MemoryBudget budget(1000);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&budget] {
      for (int round = 0; round < 20'000; ++round) {
        MemoryCharge charge(budget, 0);
        charge.resize(400);
        EXPECT_LE(budget.bytes_used(), 1000U);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(budget.bytes_used(), 0U);
}

}  // namespace
}  // namespace qaio
