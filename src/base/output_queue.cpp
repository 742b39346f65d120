#include "base/output_queue.h"

#include <cerrno>
#include <deque>
#include <exception>
#include <optional>
#include <utility>

#include "base/bounded_write.h"
#include "base/mutex.h"

namespace qaio {
namespace {

using SteadyTime = std::chrono::steady_clock::time_point;

// How often a writer that waits for a reader looks whether it should end.
constexpr std::chrono::milliseconds kLook{50};

struct Entry {
  std::string line;
  uint64_t dropped_before = 0;  // lines that would have stood between it and the one before
};

}  // namespace

struct OutputQueue::State {
  State(int fd_, Options options_) : fd(fd_), options(std::move(options_)) {}

  void run();
  std::optional<Entry> next();
  Entry take() QAIO_REQUIRES(mutex);
  void write(const Entry& entry);
  bool write_line(const std::string& line);
  bool out_of_time() const {
    const MutexLock lock(mutex);
    return stop_at && std::chrono::steady_clock::now() >= *stop_at;
  }

  const int fd;
  const Options options;
  std::atomic<uint64_t> dropped = 0;
  // Of the thread.
  uint64_t untold = 0;  // lines lost since one was last told of
  bool torn = false;    // the last line ends in its midst

  mutable Mutex mutex;
  CondVar changed;
  std::deque<Entry> entries QAIO_GUARDED_BY(mutex);
  size_t bytes QAIO_GUARDED_BY(mutex) = 0;
  uint64_t dropped_last QAIO_GUARDED_BY(mutex) = 0;          // since the last entry
  bool overflowing QAIO_GUARDED_BY(mutex) = false;           // until half of the room is free again
  std::optional<SteadyTime> stop_at QAIO_GUARDED_BY(mutex);  // set: stopping
  bool ended QAIO_GUARDED_BY(mutex) = false;
};

void OutputQueue::State::run() {
  while (const std::optional<Entry> entry = next()) {
    try {
      write(*entry);
    } catch (const std::exception&) {  // out of memory for the line that tells; the next one does
      if (!entry->line.empty()) {
        ++untold;
        ++dropped;
      }
    }
    if (out_of_time()) break;
  }
  const MutexLock lock(mutex);
  dropped += entries.size();
  ended = true;
  changed.notify_all();
}

// Waits for one. None: stopping, and all are written.
std::optional<Entry> OutputQueue::State::next() {
  const MutexLock lock(mutex);
  while (entries.empty() && dropped_last == 0 && !stop_at) changed.wait(mutex);
  if (entries.empty() && dropped_last == 0) return std::nullopt;
  return take();
}

// Without an entry: what was dropped since the last one.
Entry OutputQueue::State::take() {
  if (entries.empty()) return {.line = {}, .dropped_before = std::exchange(dropped_last, 0)};
  Entry entry = std::move(entries.front());
  entries.pop_front();
  bytes -= entry.line.size();
  return entry;
}

void OutputQueue::State::write(const Entry& entry) {
  untold += entry.dropped_before;
  if (untold > 0 && write_line((torn ? "\n" : "") + options.gap_line(untold))) untold = 0;
  if (entry.line.empty() || write_line(entry.line)) return;
  ++untold;
  ++dropped;
}

// False: not all of it was.
bool OutputQueue::State::write_line(const std::string& line) {
  std::string_view rest = line;
  for (;;) {
    const BoundedWrite done = write_bounded(fd, rest, kLook);
    rest.remove_prefix(done.written);
    if (done.written > 0) torn = !rest.empty();
    if (rest.empty()) return true;
    if (done.error != ETIMEDOUT || out_of_time()) return false;
  }
}

OutputQueue::OutputQueue(int fd, Options options)
    : state_(std::make_shared<State>(fd, std::move(options))),
      thread_([state = state_] { state->run(); }) {}

OutputQueue::~OutputQueue() { stop(std::chrono::steady_clock::now()); }

void OutputQueue::push(std::string line) noexcept {
  try {
    const MutexLock lock(state_->mutex);
    const size_t bytes_max = state_->options.bytes_max;
    if (state_->bytes <= bytes_max / 2) state_->overflowing = false;
    if (state_->overflowing || state_->stop_at || line.size() > bytes_max - state_->bytes) {
      state_->overflowing = true;
      ++state_->dropped_last;
      ++state_->dropped;
    } else {
      const size_t bytes = line.size();
      state_->entries.push_back({std::move(line), state_->dropped_last});
      state_->dropped_last = 0;
      state_->bytes += bytes;
    }
    state_->changed.notify_all();
  } catch (const std::exception&) {  // out of memory
    drop_one();
  }
}

void OutputQueue::drop_one() noexcept {
  const MutexLock lock(state_->mutex);
  ++state_->dropped_last;
  ++state_->dropped;
  state_->changed.notify_all();
}

uint64_t OutputQueue::dropped() const { return state_->dropped; }

void OutputQueue::stop(SteadyTime until) {
  if (!thread_.joinable()) return;
  {
    const MutexLock lock(state_->mutex);
    state_->stop_at = until;
    state_->changed.notify_all();
    // A writer that looks is back in time; one that a disk or another process holds up is left.
    const SteadyTime patience = until + 2 * kLook;
    while (!state_->ended && state_->changed.wait_until(state_->mutex, patience)) continue;
    if (!state_->ended) {
      thread_.detach();
      return;
    }
  }
  thread_.join();
}

}  // namespace qaio
