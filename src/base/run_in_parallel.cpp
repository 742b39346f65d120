#include "base/run_in_parallel.h"

#include <algorithm>
#include <atomic>
#include <system_error>
#include <thread>
#include <vector>

namespace qaio {

void run_in_parallel(std::span<const std::function<void()>> jobs, int threads) {
  std::atomic<size_t> next = 0;
  const auto work = [&] {
    for (size_t i = next++; i < jobs.size(); i = next++) jobs[i]();
  };
  std::vector<std::jthread> others;
  const int wanted = std::min(threads, static_cast<int>(jobs.size())) - 1;
  try {
    for (int i = 0; i < wanted; ++i) others.emplace_back(work);
  } catch (const std::system_error&) {
    // No more threads to be had: those there are do it all.
  }
  work();
}

}  // namespace qaio
