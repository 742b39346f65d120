#include "model/kv_memory.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

#include "base/pages.h"

namespace qaio {
namespace {

// What is touched at a time: a huge page in every layer, or a whole layer if that is less.
constexpr size_t kUnitBytes = size_t{2} << 20;

}  // namespace

// Touches units in order, one more than are in use.
class KvMemory::Toucher {
 public:
  Toucher(std::span<std::byte> memory, size_t layer_bytes, size_t unit_bytes)
      : memory_(memory), layer_bytes_(layer_bytes), unit_bytes_(unit_bytes) {
    thread_ = std::thread([this] { run(); });
  }
  ~Toucher() {
    {
      const std::lock_guard lock(mutex_);
      stop_ = true;
    }
    changed_.notify_one();
    thread_.join();
  }

  // Only the model's thread calls it.
  void want(size_t bytes_of_layer) {
    if (bytes_of_layer <= wanted_before_) return;
    wanted_before_ = bytes_of_layer;
    {
      const std::lock_guard lock(mutex_);
      wanted_ = bytes_of_layer;
    }
    changed_.notify_one();
  }

 private:
  void run() {
    for (size_t begin = 0; begin < layer_bytes_; begin += unit_bytes_) {
      {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return stop_ || begin < wanted_; });
        if (stop_) return;
      }
      const size_t bytes = std::min(unit_bytes_, layer_bytes_ - begin);
      for (size_t layer = 0; layer < memory_.size(); layer += layer_bytes_) {
        populate_for_writing(memory_.subspan(layer + begin, bytes));
      }
    }
  }

  const std::span<std::byte> memory_;
  const size_t layer_bytes_;
  const size_t unit_bytes_;
  size_t wanted_before_ = 0;

  std::mutex mutex_;
  std::condition_variable changed_;
  // Guarded by mutex_.
  size_t wanted_ = 0;  // of every layer
  bool stop_ = false;

  std::thread thread_;
};

KvMemory::KvMemory() = default;
KvMemory::KvMemory(KvMemory&&) noexcept = default;
KvMemory& KvMemory::operator=(KvMemory&&) noexcept = default;

KvMemory::~KvMemory() = default;

Result<KvMemory> KvMemory::allocate(int layers, int blocks, int kv_heads, int head_dim,
                                    KvType type) {
  KvMemory memory;
  memory.half_bytes_ =
      static_cast<size_t>(head_dim) * kKvBlockTokens * (type == KvType::kF16 ? 2 : 4);
  memory.block_bytes_ = memory.half_bytes_ * 2 * static_cast<size_t>(kv_heads);
  memory.layer_bytes_ = memory.block_bytes_ * static_cast<size_t>(blocks);
  const size_t bytes = memory.layer_bytes_ * static_cast<size_t>(layers);
  QAIO_ASSIGN(memory.buffer_, HugeBuffer::allocate(bytes));
  memory.toucher_ = std::make_unique<Toucher>(std::span(memory.buffer_.data(), bytes),
                                              memory.layer_bytes_, kUnitBytes);
  return memory;
}

void KvMemory::in_use(BlockId block) {
  const size_t units = (block + 1) * block_bytes_ / kUnitBytes + 2;  // begun, and the next one
  toucher_->want(std::min(units * kUnitBytes, layer_bytes_));
}

}  // namespace qaio
