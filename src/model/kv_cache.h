// KV memory: fixed-size blocks of token positions from one pool allocated at start. A sequence is a
// list of blocks, so that sequences may share full blocks of a common prefix and a cache keep them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"

namespace qaio {

using BlockId = uint32_t;

// Positions per block: two 16-lane vectors of keys.
inline constexpr int kKvBlockTokens = 32;

class KvPool;

// One sequence's cached positions. Move-only; gives its blocks back when destroyed.
class KvSequence {
 public:
  explicit KvSequence(KvPool& pool) : pool_(&pool) {}
  KvSequence(KvSequence&& other) noexcept;
  KvSequence& operator=(KvSequence&& other) noexcept;
  ~KvSequence() { clear(); }

  int length() const { return length_; }  // positions computed so far
  std::span<const BlockId> blocks() const { return blocks_; }
  // Makes room for positions [0, tokens). kResourceExhausted when the pool has too few blocks; the
  // sequence is unchanged then.
  Result<void> reserve(int tokens);
  // Appends the first full blocks of `prefix` by reference (copy-free). Only on an empty sequence;
  // `tokens` is rounded down to whole blocks. Returns the positions shared.
  int share_prefix(std::span<const BlockId> prefix, int tokens);
  // Replaces its i-th block, a full one, by one that holds the same.
  void adopt(size_t i, BlockId block);
  void advance(int tokens) { length_ += tokens; }
  void clear();

 private:
  KvPool* pool_;
  std::vector<BlockId> blocks_;
  int length_ = 0;
};

// Counts references to blocks; the memory itself belongs to the model. One thread at a time.
class KvPool {
 public:
  explicit KvPool(int blocks);
  int blocks_total() const { return static_cast<int>(references_.size()); }
  int blocks_free() const { return static_cast<int>(free_.size()); }
  // Blocks that nobody holds but the cache that keeps them.
  int blocks_idle() const { return blocks_idle_; }
  static int blocks_for(int tokens) { return (tokens + kKvBlockTokens - 1) / kKvBlockTokens; }

  // One block with a single reference; kResourceExhausted when none is free.
  Result<BlockId> take();
  void share(BlockId block);
  void release(BlockId block);

  // A cache's reference to a block that a sequence holds; at most one cache keeps a block.
  void keep(BlockId block);
  void let_go(BlockId block);
  bool idle(BlockId block) const { return kept_[block] && references_[block] == 1; }

 private:
  std::vector<uint32_t> references_;
  std::vector<bool> kept_;
  std::vector<BlockId> free_;
  int blocks_idle_ = 0;
};

}  // namespace qaio
