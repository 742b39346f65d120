// KV memory: fixed-size blocks of token positions from one pool allocated at start. A sequence is a
// list of blocks, so that sequences may share full blocks of a common prefix and a cache keep them.
//
// Models with recurrent layers also have states: what those layers know of all positions so far, of
// a fixed size. A state belongs to one position and cannot be cut back, so a prefix can be taken
// over only as far as a state of just that position was kept.
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

// A place for the recurrent layers' state behind some position.
using StateId = int32_t;
inline constexpr StateId kNoState = -1;

class KvPool;

// Whether a sequence has a state of its own, in models with recurrent layers. One without may be
// computed once, as a branch of another, and leaves nothing behind of those layers.
enum class KeepsState : uint8_t { kYes, kNo };

// One sequence's cached positions. Move-only; gives its blocks back when destroyed.
class KvSequence {
 public:
  explicit KvSequence(KvPool& pool, KeepsState keeps = KeepsState::kYes)
      : pool_(&pool), keeps_state_(keeps == KeepsState::kYes) {}
  KvSequence(KvSequence&& other) noexcept;
  KvSequence& operator=(KvSequence&& other) noexcept;
  ~KvSequence() { clear(); }

  int length() const { return length_; }  // positions computed so far
  std::span<const BlockId> blocks() const { return blocks_; }
  // Where the state of all its positions is written; kNoState: nowhere.
  StateId state() const { return state_; }
  // Where the state before its next position is; kNoState: it is zero, or a branch's.
  StateId state_before() const {
    return state_from_ != kNoState ? state_from_ : length_ > 0 ? state_ : kNoState;
  }
  // Makes room for positions [0, tokens), and for a state. kResourceExhausted when the pool has too
  // few blocks or no state; the sequence is unchanged then.
  Result<void> reserve(int tokens);
  // Appends the first full blocks of `prefix` by reference (copy-free). Only on an empty sequence;
  // `tokens` is rounded down to whole blocks. `state`: that of just these positions, which it reads
  // when it goes on. Returns the positions shared.
  int share_prefix(std::span<const BlockId> prefix, int tokens, StateId state = kNoState);
  // Takes over the caller's reference to a state of its own, before reserve() would take one.
  void use_state(StateId state) { state_ = state; }
  // The same blocks with the first `length` positions and `state` before the next one, to be
  // computed once: what is written is in both, and no state is left behind.
  KvSequence alias(int length, StateId state) const;
  // Replaces its i-th block, a full one, by one that holds the same.
  void adopt(size_t i, BlockId block);
  void advance(int tokens) { length_ += tokens; }
  // `tokens` more are computed, and its state with them.
  void computed(int tokens);
  void clear();

 private:
  KvPool* pool_;
  std::vector<BlockId> blocks_;
  int length_ = 0;
  bool keeps_state_;
  StateId state_ = kNoState;
  StateId state_from_ = kNoState;  // another's, until it is computed on
};

// Counts references to blocks and states; the memory itself belongs to the model. One thread at a
// time.
class KvPool {
 public:
  // `states`: 0 of models without recurrent layers.
  explicit KvPool(int blocks, int states = 0);
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

  int states_total() const { return static_cast<int>(state_references_.size()); }
  int states_free() const { return static_cast<int>(free_states_.size()); }
  bool recurrent() const { return states_total() > 0; }
  // One with a single reference; kResourceExhausted when none is free.
  Result<StateId> take_state();
  void share_state(StateId state) { ++state_references_[static_cast<size_t>(state)]; }
  void release_state(StateId state);
  // Whether somebody beside a single holder has it.
  bool state_shared(StateId state) const {
    return state_references_[static_cast<size_t>(state)] > 1;
  }

 private:
  std::vector<uint32_t> references_;
  std::vector<bool> kept_;
  std::vector<BlockId> free_;
  int blocks_idle_ = 0;
  std::vector<uint32_t> state_references_;
  std::vector<StateId> free_states_;
};

}  // namespace qaio
