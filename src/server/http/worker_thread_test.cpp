#include "server/http/worker_thread.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <future>
#include <vector>

namespace qaio {
namespace {

TEST(WorkerThread, WorksInOrderAndRefusesWhatIsTooMuch) {
  std::promise<void> begun;
  std::promise<void> go;
  std::vector<int> done;
  WorkerThread thread(2);
  ASSERT_TRUE(thread.post([&] {
    begun.set_value();
    go.get_future().wait();
    done.push_back(0);
  }));
  begun.get_future().wait();
  EXPECT_TRUE(thread.post([&] { done.push_back(1); }));
  EXPECT_TRUE(thread.post([&] { done.push_back(2); }));
  EXPECT_FALSE(thread.post([&] { done.push_back(3); })) << "two wait already";
  go.set_value();
  thread.stop();
  EXPECT_EQ(done, (std::vector<int>{0, 1, 2})) << "what waited is done before the end";
  EXPECT_TRUE(thread.stopping());
  EXPECT_FALSE(thread.post([] {}));
}

TEST(WorkerThread, GivesWayAlone) {
  std::promise<int> niceness;
  WorkerThread thread(1, 10);
  ASSERT_TRUE(thread.post([&] { niceness.set_value(getpriority(PRIO_PROCESS, 0)); }));
  const int own = getpriority(PRIO_PROCESS, 0);
  EXPECT_EQ(niceness.get_future().get(), std::max(own, 10));
  EXPECT_EQ(getpriority(PRIO_PROCESS, 0), own);
}

}  // namespace
}  // namespace qaio
