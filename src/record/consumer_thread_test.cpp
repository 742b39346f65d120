#include "record/consumer_thread.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <new>
#include <string>

#include "record/consumers_for_test.h"

namespace qaio {
namespace {

std::vector<RecordPtr> records(int first, int count) {
  std::vector<RecordPtr> made;
  for (int i = first; i < first + count; ++i)
    made.push_back(std::make_shared<RequestRecord>(record_named(std::to_string(i))));
  return made;
}

TEST(ConsumerThread, EveryRecordArrivesOnceAndInOrder) {
  Collector collector;
  {
    ConsumerThread thread({}, collector);
    for (int i = 0; i < 8000; i += 100) thread.consume(records(i, 100));
  }
  ASSERT_EQ(collector.ids.size(), 8000u);
  for (int i = 0; i < 8000; ++i)
    EXPECT_EQ(collector.ids[static_cast<size_t>(i)], std::to_string(i));
}

TEST(ConsumerThread, AStuckConsumerHoldsUpNeitherTheObserverNorAnother) {
  StuckConsumer stuck;
  Collector other;
  Collector beside;
  {
    ConsumerThread stuck_thread({}, stuck);
    ConsumerThread other_thread({}, other);
    Observer observer({.interval = std::chrono::hours(1)}, {&stuck_thread, &other_thread, &beside});
    stuck.wait_until_entered();
    for (int i = 0; i < 50; ++i) observer.push(record_named(std::to_string(i)));
    observer.flush();
    EXPECT_EQ(beside.ids.size(), 50u);
    std::promise<void> consumed;
    other_thread.when_consumed([&] { consumed.set_value(); });
    consumed.get_future().wait();
    EXPECT_EQ(other.ids.size(), 50u);
    EXPECT_EQ(stuck.count, 0u);
    stuck.release();
  }
  EXPECT_EQ(stuck.count, 50u);
}

TEST(ConsumerThread, CountsAndTellsWhatDoesNotFit) {
  StuckConsumer stuck;
  std::atomic<int> began = 0;
  std::atomic<uint64_t> told = 0;
  ConsumerThread::Options options;
  options.records_max = 10;
  options.tell = [&](bool keeps_up, uint64_t dropped) {
    if (keeps_up) {
      told = dropped;
    } else {
      ++began;
    }
  };
  ConsumerThread thread(options, stuck);
  stuck.wait_until_entered();
  thread.consume(records(0, 25));
  thread.consume(records(25, 5));
  EXPECT_EQ(thread.dropped(), 20u);
  EXPECT_EQ(began, 1) << "said once";
  EXPECT_EQ(told, 0u);
  stuck.release();
  thread.stop();
  EXPECT_EQ(stuck.count, 10u);
  EXPECT_EQ(told, 20u);
}

TEST(ConsumerThread, LongTextsAreBoundedByTheirBytes) {
  StuckConsumer stuck;
  ConsumerThread::Options options;
  options.bytes_max = 100'000;
  ConsumerThread thread(options, stuck);
  stuck.wait_until_entered();
  auto record = std::make_shared<RequestRecord>();
  record->input_text = std::string(40'000, 'x');
  const std::vector<RecordPtr> long_ones(5, record);
  thread.consume(long_ones);
  EXPECT_EQ(thread.dropped(), 3u);
  stuck.release();
  thread.stop();
  EXPECT_EQ(stuck.count, 2u);
}

TEST(ConsumerThread, GivesTheTimeToAConsumerWithoutRecords) {
  Collector collector;
  ConsumerThread::Options options;
  options.interval = std::chrono::milliseconds(1);
  const ConsumerThread thread(options, collector);
  while (collector.calls < 3) std::this_thread::yield();
}

TEST(ConsumerThread, OutlivesAConsumerThatThrows) {
  class Thrower final : public RecordConsumer {
   public:
    void consume(std::span<const RecordPtr> records) override {
      if (!records.empty() && !thrown) {
        thrown = true;
        throw std::bad_alloc();
      }
      count += records.size();
    }
    bool thrown = false;
    size_t count = 0;
  } thrower;
  ConsumerThread thread({}, thrower);
  const auto settle = [&] {
    std::promise<void> consumed;
    thread.when_consumed([&] { consumed.set_value(); });
    consumed.get_future().wait();
  };
  thread.consume(records(0, 3));
  settle();
  thread.consume(records(3, 2));
  settle();
  EXPECT_EQ(thrower.count, 2u);
  EXPECT_EQ(thread.dropped(), 3u);
}

RecordPtr amended(int number) {
  auto record = std::make_shared<RequestRecord>(record_named(std::to_string(number)));
  record->client_times.emplace();
  return record;
}

// Holds back the thread in its first call of consume().
class Gate final : public RecordConsumer {
 public:
  explicit Gate(RecordConsumer& behind) : behind_(behind) {}
  void consume(std::span<const RecordPtr> records) override {
    stuck_.consume({});
    behind_.consume(records);
  }
  void amend(const RecordPtr& record) override { behind_.amend(record); }
  StuckConsumer stuck_;

 private:
  RecordConsumer& behind_;
};

TEST(ConsumerThread, WhatIsAmendedComesInItsRecordsPlaceOrBehindIt) {
  Collector collector;
  Gate gate(collector);
  uint64_t dropped = 0;
  {
    ConsumerThread::Options options;
    options.records_max = 4;
    ConsumerThread thread(options, gate);
    gate.stuck_.wait_until_entered();
    thread.consume(records(1, 2));
    thread.amend(amended(2));
    for (int number = 11; number <= 15; ++number) thread.amend(amended(number));
    gate.stuck_.release();
    thread.stop();
    dropped = thread.amendments_dropped();
    EXPECT_EQ(thread.dropped(), 0u);
  }
  EXPECT_EQ(collector.ids, (std::vector<std::string>{"1", "2"}));
  EXPECT_EQ(collector.amended_before, std::vector<std::string>{"2"});
  EXPECT_EQ(collector.amended_later, (std::vector<std::string>{"11", "12", "13", "14"}));
  EXPECT_EQ(dropped, 1u) << "beyond its bound";
}

}  // namespace
}  // namespace qaio
