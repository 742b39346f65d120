#include "text/added_tokens.h"

#include <algorithm>

namespace qaio {
namespace {

auto lower_bound_byte(const std::vector<std::pair<uint8_t, uint32_t>>& children, char byte) {
  return std::lower_bound(
      children.begin(), children.end(), static_cast<uint8_t>(byte),
      [](const std::pair<uint8_t, uint32_t>& edge, uint8_t b) { return edge.first < b; });
}

}  // namespace

const AddedTokenMatcher::Node* AddedTokenMatcher::child(const Node& node, char byte) const {
  const auto it = lower_bound_byte(node.children, byte);
  if (it == node.children.end() || it->first != static_cast<uint8_t>(byte)) return nullptr;
  return &nodes_[it->second];
}

bool AddedTokenMatcher::add(std::string_view spelling, TokenId id) {
  if (spelling.empty() || lookup(spelling)) return false;
  size_t at = 0;
  for (const char byte : spelling) {
    if (const Node* next = child(nodes_[at], byte)) {
      at = static_cast<size_t>(next - nodes_.data());
      continue;
    }
    const auto created = static_cast<uint32_t>(nodes_.size());
    auto& children = nodes_[at].children;
    children.insert(lower_bound_byte(children, byte), {static_cast<uint8_t>(byte), created});
    nodes_.emplace_back();
    at = created;
  }
  nodes_[at].id = id;
  return true;
}

std::optional<AddedTokenMatcher::Match> AddedTokenMatcher::find(std::string_view text,
                                                                size_t from) const {
  for (size_t begin = from; begin < text.size(); ++begin) {
    std::optional<Match> longest;
    const Node* node = &nodes_[0];
    for (size_t end = begin; end < text.size(); ++end) {
      node = child(*node, text[end]);
      if (node == nullptr) break;
      if (node->id >= 0) longest = Match{begin, end + 1, node->id};
    }
    if (longest) return longest;
  }
  return std::nullopt;
}

std::optional<TokenId> AddedTokenMatcher::lookup(std::string_view spelling) const {
  const Node* node = &nodes_[0];
  for (const char byte : spelling) {
    node = child(*node, byte);
    if (node == nullptr) return std::nullopt;
  }
  if (node->id < 0) return std::nullopt;
  return node->id;
}

}  // namespace qaio
