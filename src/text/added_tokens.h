// Finds the spellings of added tokens ("<|im_start|>") in text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "base/token.h"

namespace qaio {

// A set of spellings as a byte trie. Thread-safe once filled.
class AddedTokenMatcher {
 public:
  // Spellings longer than this are refused by Tokenizer; it bounds the work per position of text.
  static constexpr size_t kSpellingBytesMax = 512;

  struct Match {
    size_t begin;  // bytes
    size_t end;
    TokenId id;
  };

  // Returns false and changes nothing if the spelling is empty or already there.
  bool add(std::string_view spelling, TokenId id);
  bool empty() const { return nodes_[0].children.empty(); }

  // The leftmost match at or after `from`, the longest of those that begin there; none: nullopt.
  std::optional<Match> find(std::string_view text, size_t from) const;
  // The token with exactly this spelling.
  std::optional<TokenId> lookup(std::string_view spelling) const;

 private:
  struct Node {
    TokenId id = -1;                                     // token that ends here, -1: none
    std::vector<std::pair<uint8_t, uint32_t>> children;  // sorted by byte
  };
  const Node* child(const Node& node, char byte) const;

  std::vector<Node> nodes_ = std::vector<Node>(1);  // [0] is the root
};

}  // namespace qaio
