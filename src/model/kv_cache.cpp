#include "model/kv_cache.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace qaio {

KvPool::KvPool(int blocks, int states)
    : references_(static_cast<size_t>(blocks), 0),
      kept_(static_cast<size_t>(blocks), false),
      state_references_(static_cast<size_t>(states), 0) {
  free_states_.reserve(state_references_.size());
  for (StateId state = states - 1; state >= 0; --state) free_states_.push_back(state);
  free_.reserve(references_.size());
  for (int block = blocks - 1; block >= 0; --block) free_.push_back(static_cast<BlockId>(block));
}

Result<BlockId> KvPool::take() {
  if (free_.empty()) return fail(ErrorCode::kResourceExhausted, "the KV cache is full");
  const BlockId block = free_.back();
  free_.pop_back();
  references_[block] = 1;
  return block;
}

void KvPool::share(BlockId block) {
  if (idle(block)) --blocks_idle_;
  ++references_[block];
}

void KvPool::release(BlockId block) {
  assert(references_[block] > 0);
  if (--references_[block] == 0) free_.push_back(block);
  if (idle(block)) ++blocks_idle_;
}

void KvPool::keep(BlockId block) {
  assert(references_[block] > 0 && !kept_[block]);
  ++references_[block];
  kept_[block] = true;
}

void KvPool::let_go(BlockId block) {
  assert(kept_[block]);
  if (idle(block)) --blocks_idle_;
  kept_[block] = false;
  release(block);
}

Result<StateId> KvPool::take_state() {
  if (free_states_.empty())
    return fail(ErrorCode::kResourceExhausted, "all recurrent states are in use");
  const StateId state = free_states_.back();
  free_states_.pop_back();
  state_references_[static_cast<size_t>(state)] = 1;
  return state;
}

void KvPool::release_state(StateId state) {
  assert(state_references_[static_cast<size_t>(state)] > 0);
  if (--state_references_[static_cast<size_t>(state)] == 0) free_states_.push_back(state);
}

KvSequence::KvSequence(KvSequence&& other) noexcept
    : pool_(other.pool_),
      blocks_(std::exchange(other.blocks_, {})),
      length_(std::exchange(other.length_, 0)),
      keeps_state_(other.keeps_state_),
      state_(std::exchange(other.state_, kNoState)),
      state_from_(std::exchange(other.state_from_, kNoState)) {}

KvSequence& KvSequence::operator=(KvSequence&& other) noexcept {
  if (this != &other) {
    clear();
    pool_ = other.pool_;
    blocks_ = std::exchange(other.blocks_, {});
    length_ = std::exchange(other.length_, 0);
    keeps_state_ = other.keeps_state_;
    state_ = std::exchange(other.state_, kNoState);
    state_from_ = std::exchange(other.state_from_, kNoState);
  }
  return *this;
}

Result<void> KvSequence::reserve(int tokens) {
  const int wanted = KvPool::blocks_for(tokens) - static_cast<int>(blocks_.size());
  if (wanted > pool_->blocks_free()) {
    return fail(ErrorCode::kResourceExhausted,
                "the KV cache has " + std::to_string(pool_->blocks_free()) + " free blocks of " +
                    std::to_string(kKvBlockTokens) + " tokens, " + std::to_string(wanted) +
                    " are needed");
  }
  if (pool_->recurrent() && keeps_state_ && state_ == kNoState) {
    QAIO_ASSIGN(state_, pool_->take_state());
  }
  blocks_.reserve(blocks_.size() + static_cast<size_t>(std::max(wanted, 0)));
  for (int i = 0; i < wanted; ++i) blocks_.push_back(*pool_->take());
  return {};
}

int KvSequence::share_prefix(std::span<const BlockId> prefix, int tokens, StateId state) {
  assert(blocks_.empty() && length_ == 0 && state_from_ == kNoState);
  const int count = std::min(tokens / kKvBlockTokens, static_cast<int>(prefix.size()));
  blocks_.reserve(static_cast<size_t>(count));
  for (int i = 0; i < count; ++i) {
    pool_->share(prefix[static_cast<size_t>(i)]);
    blocks_.push_back(prefix[static_cast<size_t>(i)]);
  }
  length_ = count * kKvBlockTokens;
  if (state != kNoState) pool_->share_state(state_from_ = state);
  return length_;
}

KvSequence KvSequence::alias(int length, StateId state) const {
  KvSequence other(*pool_, KeepsState::kNo);
  other.blocks_.reserve(blocks_.size());
  for (const BlockId block : blocks_) {
    pool_->share(block);
    other.blocks_.push_back(block);
  }
  other.length_ = length;
  if (state != kNoState) pool_->share_state(other.state_from_ = state);
  return other;
}

void KvSequence::computed(int tokens) {
  advance(tokens);
  if (state_from_ != kNoState) pool_->release_state(std::exchange(state_from_, kNoState));
}

void KvSequence::adopt(size_t i, BlockId block) {
  assert((i + 1) * kKvBlockTokens <= static_cast<size_t>(length_));
  pool_->share(block);
  pool_->release(std::exchange(blocks_[i], block));
}

void KvSequence::clear() {
  for (const BlockId block : blocks_) pool_->release(block);
  blocks_.clear();
  length_ = 0;
  for (StateId* state : {&state_, &state_from_})
    if (*state != kNoState) pool_->release_state(std::exchange(*state, kNoState));
}

}  // namespace qaio
