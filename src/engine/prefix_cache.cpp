#include "engine/prefix_cache.h"

#include <cassert>

namespace qaio {
namespace {

size_t full_blocks(std::span<const TokenId> tokens) { return tokens.size() / kKvBlockTokens; }

std::span<const TokenId> block_tokens(std::span<const TokenId> tokens, size_t block) {
  return tokens.subspan(block * kKvBlockTokens, kKvBlockTokens);
}

}  // namespace

PrefixCache::PrefixCache(KvPool& pool) : pool_(pool) {}

PrefixCache::~PrefixCache() {
  for (Node& node : nodes_) {
    drop_state(node);
    node.pinned ? pool_.release(node.block) : pool_.let_go(node.block);
  }
}

PrefixCache::Found PrefixCache::find(std::span<const TokenId> tokens, int blocks_max) {
  const size_t blocks = std::min(full_blocks(tokens), static_cast<size_t>(blocks_max));
  path_.clear();
  found_.clear();
  for (const Children* children = &roots_; path_.size() < blocks;) {
    const auto it = children->find(block_tokens(tokens, path_.size()));
    if (it == children->end()) break;
    path_.push_back(it->second);
    found_.push_back(it->second->block);
    children = &it->second->children;
  }
  touch();
  Found found{.blocks = {}, .state = kNoState, .known = static_cast<int>(path_.size())};
  if (pool_.recurrent()) {
    while (!found_.empty() && path_[found_.size() - 1]->state == kNoState) found_.pop_back();
    if (!found_.empty()) {
      Node& last = *path_[found_.size() - 1];
      found.state = last.state;
      last.state_used = ++state_uses_;
    }
  }
  found.blocks = found_;
  return found;
}

void PrefixCache::insert(std::span<const TokenId> tokens, KvSequence& kv) {
  assert(tokens.size() <= static_cast<size_t>(kv.length()));
  path_.clear();
  path_.reserve(full_blocks(tokens));
  // Also where memory ends on the way: whoever holds a child must not be older than it.
  struct Touch {
    PrefixCache& cache;
    ~Touch() { cache.touch(); }
  } const touch_at_end{*this};
  Children* children = &roots_;
  for (size_t i = 0; i < full_blocks(tokens); ++i) {
    const auto key = block_tokens(tokens, i);
    const auto it = children->find(key);
    Node* node = nullptr;
    if (it == children->end()) {
      node = add(*children, key, kv.blocks()[i]);
    } else {
      node = it->second;
      if (node->block != kv.blocks()[i]) kv.adopt(i, node->block);
    }
    path_.push_back(node);
    children = &node->children;
  }
}

void PrefixCache::insert_pinned(std::span<const TokenId> tokens, KvSequence& kv) {
  assert(can_pin(tokens));
  insert(tokens, kv);
  for (Node* node : path_) {
    if (node->pinned) continue;
    node->pinned = true;
    pool_.share(node->block);
    pool_.let_go(node->block);
    ++pinned_;
  }
}

bool PrefixCache::can_pin(std::span<const TokenId> tokens) const {
  const int more = static_cast<int>(full_blocks(tokens)) - pinned_blocks(tokens);
  return pinned_ + more <= pool_.blocks_total() / 2;
}

bool PrefixCache::can_ever_hold(std::span<const TokenId> tokens, int positions) const {
  return KvPool::blocks_for(positions) - pinned_blocks(tokens) <= pool_.blocks_total() - pinned_;
}

int PrefixCache::pinned_blocks(std::span<const TokenId> tokens) const {
  int blocks = 0;
  const Children* children = &roots_;
  for (size_t i = 0; i < full_blocks(tokens); ++i) {
    const auto it = children->find(block_tokens(tokens, i));
    if (it == children->end() || !it->second->pinned) break;
    ++blocks;
    children = &it->second->children;
  }
  return blocks;
}

void PrefixCache::make_room(int blocks_free) {
  // Backwards, so that a block's children are gone before it is looked at.
  for (auto it = nodes_.end(); it != nodes_.begin() && pool_.blocks_free() < blocks_free;) {
    --it;
    if (!pool_.idle(it->block)) continue;
    assert(it->children.empty() && "whoever holds a child holds its parent");
    drop_state(*it);
    pool_.let_go(it->block);
    it->siblings->erase(it->place);
    it = nodes_.erase(it);
  }
}

void PrefixCache::keep_state(std::span<const TokenId> tokens, StateId state) {
  assert(tokens.size() % kKvBlockTokens == 0 && !tokens.empty());
  Node* node = nullptr;
  Children* children = &roots_;
  for (size_t i = 0; i < full_blocks(tokens); ++i) {
    const auto it = children->find(block_tokens(tokens, i));
    if (it == children->end()) return pool_.release_state(state);
    node = it->second;
    children = &node->children;
  }
  if (node->state != kNoState) {
    pool_.release_state(state);
  } else {
    node->state = state;
    ++states_;
  }
  node->state_used = ++state_uses_;
}

void PrefixCache::pin_state(std::span<const TokenId> tokens) {
  const Found found = find(tokens, static_cast<int>(full_blocks(tokens)));
  if (found.state == kNoState || states_pinned_ >= pool_.states_total() / 4) return;
  Node& node = *path_[found.blocks.size() - 1];
  if (node.state_pinned) return;
  node.state_pinned = true;
  ++states_pinned_;
}

std::optional<StateId> PrefixCache::take_state() {
  if (pool_.states_free() == 0) {
    Node* oldest = nullptr;
    for (Node& node : nodes_) {
      if (can_drop_state(node) && (oldest == nullptr || node.state_used < oldest->state_used))
        oldest = &node;
    }
    if (oldest == nullptr) return std::nullopt;
    drop_state(*oldest);
  }
  return *pool_.take_state();
}

int PrefixCache::states_to_take() const {
  const auto kept =
      std::ranges::count_if(nodes_, [this](const Node& n) { return can_drop_state(n); });
  return pool_.states_free() + static_cast<int>(kept);
}

void PrefixCache::drop_state(Node& node) {
  if (node.state == kNoState) return;
  pool_.release_state(node.state);
  node.state = kNoState;
  --states_;
  if (node.state_pinned) --states_pinned_;
  node.state_pinned = false;
}

PrefixCache::Node* PrefixCache::add(Children& siblings, std::span<const TokenId> tokens,
                                    BlockId block) {
  std::list<Node> made;  // and found in `siblings` before it is found in nodes_
  made.push_back({.block = block, .children = {}, .siblings = &siblings, .place = {}, .self = {}});
  Node& node = made.front();
  node.place = siblings.emplace(std::vector(tokens.begin(), tokens.end()), &node).first;
  node.self = made.begin();
  nodes_.splice(nodes_.begin(), made);
  pool_.keep(block);
  return &node;
}

void PrefixCache::touch() {
  for (size_t i = path_.size(); i-- > 0;) {
    nodes_.splice(nodes_.begin(), nodes_, path_[i]->self);
  }
}

}  // namespace qaio
