// Probabilities of label token sequences from the logits of a few rows.
//
// The labels form a trie. Only where it branches does the model have a choice, and there only the
// rows of the branch's next tokens matter: a softmax over them splits the branch's probability. A
// label that ends where others go on has the end token as its row. Labels with different first
// tokens, the usual case, have a single branch, right behind the prompt.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "base/token.h"

namespace qaio {

// Visits the branches in depth-first order: each one's path() is to be computed behind the prompt,
// keeping of the path before what is common, and the logits of rows() given to score().
class LabelWalk {
 public:
  // Labels as in ClassifyJob: different and not empty. `end_token` is in none of them.
  LabelWalk(const std::vector<std::vector<TokenId>>& labels, TokenId end_token);

  bool done() const { return current_ == branches_.size(); }
  // Tokens from the prompt's end to the current branch; empty in the usual case. Not when done().
  std::span<const TokenId> path() const { return branches_[current_].path; }
  // The current branch's next tokens: at least two, all different. Not when done().
  std::span<const TokenId> rows() const { return branches_[current_].rows; }
  // Takes the current branch's logits, one per row, and goes on to the next branch.
  void score(std::span<const float> logits);

  // Once done(): one per label in the order given, sum 1.
  std::vector<float> probabilities() const;

 private:
  struct Branch {
    std::vector<TokenId> path;
    std::vector<TokenId> rows;
    std::vector<std::vector<size_t>> labels;  // per row: the labels behind it
  };

  std::vector<Branch> branches_;
  size_t current_ = 0;
  std::vector<double> log_probabilities_;
};

}  // namespace qaio
