// Which states of a sequence are kept for later prompts, in models with recurrent layers. A state
// cannot be cut back, so it is copied on the way at positions from which another prompt is likely
// to go on:
//
// - shortly before the prompt's end, where a conversation's next turn leaves this one (templates
//   write an answer's thought differently once it is history), and further back in growing steps,
//   for prompts whose last part was changed;
// - where the tree of blocks knows more of the prompt than states reach: others began likewise;
// - of an answer the last whole block, for who goes on behind it.
#pragma once

#include <span>
#include <vector>

#include "base/token.h"
#include "engine/prefix_cache.h"
#include "model/model.h"

namespace qaio {

// Belongs to the engine thread. All positions are ends of whole blocks.
class StateSaves {
 public:
  explicit StateSaves(KvPool& pool) : pool_(pool) {}
  StateSaves(StateSaves&& other) noexcept;
  ~StateSaves() { clear(); }

  // A prompt of so many tokens whose positions from `cached` on are computed; of the tree's blocks
  // `known` positions begin likewise.
  void plan(int cached, int known, int prompt);
  // Those within positions [begin, end), which the next step computes; takes states for them out of
  // the cache as far as there are. Valid until the next call.
  std::span<const StateSave> within(int begin, int end, PrefixCache& cache);
  // Gives the cache those that are computed, whose blocks it has.
  void hand_over(std::span<const TokenId> computed, PrefixCache& cache);
  void clear();

 private:
  KvPool& pool_;
  int prompt_ = 0;
  std::vector<int> planned_;      // ascending
  std::vector<StateSave> taken_;  // ascending; theirs is a reference each
};

}  // namespace qaio
