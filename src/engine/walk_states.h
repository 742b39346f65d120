// States of a walk of questions, in models with recurrent layers: beside the one at its root, the
// one where it stands between two steps, and a place for the next.
#pragma once

#include <utility>

#include "model/kv_cache.h"

namespace qaio {

class WalkStates {
 public:
  static constexpr int kStates = 2;

  explicit WalkStates(KvPool& pool) : pool_(&pool) {}
  WalkStates(WalkStates&& other) noexcept
      : pool_(other.pool_),
        depth_(other.depth_),
        here_(std::exchange(other.here_, kNoState)),
        spare_(std::exchange(other.spare_, kNoState)) {}
  ~WalkStates() { clear(); }

  // Takes over the caller's references.
  void take(StateId a, StateId b) {
    here_ = a;
    spare_ = b;
  }
  void clear() {
    for (StateId* state : {&here_, &spare_})
      if (*state != kNoState) pool_->release_state(std::exchange(*state, kNoState));
    depth_ = 0;
  }

  // So deep below the root here() is; 0: at the root, and it is of no use.
  int depth() const { return depth_; }
  StateId here() const { return here_; }
  // The state at `depth` comes to be in the place that is returned.
  StateId move_to(int depth) {
    depth_ = depth;
    std::swap(here_, spare_);
    return here_;
  }
  void move_to_root() { depth_ = 0; }

 private:
  KvPool* pool_;
  int depth_ = 0;
  StateId here_ = kNoState;
  StateId spare_ = kNoState;
};

}  // namespace qaio
