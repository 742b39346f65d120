// The bytes behind the KV pool: [layer][block][kv_head] of a key block [head_dim, 32] and a value
// block [32, head_dim].
//
// Its pages are touched ahead of their use, on a thread of its own: the first touch of a huge page
// clears two megabytes, and a step that did so in every layer would take twice its time.
#pragma once

#include <cstring>
#include <memory>

#include "base/huge_buffer.h"
#include "base/result.h"
#include "kernels/kernels.h"
#include "model/kv_cache.h"

namespace qaio {

class KvMemory {
 public:
  KvMemory();
  KvMemory(KvMemory&&) noexcept;
  KvMemory& operator=(KvMemory&&) noexcept;
  ~KvMemory();

  static size_t bytes_of(int layers, int blocks, int kv_heads, int head_dim, KvType type);
  static Result<KvMemory> allocate(int layers, int blocks, int kv_heads, int head_dim, KvType type);

  // `block` is in use now: those a little beyond it are made ready in the background. The pool
  // hands out the lowest block it never handed out before.
  void in_use(BlockId block);

  std::byte* keys(int layer, BlockId block, int kv_head) const {
    return buffer_.data() + static_cast<size_t>(layer) * layer_bytes_ + block * block_bytes_ +
           static_cast<size_t>(kv_head) * 2 * half_bytes_;
  }
  std::byte* values(int layer, BlockId block, int kv_head) const {
    return keys(layer, block, kv_head) + half_bytes_;
  }
  // All heads of a layer.
  void copy(int layer, BlockId from, BlockId to) const {
    std::memcpy(keys(layer, to, 0), keys(layer, from, 0), block_bytes_);
  }
  size_t bytes() const { return buffer_.size(); }

 private:
  class Toucher;

  HugeBuffer buffer_;
  size_t half_bytes_ = 0;
  size_t block_bytes_ = 0;
  size_t layer_bytes_ = 0;
  std::unique_ptr<Toucher> toucher_;  // goes before the buffer
};

}  // namespace qaio
