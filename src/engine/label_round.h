// What a step computes of label walks, beside all else that it computes.
//
// The nodes of a walk fall into runs: each goes down the trie, the next one branches off above. All
// runs of a step are computed at once. Each has KV memory of its own behind the walk's root and
// shares whole blocks before it; a node that several runs stand on is computed once and stored for
// all of them. Branches live no longer than the step: what they need is taken from memory that
// nobody wants, and where there is none, runs wait for later steps. So a walk never needs more than
// its sequence has reserved, and its figures are the same either way.
#pragma once

#include <deque>
#include <memory>
#include <span>
#include <vector>

#include "base/clock.h"
#include "engine/classify.h"
#include "engine/prefix_cache.h"
#include "kernels/kernels.h"
#include "model/model.h"

namespace qaio {

class LabelRound {
 public:
  // For at most `nodes_max` nodes in a step. All outlive it.
  LabelRound(Model& model, PrefixCache& cache, const Clock& clock, int nodes_max);

  // Begins a step.
  void clear();
  // Takes the next nodes of a walk, at most `count` and at least one. `kv` holds the walk's root,
  // the positions [0, root), and behind it the way to the node before; then that to the last node
  // taken. Returns the first run's item; items() has the others, which come behind it in the step.
  ForwardItem add(LabelWalk& walk, KvSequence& kv, int root, int count);
  std::span<const ForwardItem> items() const { return items_; }
  // After the forward pass: gives the branches' memory back.
  void release() { branch_memory_.clear(); }

  // Nodes in the step.
  size_t nodes() const { return readings_.size(); }
  // Scores one of them, any thread its own; `scratch` is [vocab].
  void read(size_t node, std::span<float> scratch);
  // From the begin of a walk's first such call to the end of its last.
  int64_t reading_ns(const LabelWalk& walk) const;

 private:
  struct Run {
    std::span<const LabelWalk::Node> nodes;
    KvSequence* kv = nullptr;

    int depth() const { return nodes.front().depth; }
  };
  struct Reading {
    LabelWalk* walk;
    size_t node;
    TimeNs begin_ns = 0;
    TimeNs end_ns = 0;
  };

  void give_memory(std::vector<Run>& runs, KvSequence& kv, int root);
  KvSequence* branch_off(const KvSequence& kv, int root, int held, int end);
  ForwardItem item_of(std::span<const Run> runs, int root);

  Model& model_;
  PrefixCache& cache_;
  const Clock& clock_;
  const Kernels& kernels_;
  const size_t vocab_;
  const size_t nodes_max_;
  std::unique_ptr<float[]> logits_;  // [nodes_max, vocab] f32; untouched rows cost no memory
  std::vector<TokenId> tokens_;      // of the nodes; items point into it
  std::vector<Reading> readings_;
  std::vector<ForwardItem> items_;
  std::deque<KvSequence> branch_memory_;
  std::deque<std::vector<KvBranch>> branches_;  // by item
  std::vector<KvCopy> copies_;
};

}  // namespace qaio
