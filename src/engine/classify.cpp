#include "engine/classify.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <iterator>
#include <numeric>

namespace qaio {

LabelWalk::LabelWalk(const std::vector<std::vector<TokenId>>& labels, TokenId end_token)
    : log_probabilities_(labels.size(), 0.0) {
  assert(labels.size() >= 2);
  // In lexicographic order the labels of a subtree stand together, and a label stands right before
  // those it is the beginning of.
  std::vector<size_t> order(labels.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::ranges::sort(order, [&](size_t a, size_t b) { return labels[a] < labels[b]; });

  std::vector<std::span<const size_t>> subtrees{order};  // of at least two labels each
  while (!subtrees.empty()) {
    const std::span<const size_t> subtree = subtrees.back();
    subtrees.pop_back();
    const auto& first = labels[subtree.front()];
    const auto fork = std::ranges::mismatch(first, labels[subtree.back()]).in1;
    const auto depth = static_cast<size_t>(std::distance(first.begin(), fork));

    Branch branch;
    branch.path.assign(first.begin(), fork);
    std::vector<std::span<const size_t>> deeper;
    for (size_t begin = 0; begin < subtree.size();) {
      const auto next_token = [&](size_t label) {
        return depth < labels[label].size() ? labels[label][depth] : end_token;
      };
      const TokenId row = next_token(subtree[begin]);
      size_t end = begin + 1;
      while (end < subtree.size() && next_token(subtree[end]) == row) ++end;
      const auto child = subtree.subspan(begin, end - begin);
      branch.rows.push_back(row);
      branch.labels.emplace_back(child.begin(), child.end());
      if (child.size() > 1) deeper.push_back(child);
      begin = end;
    }
    branches_.push_back(std::move(branch));
    subtrees.insert(subtrees.end(), deeper.rbegin(), deeper.rend());
  }
}

void LabelWalk::score(std::span<const float> logits) {
  const Branch& branch = branches_[current_++];
  assert(logits.size() == branch.rows.size());
  const double max = *std::ranges::max_element(logits);
  double sum = 0;
  for (const float logit : logits) sum += std::exp(logit - max);
  for (size_t row = 0; row < logits.size(); ++row) {
    const double log_probability = logits[row] - max - std::log(sum);
    for (const size_t label : branch.labels[row]) log_probabilities_[label] += log_probability;
  }
}

std::vector<float> LabelWalk::probabilities() const {
  assert(done());
  double sum = 0;
  for (const double log_probability : log_probabilities_) sum += std::exp(log_probability);
  std::vector<float> result;
  result.reserve(log_probabilities_.size());
  for (const double log_probability : log_probabilities_) {
    result.push_back(static_cast<float>(std::exp(log_probability) / sum));
  }
  return result;
}

}  // namespace qaio
