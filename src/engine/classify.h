// Probabilities of labels, each judged whole: the product of its tokens' probabilities, given the
// prompt and the label's tokens before.
//
// The labels form a trie behind what all of them begin with. At its root the logits of the tokens
// that go on suffice: what makes a logit a probability, the sum over the vocabulary, is the same
// for all labels there. Behind each token below the root it is another sum, so all logits are read.
// Labels of one token each, the usual case, have no such token: they need no pass but the prompt's.
//
// What the logits of the tokens do not tell is how likely it is that any of the labels is said. Who
// asks for that has the whole output head computed at the root as well.
//
// A label's probability is that of an answer which begins with it. Where one label begins another,
// that of the shorter one would include the longer one's, so the end token is put behind it. Then
// it is put behind all of them: one label with its end among others that may go on would be asked
// for more than they.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "base/token.h"
#include "engine/request.h"

namespace qaio {

using LabelTokens = std::vector<TokenId>;

// Of different labels: one is the beginning of another, so that all are judged with their end.
bool label_begins_another(std::span<const LabelTokens> labels);

class LabelWalk {
 public:
  // A token below the root behind which labels go on.
  struct Node {
    TokenId token = 0;
    int depth = 0;  // 1: right behind the root
    size_t edges_begin = 0;
    size_t edges_end = 0;
  };

  // Labels as in LabelQuestion: different and not empty. `end_token` is in none of them. `mass`:
  // whether scores() are to have one.
  LabelWalk(std::vector<LabelTokens> labels, TokenId end_token, bool mass = false);

  // What all labels begin with: the root lies behind the prompt and this. With a mass nothing, as
  // that is part of how likely labels are.
  std::span<const TokenId> beginning() const { return beginning_; }
  // The different tokens that follow at the root.
  std::span<const TokenId> rows() const { return rows_; }
  bool mass() const { return mass_; }
  // Takes their logits, one per row. Without a mass.
  void score_root(std::span<const float> logits);
  // Takes the logits of the whole vocabulary, [vocab], and the logarithm of the sum of their
  // e^logit. With a mass.
  void score_root(std::span<const float> logits, double log_sum);

  // In depth-first order: each one's parent is the last one before it that is less deep by one.
  std::span<const Node> nodes() const { return nodes_; }
  // Takes what follows a node: logits [vocab] and the logarithm of the sum of their e^logit.
  // Different nodes may be scored by different threads at the same time.
  void score_node(size_t index, std::span<const float> logits, double log_sum);

  // Once the root and all nodes are scored, by label in the order given. None if logits were not
  // finite.
  std::optional<LabelScores> scores() const;

 private:
  // A token of labels that differ before it or at it.
  struct Edge {
    size_t above = 0;  // the edge of the token before; kNone at the root
    TokenId token = 0;
    // At the root and without a mass but for what all labels have in common.
    double log_probability = 0;
  };
  static constexpr size_t kNone = ~size_t{0};

  bool mass_;
  std::vector<TokenId> beginning_;
  std::vector<TokenId> rows_;
  std::vector<Node> nodes_;
  std::vector<Edge> edges_;          // those of the root first, in the order of rows_
  std::vector<size_t> label_edges_;  // by label: its last edge
};

}  // namespace qaio
