#include "base/thread_pool.h"

#include <gtest/gtest.h>
#include <sched.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "base/cores.h"

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

TEST(ThreadPool, PinnedThreadsStayOnACoreEach) {
  const int threads = std::min(cores_allowed(), 2);
  std::thread([threads] {  // which is pinned itself; this one is not to be
    ThreadPool pool(threads, Pinning::kCores);
    std::vector<cpu_set_t> sets(static_cast<size_t>(threads));
    pool.run([&](int index) {
      sched_getaffinity(0, sizeof(cpu_set_t), &sets[static_cast<size_t>(index)]);
    });
    for (const cpu_set_t& set : sets) EXPECT_EQ(CPU_COUNT(&set), 1);
    if (threads == 2) {
      EXPECT_FALSE(CPU_EQUAL(&sets[0], &sets[1]));
    }
  })
      .join();
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

}  // namespace
}  // namespace qaio
