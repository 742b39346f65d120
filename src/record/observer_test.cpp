#include "record/observer.h"

#include <gtest/gtest.h>

#include <future>
#include <set>
#include <string>

#include "record/consumers_for_test.h"

namespace qaio {
namespace {

TEST(Observer, EveryRecordOfEveryThreadArrivesOnceAndInItsThreadsOrder) {
  constexpr int kThreads = 4;
  constexpr int kEach = 5000;
  Collector collector;
  {
    Observer observer({.queue_max = kThreads * kEach}, {&collector});
    std::vector<std::thread> threads;
    threads.reserve(kThreads);
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&observer, t] {
        for (int i = 0; i < kEach; ++i) {
          observer.push(record_named(std::to_string(t) + "-" + std::to_string(i)));
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(observer.dropped(), 0u);
  }
  ASSERT_EQ(collector.ids.size(), size_t{kThreads} * kEach);
  std::vector<int> next(kThreads, 0);
  for (const std::string& id : collector.ids) {
    const int thread = id[0] - '0';
    EXPECT_EQ(id.substr(2), std::to_string(next[static_cast<size_t>(thread)]++));
  }
}

TEST(Observer, CountsWhatAFullQueueDrops) {
  StuckConsumer sleeper;
  Collector collector;
  {
    Observer observer({.queue_max = 10, .interval = std::chrono::milliseconds(1)},
                      {&collector, &sleeper});
    while (!sleeper.entered) std::this_thread::yield();
    for (int i = 0; i < 25; ++i) observer.push(record_named(std::to_string(i)));
    EXPECT_GE(observer.dropped(), 14u);  // the queue may hold one more than asked for
    EXPECT_LE(observer.dropped(), 15u);
    const uint64_t dropped = observer.dropped();
    sleeper.released = true;
    sleeper.released.notify_all();
    observer.flush();
    EXPECT_EQ(collector.ids.size(), 25 - dropped);
    EXPECT_EQ(collector.ids.front(), "0") << "the newest are dropped";
    observer.push(record_named("later"));
    EXPECT_EQ(observer.dropped(), dropped);
  }
  EXPECT_EQ(collector.ids.back(), "later");
}

TEST(Observer, FlushReturnsWhenAllIsConsumed) {
  Collector collector;
  Observer observer({.interval = std::chrono::hours(1)}, {&collector});
  for (int i = 1; i <= 50; ++i) {
    observer.push(record_named("x"));
    observer.flush();
    EXPECT_EQ(collector.ids.size(), static_cast<size_t>(i));
  }
}

TEST(Observer, CallsThoseWhoWaitWhenAllIsConsumedAtTheLatestAtTheEnd) {
  Collector collector;
  std::vector<size_t> seen;
  {
    Observer observer({.interval = std::chrono::hours(1)}, {&collector});
    for (int i = 1; i <= 3; ++i) {
      observer.push(record_named("x"));
      observer.when_consumed([&] { seen.push_back(collector.ids.size()); });
    }
  }
  ASSERT_EQ(seen.size(), 3u);
  for (size_t i = 0; i < seen.size(); ++i) EXPECT_GE(seen[i], i + 1);
}

// As a consumer does that finds no memory.
class Thrower final : public RecordConsumer {
 public:
  void consume(std::span<const RecordPtr> records) override {
    if (throws && !records.empty()) throw std::bad_alloc();
  }
  std::atomic<bool> throws = true;
};

TEST(Observer, AConsumerThatThrowsEndsNeitherTheThreadNorTheOthers) {
  Thrower thrower;
  Collector collector;
  std::vector<std::string> problems;
  Observer observer({.on_problem = [&](const std::string& text) { problems.push_back(text); }},
                    {&thrower, &collector});
  for (int i = 0; i < 3; ++i) {
    observer.push(record_named("x"));
    observer.flush();
  }
  EXPECT_EQ(collector.ids.size(), 3u);
  EXPECT_EQ(observer.dropped(), 3u);
  EXPECT_EQ(problems, std::vector<std::string>{"observing requests fails: out of memory; what is "
                                               "missing counts as dropped, until it works again"})
      << "said once";
  thrower.throws = false;
  observer.push(record_named("x"));
  observer.flush();
  thrower.throws = true;
  observer.push(record_named("x"));
  observer.flush();
  EXPECT_EQ(problems.size(), 2u) << "and once again";
  EXPECT_EQ(observer.dropped(), 4u);
}

TEST(Observer, OneThatWaitsAndThrowsEndsNotTheThread) {
  Collector collector;
  Observer observer({}, {&collector});
  observer.when_consumed([] { throw std::bad_alloc(); });
  observer.push(record_named("x"));
  observer.flush();
  EXPECT_EQ(collector.ids.size(), 1u);
}

TEST(Observer, GivesTheTimeToConsumersWithoutRecords) {
  Collector collector;
  Observer observer({.interval = std::chrono::milliseconds(1)}, {&collector});
  while (collector.calls < 3) std::this_thread::yield();
  observer.flush();
  EXPECT_TRUE(collector.ids.empty());
}

class AmendFails final : public RecordConsumer {
 public:
  void consume(std::span<const RecordPtr> /*records*/) override {}
  void amend(const RecordPtr& /*amended*/) override { throw std::bad_alloc(); }
};

TEST(Observer, GivesWhatIsAmendedToAllWhateverOneDoes) {
  AmendFails fails;
  Collector collector;
  Observer observer({}, {&fails, &collector});
  observer.push(record_named("a"));
  observer.when_consumed(
      [&] { observer.amend(std::make_shared<RequestRecord>(record_named("a"))); });
  observer.flush();
  EXPECT_EQ(collector.amended_later, std::vector<std::string>{"a"});
  EXPECT_EQ(observer.dropped(), 1u) << "it is not with all";
}

}  // namespace
}  // namespace qaio
