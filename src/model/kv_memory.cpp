#include "model/kv_memory.h"

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>

#include "base/mutex.h"
#include "base/pages.h"

namespace qaio {
namespace {

using SteadyClock = std::chrono::steady_clock;

// What is touched at a time: a huge page in every layer, or a whole layer if that is less.
constexpr size_t kUnitBytes = size_t{2} << 20;
// So far beyond what is in use, of every layer, once anything is.
constexpr size_t kAheadBytes = 2 * kUnitBytes;
// A guest whose memory its host hands out by the page needs 6 ms for one that a machine of its own
// clears in 0.1 ms. Touching then takes a core from the steps, which is spread over many of them:
// after each huge page a pause of so many times what it took, for every unit that it is ahead.
constexpr double kPausesPerUnitAhead = 3;

}  // namespace

// Touches units in order, some beyond what is in use.
class KvMemory::Toucher {
 public:
  Toucher(std::span<std::byte> memory, size_t layer_bytes, size_t unit_bytes)
      : memory_(memory), layer_bytes_(layer_bytes), unit_bytes_(unit_bytes) {
    thread_ = std::thread([this] { run(); });
  }
  ~Toucher() {
    {
      const MutexLock lock(mutex_);
      stop_ = true;
    }
    changed_.notify_one();
    thread_.join();
  }

  // Of every layer so many bytes are in use. Only the model's thread calls it.
  void used(size_t bytes) {
    if (bytes <= used_before_) return;
    used_before_ = bytes;
    {
      const MutexLock lock(mutex_);
      used_ = bytes;
    }
    changed_.notify_one();
  }

 private:
  void run() {
    for (size_t begin = 0; begin < layer_bytes_; begin += unit_bytes_) {
      const size_t bytes = std::min(unit_bytes_, layer_bytes_ - begin);
      for (size_t layer = 0; layer < memory_.size(); layer += layer_bytes_) {
        if (!wait_for_turn(begin)) return;
        const SteadyClock::time_point start = SteadyClock::now();
        populate_for_writing(memory_.subspan(layer + begin, bytes));
        took_ = SteadyClock::now() - start;
      }
    }
  }

  // Until the next page at `begin` of a layer is due; false: not any more.
  bool wait_for_turn(size_t begin) {
    const MutexLock lock(mutex_);
    while (!stop_ && (used_ == 0 || begin >= used_ + kAheadBytes)) changed_.wait(mutex_);
    const SteadyClock::time_point from = SteadyClock::now();
    while (!stop_ && SteadyClock::now() < from + pause(begin)) {
      changed_.wait_until(mutex_, from + pause(begin));
    }
    return !stop_;
  }
  SteadyClock::duration pause(size_t begin) const QAIO_REQUIRES(mutex_) {
    const size_t ahead = begin > used_ ? begin - used_ : 0;
    const double pauses =
        kPausesPerUnitAhead * static_cast<double>(ahead) / static_cast<double>(kUnitBytes);
    return std::chrono::duration_cast<SteadyClock::duration>(took_ * pauses);
  }

  const std::span<std::byte> memory_;
  const size_t layer_bytes_;
  const size_t unit_bytes_;
  size_t used_before_ = 0;
  SteadyClock::duration took_{};  // the last page

  Mutex mutex_;
  CondVar changed_;
  size_t used_ QAIO_GUARDED_BY(mutex_) = 0;  // bytes of a layer
  bool stop_ QAIO_GUARDED_BY(mutex_) = false;

  std::thread thread_;
};

KvMemory::KvMemory() = default;
KvMemory::KvMemory(KvMemory&&) noexcept = default;
KvMemory& KvMemory::operator=(KvMemory&&) noexcept = default;

KvMemory::~KvMemory() = default;

size_t KvMemory::bytes_of(int layers, int blocks, int kv_heads, int head_dim, KvType type) {
  return kv_block_bytes(type, head_dim) * 2 * static_cast<size_t>(kv_heads) *
         static_cast<size_t>(blocks) * static_cast<size_t>(layers);
}

Result<KvMemory> KvMemory::allocate(int layers, int blocks, int kv_heads, int head_dim,
                                    KvType type) {
  KvMemory memory;
  memory.half_bytes_ = kv_block_bytes(type, head_dim);
  memory.block_bytes_ = memory.half_bytes_ * 2 * static_cast<size_t>(kv_heads);
  memory.layer_bytes_ = memory.block_bytes_ * static_cast<size_t>(blocks);
  const size_t bytes = bytes_of(layers, blocks, kv_heads, head_dim, type);
  QAIO_ASSIGN(memory.buffer_, HugeBuffer::allocate(bytes));
  memory.toucher_ = std::make_unique<Toucher>(std::span(memory.buffer_.data(), bytes),
                                              memory.layer_bytes_, kUnitBytes);
  return memory;
}

void KvMemory::in_use(BlockId block) { toucher_->used((block + 1) * block_bytes_); }

}  // namespace qaio
