// The bytes behind the KV pool: [layer][block][kv_head] of a key block [head_dim, 32] and a value
// block [32, head_dim].
#pragma once

#include "base/huge_buffer.h"
#include "base/result.h"
#include "kernels/kernels.h"
#include "model/kv_cache.h"

namespace qaio {

class KvMemory {
 public:
  static Result<KvMemory> allocate(int layers, int blocks, int kv_heads, int head_dim,
                                   KvType type) {
    KvMemory memory;
    memory.half_bytes_ = kv_block_bytes(type, head_dim);
    memory.block_bytes_ = memory.half_bytes_ * 2 * static_cast<size_t>(kv_heads);
    memory.layer_bytes_ = memory.block_bytes_ * static_cast<size_t>(blocks);
    QAIO_ASSIGN(memory.buffer_,
                HugeBuffer::allocate(memory.layer_bytes_ * static_cast<size_t>(layers)));
    return memory;
  }

  std::byte* keys(int layer, BlockId block, int kv_head) const {
    return buffer_.data() + static_cast<size_t>(layer) * layer_bytes_ + block * block_bytes_ +
           static_cast<size_t>(kv_head) * 2 * half_bytes_;
  }
  std::byte* values(int layer, BlockId block, int kv_head) const {
    return keys(layer, block, kv_head) + half_bytes_;
  }
  size_t bytes() const { return buffer_.size(); }

 private:
  HugeBuffer buffer_;
  size_t half_bytes_ = 0;
  size_t block_bytes_ = 0;
  size_t layer_bytes_ = 0;
};

}  // namespace qaio
