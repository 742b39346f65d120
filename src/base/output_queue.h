// Lines on their way to a terminal, a pipe or a file: whoever writes them waits for nobody.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>

namespace qaio {

// A thread writes them in their order. What is more than fits while nobody reads, and what cannot
// be written (a full disk, a reader that has gone), is dropped and counted, and a line says so in
// its place once lines are taken again. The descriptor is borrowed, shared with other processes,
// and never changed.
class OutputQueue {
 public:
  struct Options {
    size_t bytes_max = 1 << 20;  // of lines that wait, half of which have to go before any is kept
    // Makes the line, with its end, that tells of dropped ones. On the queue's thread.
    std::function<std::string(uint64_t dropped)> gap_line;
  };
  OutputQueue(int fd, Options options);
  ~OutputQueue();  // as stop() at once
  OutputQueue(const OutputQueue&) = delete;
  OutputQueue& operator=(const OutputQueue&) = delete;

  // A line with its end. Never waits; any thread.
  void push(std::string line) noexcept;
  // A line that could not even be made. Any thread.
  void drop_one() noexcept;
  uint64_t dropped() const;  // lines, since the start

  // What waits is written until `until` at most, the rest and what comes later is dropped. Returns
  // soon after `until` also if the descriptor holds up a write, which then never returns.
  void stop(std::chrono::steady_clock::time_point until);

 private:
  struct State;
  const std::shared_ptr<State> state_;  // the thread's, too, which may outlive this
  std::thread thread_;
};

}  // namespace qaio
