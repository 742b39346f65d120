// The questions of a classification behind what all their prompts begin with.
//
// What they add forms a trie whose leaves are the questions' last tokens: what several begin with
// is computed once. At a question's last token the walk of its labels (classify.h) has its root,
// and what that computes comes right behind it. Each question's last token is its own, also where
// another question is the same or goes on, so that every node is read for one question at most.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "base/token.h"
#include "engine/classify.h"
#include "engine/request.h"

namespace qaio {

class QuestionWalk {
 public:
  // What is read of the logits behind a token.
  enum class Reading : uint8_t {
    kNothing,  // questions go on
    kRoot,     // the root of a question's labels: its rows, or with a mass all
    kLabel,    // labels go on: all
  };
  struct Node {
    TokenId token = 0;
    int depth = 0;  // 1: right behind the root
    Reading reading = Reading::kNothing;
    size_t question = 0;    // whose it is; unless kNothing
    size_t label_node = 0;  // kLabel: which of LabelWalk::nodes()
  };

  // Questions as in ClassifyJob. `end_token` is in none of their labels.
  QuestionWalk(std::vector<LabelQuestion> questions, TokenId end_token);

  // What all questions begin with behind the prompt: the root lies behind this. Of a single
  // question all of it, so that its labels' root is here.
  std::span<const TokenId> beginning() const { return beginning_; }
  // The labels whose root is the root; null: those of several questions, so that nothing is read
  // there.
  LabelWalk* at_root() { return labels_.size() == 1 ? &labels_.front() : nullptr; }

  size_t questions() const { return labels_.size(); }
  size_t options() const { return options_; }  // labels of all questions
  // Tokens that ask, without labels: those in beginning(), and the nodes behind it.
  size_t question_tokens_at_root() const { return tokens_at_root_; }
  size_t question_tokens_behind_root() const;
  LabelWalk& labels(size_t question) { return labels_[question]; }

  // In depth-first order: each one's parent is the last one before it that is less deep by one.
  std::span<const Node> nodes() const { return nodes_; }
  // Those not yet taken to be computed, and taking the first of them.
  std::span<const Node> left() const { return nodes().subspan(taken_); }
  void take(size_t count) { taken_ += count; }
  // The way to the next of those left: its ancestors below `depth`, the uppermost first, of which
  // nothing is read.
  std::vector<Node> way_to_next(int depth) const;
  // How far down those left go the same way, until they begin anew at the root.
  int common_depth() const;
  // Whether the whole output head is read behind the token.
  bool reads_all(const Node& node) const {
    return node.reading == Reading::kLabel ||
           (node.reading == Reading::kRoot && labels_[node.question].mass());
  }
  // How many of those left have at most `tokens` tokens and `full` readings of the whole head.
  size_t fitting(size_t tokens, size_t full) const;

  // By question, once all is read. None if logits were not finite.
  std::optional<std::vector<LabelScores>> scores() const;

 private:
  void add_labels(size_t question, int depth);

  std::vector<LabelWalk> labels_;  // by question
  std::vector<TokenId> beginning_;
  size_t tokens_at_root_ = 0;
  size_t options_ = 0;
  std::vector<Node> nodes_;
  size_t taken_ = 0;
};

}  // namespace qaio
