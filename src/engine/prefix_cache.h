// Finds KV memory that already holds the beginning of a prompt: a tree of full blocks, keyed by the
// tokens in them. Sequences with a common beginning share its blocks; blocks that no sequence holds
// any more stay until their memory is wanted, least recently used first.
//
// In models with recurrent layers a prefix is of use only up to a position whose state was kept: a
// block of the tree may have the state behind its last token. There are far fewer states than
// blocks; the one that was asked for longest ago goes first.
//
// Whoever holds a block of the tree holds all blocks above it: find() hands out whole paths, and
// insert() exchanges a sequence's own copies for the tree's. So an idle block has only idle ones
// below it, and every idle block can be freed.
#pragma once

#include <algorithm>
#include <list>
#include <map>
#include <optional>
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

  struct Found {
    std::span<const BlockId> blocks;  // valid until the next call of anything
    StateId state = kNoState;         // behind them, of models with recurrent layers
    int known = 0;                    // blocks that are in the tree, perhaps more than are of use
  };
  // The blocks of the longest known beginning of `tokens` that can be gone on from, at most
  // blocks_max; they now count as used last.
  Found find(std::span<const TokenId> tokens, int blocks_max);

  // Keeps the full blocks of `tokens`, which `kv` has computed. Where the tree holds the same
  // already, `kv` takes that block and gives up its own.
  void insert(std::span<const TokenId> tokens, KvSequence& kv);
  // Likewise, and never lets go of them. can_pin(tokens) must hold.
  void insert_pinned(std::span<const TokenId> tokens, KvSequence& kv);
  // Whether at most half of the pool would be pinned then.
  bool can_pin(std::span<const TokenId> tokens) const;
  // Whether so many positions that begin with `tokens` can be had once nothing else is in use.
  bool can_ever_hold(std::span<const TokenId> tokens, int positions) const;

  // Frees the blocks used longest ago until the pool has `blocks_free` free ones or no idle block
  // is left.
  void make_room(int blocks_free);

  // Keeps the state behind `tokens`, whole blocks that were inserted, and takes over the caller's
  // reference.
  void keep_state(std::span<const TokenId> tokens, StateId state);
  // Never lets go of the last state on the way of `tokens`, as long as no more than a quarter of
  // all states are pinned.
  void pin_state(std::span<const TokenId> tokens);
  // A state for the caller: a free one, or else the one that was kept and asked for longest ago and
  // that nobody goes on from just now. Absent: there is none.
  std::optional<StateId> take_state();
  // How many take_state() would give, one after another.
  int states_to_take() const;

  int states() const { return states_; }  // kept
  int blocks() const { return static_cast<int>(nodes_.size()); }
  int pinned() const { return pinned_; }  // of them

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
    StateId state = kNoState;  // behind the block
    bool state_pinned = false;
    uint64_t state_used = 0;  // the larger, the later
    Children children;
    Children* siblings;  // the map that holds this node, at `place`
    Children::iterator place;
    Nodes::iterator self;
  };

  Node* add(Children& siblings, std::span<const TokenId> tokens, BlockId block);
  // Everything on path_ counts as used last.
  void touch();
  int pinned_blocks(std::span<const TokenId> tokens) const;  // that `tokens` begin with
  bool can_drop_state(const Node& node) const {
    return node.state != kNoState && !node.state_pinned && !pool_.state_shared(node.state);
  }
  void drop_state(Node& node);

  KvPool& pool_;
  Nodes nodes_;  // used last in front, parents before their children
  Children roots_;
  int pinned_ = 0;
  int states_ = 0;
  int states_pinned_ = 0;  // of them
  uint64_t state_uses_ = 0;
  std::vector<Node*> path_;  // of the last walk down the tree, from the root
  std::vector<BlockId> found_;
};

}  // namespace qaio
