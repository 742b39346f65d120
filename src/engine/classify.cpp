#include "engine/classify.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <iterator>
#include <numeric>

#include "base/portable_math.h"

namespace qaio {
namespace {

// Indices of the labels in lexicographic order: those of a subtree stand together, and a label
// right before those that it begins.
std::vector<size_t> sorted(std::span<const LabelTokens> labels) {
  std::vector<size_t> order(labels.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::ranges::sort(order, [&](size_t a, size_t b) { return labels[a] < labels[b]; });
  return order;
}

}  // namespace

bool label_begins_another(std::span<const LabelTokens> labels) {
  const std::vector<size_t> order = sorted(labels);
  return std::ranges::adjacent_find(order, [&](size_t a, size_t b) {
           return std::ranges::mismatch(labels[a], labels[b]).in1 == labels[a].end();
         }) != order.end();
}

LabelWalk::LabelWalk(std::vector<LabelTokens> labels, TokenId end_token, bool mass)
    : mass_(mass), label_edges_(labels.size(), kNone) {
  assert(labels.size() >= 2);
  if (label_begins_another(labels)) {
    for (LabelTokens& label : labels) label.push_back(end_token);
  }
  const std::vector<size_t> order = sorted(labels);
  const LabelTokens& first = labels[order.front()];
  if (!mass_) {
    beginning_.assign(first.begin(), std::ranges::mismatch(first, labels[order.back()]).in1);
  }

  struct Subtree {
    std::span<const size_t> labels;  // the same down to its root
    size_t depth = 0;                // tokens of a label before its root
    size_t edge = kNone;             // the last of them
  };
  std::vector<Subtree> left{{.labels = order, .depth = beginning_.size()}};
  while (!left.empty()) {
    const Subtree subtree = left.back();
    left.pop_back();
    const size_t edges_begin = edges_.size();
    std::vector<Subtree> below;
    for (auto begin = subtree.labels.begin(); begin != subtree.labels.end();) {
      const TokenId token = labels[*begin][subtree.depth];
      const auto end = std::find_if(begin, subtree.labels.end(), [&](size_t label) {
        return labels[label][subtree.depth] != token;
      });
      if (labels[*begin].size() > subtree.depth + 1) {
        below.push_back(
            {.labels = {begin, end}, .depth = subtree.depth + 1, .edge = edges_.size()});
      } else {
        label_edges_[*begin] = edges_.size();  // of one label alone: none begins another
      }
      edges_.push_back({.above = subtree.edge, .token = token});
      begin = end;
    }
    if (subtree.edge != kNone) {
      nodes_.push_back({.token = edges_[subtree.edge].token,
                        .depth = static_cast<int>(subtree.depth - beginning_.size()),
                        .edges_begin = edges_begin,
                        .edges_end = edges_.size()});
    } else {
      for (const Edge& edge : edges_) rows_.push_back(edge.token);
    }
    left.insert(left.end(), below.rbegin(), below.rend());
  }
}

void LabelWalk::score_root(std::span<const float> logits) {
  assert(logits.size() == rows_.size());
  assert(!mass_);
  for (size_t i = 0; i < logits.size(); ++i) edges_[i].log_probability = logits[i];
}

void LabelWalk::score_root(std::span<const float> logits, double log_sum) {
  assert(mass_);
  for (size_t i = 0; i < rows_.size(); ++i) {
    edges_[i].log_probability = logits[static_cast<size_t>(rows_[i])] - log_sum;
  }
}

void LabelWalk::score_node(size_t index, std::span<const float> logits, double log_sum) {
  const Node& node = nodes_[index];
  for (size_t i = node.edges_begin; i < node.edges_end; ++i) {
    edges_[i].log_probability = logits[static_cast<size_t>(edges_[i].token)] - log_sum;
  }
}

std::optional<LabelScores> LabelWalk::scores() const {
  LabelScores out;
  std::vector<double>& weights = out.log_weights;
  weights.assign(label_edges_.size(), 0.0);
  for (size_t label = 0; label < weights.size(); ++label) {
    for (size_t edge = label_edges_[label]; edge != kNone; edge = edges_[edge].above) {
      weights[label] += edges_[edge].log_probability;
    }
  }
  if (!std::ranges::all_of(weights, [](double weight) { return std::isfinite(weight); })) {
    return std::nullopt;
  }
  const double max = *std::ranges::max_element(weights);
  double sum = 0;
  for (double& weight : weights) sum += portable_exp(weight -= max);
  // Rounding may take it beyond all that there is.
  if (mass_) out.mass = std::min(portable_exp(max) * sum, 1.0);
  return out;
}

}  // namespace qaio
