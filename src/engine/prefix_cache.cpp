#include "engine/prefix_cache.h"

#include <cassert>

namespace qaio {
namespace {

std::span<const TokenId> block_tokens(std::span<const TokenId> tokens, size_t block) {
  return tokens.subspan(block * kKvBlockTokens, kKvBlockTokens);
}

}  // namespace

PrefixCache::PrefixCache(KvPool& pool) : pool_(pool) {}

PrefixCache::~PrefixCache() {
  for (const Node& node : nodes_) {
    node.pinned ? pool_.release(node.block) : pool_.let_go(node.block);
  }
}

std::span<const BlockId> PrefixCache::find(std::span<const TokenId> tokens, int blocks_max) {
  const size_t positions = static_cast<size_t>(blocks_max) * kKvBlockTokens;
  walk(tokens.first(std::min(tokens.size(), positions)), {});
  touch();
  found_.clear();
  for (const Node* node : path_) found_.push_back(node->block);
  return found_;
}

void PrefixCache::insert(std::span<const TokenId> tokens, std::span<const BlockId> blocks) {
  walk(tokens, blocks);
  touch();
}

bool PrefixCache::insert_pinned(std::span<const TokenId> tokens, std::span<const BlockId> blocks) {
  if (pinned_ + static_cast<int>(blocks.size()) > pool_.blocks_total() / 2) return false;
  insert(tokens, blocks);
  for (Node* node : path_) {
    if (node->pinned) continue;
    node->pinned = true;
    pool_.share(node->block);
    pool_.let_go(node->block);
    ++pinned_;
  }
  return true;
}

void PrefixCache::make_room(int blocks_free) {
  // Backwards, so that a block's children are gone before it is looked at.
  for (auto it = nodes_.end(); it != nodes_.begin() && pool_.blocks_free() < blocks_free;) {
    --it;
    if (!pool_.idle(it->block)) continue;
    assert(it->children.empty() && "whoever holds a child holds its parent");
    pool_.let_go(it->block);
    it->siblings->erase(it->place);
    it = nodes_.erase(it);
  }
}

void PrefixCache::walk(std::span<const TokenId> tokens, std::span<const BlockId> blocks) {
  path_.clear();
  Children* children = &roots_;
  for (size_t i = 0; (i + 1) * kKvBlockTokens <= tokens.size(); ++i) {
    const auto key = block_tokens(tokens, i);
    const auto it = children->find(key);
    if (it == children->end() && i >= blocks.size()) break;
    Node* node = it != children->end() ? it->second : add(*children, key, blocks[i]);
    path_.push_back(node);
    children = &node->children;
  }
}

PrefixCache::Node* PrefixCache::add(Children& siblings, std::span<const TokenId> tokens,
                                    BlockId block) {
  const auto self = nodes_.emplace(
      nodes_.begin(),
      Node{.block = block, .children = {}, .siblings = &siblings, .place = {}, .self = {}});
  self->self = self;
  self->place = siblings.emplace(std::vector(tokens.begin(), tokens.end()), &*self).first;
  pool_.keep(block);
  return &*self;
}

void PrefixCache::touch() {
  for (size_t i = path_.size(); i-- > 0;) {
    nodes_.splice(nodes_.begin(), nodes_, path_[i]->self);
  }
}

}  // namespace qaio
