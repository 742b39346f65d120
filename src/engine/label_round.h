// What a step computes of questions and their labels, beside all else that it computes.
//
// The nodes of a walk fall into runs: each goes down the trie as far as the same is read behind its
// tokens, the next one branches off above or goes on below. All runs of a step are computed at
// once. Each has KV memory of its own behind the walk's root and shares whole blocks before it; a
// node that several runs stand on is computed once and stored for all of them. Branches live no
// longer than the step: what they need is taken from memory that nobody wants, and where there is
// none, runs wait for later steps. So a walk never needs more than its sequence has reserved, and
// its figures are the same either way.
//
// In models with recurrent layers no run goes on in the sequence itself, whose state stays that of
// the root. A step ends with the state from which all that is left of a question can go on
// (WalkStates); what lies between it and the next node is computed again.
#pragma once

#include <deque>
#include <memory>
#include <span>
#include <vector>

#include "base/clock.h"
#include "engine/prefix_cache.h"
#include "engine/question_walk.h"
#include "engine/walk_states.h"
#include "kernels/kernels.h"
#include "model/model.h"

namespace qaio {

class LabelRound {
 public:
  // For at most `tokens_max` nodes in a step, of which at most `full_max` read the whole output
  // head. All outlive it.
  LabelRound(Model& model, PrefixCache& cache, const Clock& clock, int tokens_max, int full_max);

  // Begins a step.
  void clear();
  // Takes the next nodes of a walk, as many as `count` is, at least one. `kv` holds the walk's
  // root, the positions [0, root), and behind it the way to the node before; then that to the last
  // node taken. Returns the first run's item; items() has the others, which come behind it in the
  // step.
  ForwardItem add(QuestionWalk& walk, KvSequence& kv, WalkStates& states, int root, int count);
  // Of the tokens that a step may have: how many add() is to be given, at least one. Of the nodes
  // at most `full` read the whole output head.
  static int fitting(const QuestionWalk& walk, const WalkStates& states, bool recurrent, int tokens,
                     int full);
  std::span<const ForwardItem> items() const { return items_; }
  // After the forward pass: gives the branches' memory back.
  void release() { branch_memory_.clear(); }

  // Nodes in the step, and how many of them are read.
  size_t nodes() const { return tokens_.size(); }
  size_t readings() const { return readings_.size(); }
  // Scores what is behind one of those, any thread its own; `scratch` is [vocab].
  void read(size_t reading, std::span<float> scratch);
  // Scores the root of a question's labels by its logits: of their rows, or with a mass [vocab].
  void read_root(LabelWalk& labels, std::span<const float> logits, std::span<float> scratch) const;
  // From the begin of a walk's first such call to the end of its last.
  int64_t reading_ns(const QuestionWalk& walk) const;

 private:
  using Node = QuestionWalk::Node;
  struct Run {
    std::span<const Node> nodes;
    KvSequence* kv = nullptr;
    bool again = false;  // computed before, and nothing is read of it

    int depth() const { return nodes.front().depth; }
  };
  struct NodeReading {
    QuestionWalk* walk;
    const Node* node;
    std::span<const float> logits;  // [vocab], or [rows] of a root without a mass
    TimeNs begin_ns = 0;
    TimeNs end_ns = 0;
  };

  // The logarithm of the sum of e^logit over the vocabulary; NaN if one is not finite.
  double log_sum(std::span<const float> logits, std::span<float> scratch) const;
  static std::span<const Node> first_run(std::span<const Node> nodes);
  std::vector<Run> recurrent_runs(const QuestionWalk& walk, int start, size_t count);
  void give_memory(std::vector<Run>& runs, KvSequence& kv, int root);
  void give_recurrent_memory(std::vector<Run>& runs, const KvSequence& kv, const WalkStates& states,
                             int root, int start);
  void keep_way(const QuestionWalk& walk, std::span<const Run> runs, WalkStates& states, int root,
                int start, size_t taken);
  KvSequence* branch_off(const KvSequence& kv, int root, int held, int end,
                         KeepsState keeps = KeepsState::kYes, StateId state = kNoState);
  ForwardItem item_of(std::span<const Run> runs, int root);
  void want_logits(QuestionWalk& walk, const Run& run, ForwardItem& item);

  Model& model_;
  PrefixCache& cache_;
  const Clock& clock_;
  const Kernels& kernels_;
  const size_t vocab_;
  const size_t tokens_max_;
  const size_t full_max_;
  std::unique_ptr<float[]> logits_;  // [full_max, vocab] f32; untouched rows cost no memory
  size_t full_ = 0;                  // rows of it in use
  std::deque<std::vector<float>> root_logits_;  // [rows] each
  std::vector<TokenId> tokens_;                 // of the nodes; items point into it
  std::vector<NodeReading> readings_;
  std::vector<ForwardItem> items_;
  std::deque<KvSequence> branch_memory_;
  std::deque<std::vector<KvBranch>> branches_;  // by item
  std::deque<std::vector<Node>> ways_;          // that are computed again
  std::deque<StateSave> saves_;
  std::vector<KvCopy> copies_;
};

}  // namespace qaio
