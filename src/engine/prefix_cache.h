// Finds KV memory that already holds the beginning of a prompt: a tree of full blocks, keyed by the
// tokens in them. Sequences with a common beginning share its blocks; blocks that no sequence holds
// any more stay until their memory is wanted, least recently used first.
#pragma once

#include <algorithm>
#include <list>
#include <map>
#include <span>
#include <vector>

#include "base/token.h"
#include "model/kv_cache.h"

namespace qaio {

// Belongs to the engine thread. Never holds more than the pool has. What is in a block follows from
// the tokens up to its end alone (the model's results do not depend on batches or chunks), so
// shared blocks change no bit of any answer.
class PrefixCache {
 public:
  explicit PrefixCache(KvPool& pool);  // outlives the cache
  ~PrefixCache();
  PrefixCache(const PrefixCache&) = delete;
  PrefixCache& operator=(const PrefixCache&) = delete;

  // The blocks of the longest known beginning of `tokens`, at most blocks_max; they now count as
  // used last. Valid until the next call of anything.
  std::span<const BlockId> find(std::span<const TokenId> tokens, int blocks_max);

  // Keeps `blocks`, which hold the first blocks.size() * kKvBlockTokens of `tokens`, as far as
  // other blocks do not hold the same already. A sequence must hold them at the time.
  void insert(std::span<const TokenId> tokens, std::span<const BlockId> blocks);
  // Likewise, and never lets go of them; false, and nothing is pinned, when more than half of the
  // pool would be.
  bool insert_pinned(std::span<const TokenId> tokens, std::span<const BlockId> blocks);

  // Frees the blocks used longest ago until the pool has `blocks_free` free ones or no idle block
  // is left.
  void make_room(int blocks_free);

  int blocks() const { return static_cast<int>(nodes_.size()); }

 private:
  struct Node;
  struct TokensLess {
    using is_transparent = void;
    bool operator()(std::span<const TokenId> a, std::span<const TokenId> b) const {
      return std::ranges::lexicographical_compare(a, b);
    }
  };
  using Nodes = std::list<Node>;
  using Children = std::map<std::vector<TokenId>, Node*, TokensLess>;  // by their block's tokens
  struct Node {
    BlockId block;
    bool pinned = false;  // then the cache's reference is an ordinary one, and never given back
    Children children;
    Children* siblings;  // the map that holds this node, at `place`
    Children::iterator place;
    Nodes::iterator self;
  };

  // Walks down the tree along `tokens` into path_, adding nodes for `blocks` where there are none.
  void walk(std::span<const TokenId> tokens, std::span<const BlockId> blocks);
  Node* add(Children& siblings, std::span<const TokenId> tokens, BlockId block);
  // Everything on path_ counts as used last.
  void touch();

  KvPool& pool_;
  Nodes nodes_;  // used last in front, parents before their children
  Children roots_;
  int pinned_ = 0;
  std::vector<Node*> path_;
  std::vector<BlockId> found_;
};

}  // namespace qaio
