#include "base/output_queue.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <future>
#include <numeric>
#include <vector>

#include "base/bounded_write.h"

namespace qaio {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr std::chrono::seconds kLong{60};

// Nobody reads it until somebody does.
class Pipe {
 public:
  Pipe() { EXPECT_EQ(::pipe(ends_.data()), 0); }
  ~Pipe() {
    close_reader();
    close_writer();
  }
  int writer() const { return ends_[1]; }
  void fill() const {
    while (write_bounded(writer(), "\n", std::chrono::milliseconds(0)).error == 0) {
    }
  }
  void close_reader() { ::close(std::exchange(ends_[0], -1)); }
  void close_writer() { ::close(std::exchange(ends_[1], -1)); }
  // Reads lines until `last` has come.
  std::vector<std::string> read_until(const std::string& last) {
    std::vector<std::string> lines(1);
    for (char c = 0; ::read(ends_[0], &c, 1) == 1;) {
      if (c != '\n') {
        lines.back() += c;
      } else if (lines.back() == last) {
        break;
      } else if (!lines.back().empty()) {  // what filled the pipe
        lines.emplace_back();
      }
    }
    return lines;
  }

 private:
  std::array<int, 2> ends_{-1, -1};
};

OutputQueue::Options options(size_t bytes_max = 1 << 20) {
  return {.bytes_max = bytes_max,
          .gap_line = [](uint64_t dropped) { return "gap " + std::to_string(dropped) + "\n"; }};
}

TEST(OutputQueue, LinesComeInTheirOrder) {
  Pipe pipe;
  OutputQueue queue(pipe.writer(), options());
  auto lines = std::async(std::launch::async, [&] { return pipe.read_until("last"); });
  for (int i = 0; i < 5000; ++i) queue.push(std::to_string(i) + "\n");
  queue.push("last\n");
  const auto all = lines.get();
  ASSERT_EQ(all.size(), 5001u);
  for (size_t i = 0; i < 5000; ++i) EXPECT_EQ(all[i], std::to_string(i));
  EXPECT_EQ(queue.dropped(), 0u);
}

TEST(OutputQueue, WhoWritesWaitsForNoReaderAndTheGapIsTold) {
  Pipe pipe;
  pipe.fill();
  OutputQueue queue(pipe.writer(), options(4096));
  for (int i = 0; i < 100'000; ++i) queue.push(std::to_string(i) + "\n");
  const uint64_t dropped = queue.dropped();
  EXPECT_GT(dropped, 98'000u);

  const auto all = pipe.read_until("gap " + std::to_string(dropped));
  for (size_t i = 0; i + 1 < all.size(); ++i) EXPECT_EQ(all[i], std::to_string(i));
  EXPECT_EQ(all.size() - 1 + dropped, 100'000u);
  queue.push("on it goes\n");
  EXPECT_EQ(pipe.read_until("on it goes").size(), 1u);
  EXPECT_EQ(queue.dropped(), dropped);
}

TEST(OutputQueue, SeveralGapsAreToldWhereTheyAre) {
  Pipe pipe;
  OutputQueue queue(pipe.writer(), options(8));
  for (const std::string n : {"1", "2"}) {
    queue.push("before " + n + ", too long for the queue\n");
    queue.push("b " + n + "\n");
    const auto all = pipe.read_until("b " + n);
    EXPECT_EQ(all, (std::vector<std::string>{"gap 1", "b " + n}));
  }
  EXPECT_EQ(queue.dropped(), 2u);
}

TEST(OutputQueue, StopWritesWhatWaitsButDoesNotWaitForAReader) {
  Pipe read;
  OutputQueue quick(read.writer(), options());
  for (int i = 0; i < 100; ++i) quick.push("line\n");
  quick.stop(SteadyClock::now() + kLong);
  quick.push("too late\n");
  read.close_writer();
  EXPECT_EQ(read.read_until("never").size(), 101u);
  EXPECT_EQ(quick.dropped(), 1u);

  Pipe unread;
  unread.fill();
  OutputQueue stuck(unread.writer(), options());
  for (int i = 0; i < 100; ++i) stuck.push("line\n");
  const auto begin = SteadyClock::now();
  stuck.stop(begin + std::chrono::milliseconds(10));
  EXPECT_LT(SteadyClock::now() - begin, kLong);
  EXPECT_EQ(stuck.dropped(), 100u);
}

// A write that poll() promised not to wait may do so, if only another process fills the pipe.
TEST(OutputQueue, StopLeavesAWriteThatNeverReturns) {
  // The queue's thread outlives its test: so do these.
  static auto& pipe = *new Pipe;
  static auto& entered = *new std::promise<void>;
  static auto& never = *new std::promise<void>;
  const auto begin = SteadyClock::now();
  {
    OutputQueue queue(pipe.writer(), {.bytes_max = 8, .gap_line = [](uint64_t) {
                                        entered.set_value();
                                        never.get_future().wait();
                                        return std::string();
                                      }});
    queue.push("too long a line\n");
    entered.get_future().wait();
    queue.stop(SteadyClock::now());
  }
  EXPECT_LT(SteadyClock::now() - begin, kLong);
}

TEST(OutputQueue, WhatCannotBeWrittenIsCountedAndToldLater) {
  const int full = ::open("/dev/full", O_WRONLY | O_CLOEXEC);
  const int fd = ::dup(full);
  Pipe pipe;
  OutputQueue queue(fd, options());
  queue.push("lost\n");
  queue.push("lost, too\n");
  while (queue.dropped() < 2) std::this_thread::yield();
  ::dup2(pipe.writer(), fd);  // the disk has room again
  queue.push("kept\n");
  EXPECT_EQ(pipe.read_until("kept"), (std::vector<std::string>{"gap 2", "kept"}));
  ::close(full);
  ::close(fd);
}

}  // namespace
}  // namespace qaio
