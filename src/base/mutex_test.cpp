#include "base/mutex.h"

#include <gtest/gtest.h>

#include <array>
#include <thread>

namespace qaio {
namespace {

class Counter {
 public:
  void add() {
    const MutexLock lock(mutex_);
    ++count_;
    changed_.notify_all();
  }
  int wait_for(int count) {
    const MutexLock lock(mutex_);
    while (count_ < count) changed_.wait(mutex_);
    return count_;
  }
  // False: there were not so many in time.
  bool wait_until(int count, std::chrono::steady_clock::time_point time) {
    const MutexLock lock(mutex_);
    while (count_ < count && changed_.wait_until(mutex_, time)) continue;
    return count_ >= count;
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  int count_ QAIO_GUARDED_BY(mutex_) = 0;
};

TEST(MutexTest, OneThreadAtATimeAndWaitersSeeWhatChanged) {
  Counter counter;
  const auto add_many = [&] {
    for (int i = 0; i < 10'000; ++i) counter.add();
  };
  std::array<std::thread, 4> threads;
  for (std::thread& thread : threads) thread = std::thread(add_many);
  EXPECT_EQ(counter.wait_for(40'000), 40'000);
  for (std::thread& thread : threads) thread.join();
}

TEST(MutexTest, AWaitEndsAtItsTimeAndHoldsTheMutexAfterwards) {
  Counter counter;
  EXPECT_FALSE(counter.wait_until(1, std::chrono::steady_clock::now()));
  counter.add();  // it was let go of
  EXPECT_TRUE(counter.wait_until(1, std::chrono::steady_clock::time_point::max()));
}

// Nothing is held or counted beside what the standard's types hold.
static_assert(sizeof(Mutex) == sizeof(std::mutex));
static_assert(sizeof(CondVar) == sizeof(std::condition_variable));
static_assert(sizeof(MutexLock) == sizeof(std::mutex*));

}  // namespace
}  // namespace qaio
