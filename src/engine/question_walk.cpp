#include "engine/question_walk.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace qaio {
namespace {

using Tokens = std::vector<TokenId>;

size_t common_tokens(std::span<const TokenId> a, std::span<const TokenId> b) {
  return static_cast<size_t>(std::ranges::mismatch(a, b).in1 - a.begin());
}

}  // namespace

QuestionWalk::QuestionWalk(std::vector<LabelQuestion> questions, TokenId end_token) {
  std::vector<Tokens> paths;  // by question: from the prompt to the root of its labels
  for (LabelQuestion& question : questions) {
    options_ += question.labels.size();
    tokens_at_root_ = question.tokens.size();
    const LabelWalk& labels =
        labels_.emplace_back(std::move(question.labels), end_token, question.mass);
    Tokens& path = paths.emplace_back(std::move(question.tokens));
    path.insert(path.end(), labels.beginning().begin(), labels.beginning().end());
  }
  if (paths.size() == 1) {
    beginning_ = std::move(paths.front());
    add_labels(0, 0);
    return;
  }
  std::vector<size_t> order(paths.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::ranges::stable_sort(order, [&](size_t a, size_t b) { return paths[a] < paths[b]; });
  size_t common = paths.front().size() - 1;
  for (const Tokens& path : paths) {
    common = std::min({common, common_tokens(path, paths.front()), path.size() - 1});
  }
  beginning_.assign(paths.front().begin(), paths.front().begin() + static_cast<ptrdiff_t>(common));
  tokens_at_root_ = common;
  const Tokens* before = nullptr;
  for (const size_t question : order) {
    const Tokens& path = paths[question];
    const size_t known =
        before == nullptr
            ? common
            : std::min({common_tokens(path, *before), path.size() - 1, before->size() - 1});
    for (size_t i = known; i < path.size(); ++i) {
      const auto depth = static_cast<int>(i - common) + 1;
      const bool last = i + 1 == path.size();
      nodes_.push_back({.token = path[i],
                        .depth = depth,
                        .reading = last ? Reading::kRoot : Reading::kNothing,
                        .question = question});
      if (last) add_labels(question, depth);
    }
    before = &path;
  }
}

void QuestionWalk::add_labels(size_t question, int depth) {
  const auto nodes = std::as_const(labels_[question]).nodes();
  for (size_t i = 0; i < nodes.size(); ++i) {
    nodes_.push_back({.token = nodes[i].token,
                      .depth = depth + nodes[i].depth,
                      .reading = Reading::kLabel,
                      .question = question,
                      .label_node = i});
  }
}

size_t QuestionWalk::question_tokens_behind_root() const {
  return static_cast<size_t>(std::ranges::count_if(
      nodes_, [](const Node& node) { return node.reading != Reading::kLabel; }));
}

std::vector<QuestionWalk::Node> QuestionWalk::way_to_next(int depth) const {
  std::vector<Node> way;
  int wanted = left().front().depth - 1;
  for (size_t i = taken_; i-- > 0 && wanted > depth;) {
    if (nodes_[i].depth != wanted) continue;
    way.push_back(nodes_[i]);
    way.back().reading = Reading::kNothing;
    --wanted;
  }
  std::ranges::reverse(way);
  return way;
}

int QuestionWalk::common_depth() const {
  int common = left().empty() ? 0 : left().front().depth - 1;
  for (const Node& node : left()) {
    if (node.depth == 1) break;
    common = std::min(common, node.depth - 1);
  }
  return common;
}

size_t QuestionWalk::fitting(size_t tokens, size_t full) const {
  size_t count = 0;
  for (const Node& node : left()) {
    if (count == tokens || (reads_all(node) && full == 0)) break;
    if (reads_all(node)) --full;
    ++count;
  }
  return count;
}

std::optional<std::vector<LabelScores>> QuestionWalk::scores() const {
  std::vector<LabelScores> result;
  for (const LabelWalk& labels : labels_) {
    std::optional<LabelScores> scores = labels.scores();
    if (!scores) return std::nullopt;
    result.push_back(std::move(*scores));
  }
  return result;
}

}  // namespace qaio
