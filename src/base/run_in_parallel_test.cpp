#include "base/run_in_parallel.h"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <vector>

namespace qaio {
namespace {

TEST(Jobs, EveryJobRunsOnceWhateverTheThreads) {
  for (const int threads : {0, 1, 2, 7, 50}) {
    std::array<std::atomic<int>, 20> runs{};
    std::vector<std::function<void()>> jobs;
    jobs.reserve(runs.size());
    for (auto& count : runs) jobs.emplace_back([&count] { ++count; });
    run_in_parallel(jobs, threads);
    for (const auto& count : runs) EXPECT_EQ(count, 1) << threads;
  }
  run_in_parallel({}, 3);
}

// Each waits for the other: with one thread this would never end.
TEST(Jobs, TwoRunSideBySide) {
  std::atomic<int> here = 0;
  const std::function<void()> meet = [&here] {
    ++here;
    while (here < 2) {
    }
  };
  const std::vector<std::function<void()>> jobs = {meet, meet};
  run_in_parallel(jobs, 2);
  EXPECT_EQ(here, 2);
}

}  // namespace
}  // namespace qaio
