#include "base/thread_pool.h"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>

namespace qaio {
namespace {

TEST(ThreadPool, RunsEveryIndexOnce) {
  for (int threads : {1, 2, 3}) {
    ThreadPool pool(threads);
    for (int round = 0; round < 200; ++round) {
      std::vector<std::atomic<int>> calls(static_cast<size_t>(threads));
      pool.run([&](int index) { ++calls[static_cast<size_t>(index)]; });
      for (auto& count : calls) EXPECT_EQ(count, 1);
    }
  }
}

TEST(ThreadPool, BarrierPublishesWrites) {
  ThreadPool pool(2);
  int values[2] = {0, 0};
  bool ok[2] = {true, true};
  pool.run([&](int index) {
    for (int round = 1; round <= 500; ++round) {
      values[index] = round;
      pool.barrier();
      if (values[1 - index] != round) ok[index] = false;
      pool.barrier();
    }
  });
  EXPECT_TRUE(ok[0] && ok[1]);
}

TEST(ThreadPool, WakesAfterSleeping) {
  ThreadPool pool(2);
  for (int round = 0; round < 3; ++round) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    std::atomic<int> calls{0};
    pool.run([&](int) { ++calls; });
    EXPECT_EQ(calls, 2);
  }
}

TEST(CoresAllowed, IsPositive) { EXPECT_GE(cores_allowed(), 1); }

}  // namespace
}  // namespace qaio
