// Byte pair encoding: the merge table and the merging of one piece of text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "base/token.h"

namespace qaio {

// Ids and ranks are packed 20 + 20 + 24 bits into one word of the merge table.
inline constexpr size_t kTokensMax = size_t{1} << 20;
inline constexpr size_t kMergesMax = (size_t{1} << 24) - 1;

// Which pairs of tokens merge, in what order, into what. Immutable once filled.
class MergeTable {
 public:
  static constexpr uint32_t kNoRank = UINT32_MAX;

  // Room for `merges_max` pairs, at most kMergesMax.
  explicit MergeTable(size_t merges_max);

  // Pairs must be added best first. Returns false and changes nothing if the pair is already there.
  // All ids must be in [0, kTokensMax).
  bool add(TokenId left, TokenId right, TokenId merged);

  // Lower is better; kNoRank if the pair does not merge.
  uint32_t rank(TokenId left, TokenId right) const {
    const uint64_t key = pair_key(left, right);
    for (size_t slot = slot_of(key);; slot = (slot + 1) & mask_) {
      const uint64_t entry = slots_[slot];
      if (entry >> kRankBits == key) return static_cast<uint32_t>(entry & kRankMask);
      if (entry == kEmpty) return kNoRank;
    }
  }
  TokenId merged(uint32_t rank) const { return merged_[rank]; }
  size_t size() const { return merged_.size(); }
  // All pairs, best first. Walks the whole table.
  std::vector<std::pair<TokenId, TokenId>> pairs() const;

 private:
  static constexpr int kIdBits = 20;
  static constexpr int kRankBits = 24;
  static constexpr uint64_t kRankMask = (uint64_t{1} << kRankBits) - 1;
  static constexpr uint64_t kEmpty = UINT64_MAX;  // rank 2^24 - 1 is never used

  static uint64_t pair_key(TokenId left, TokenId right) {
    return static_cast<uint64_t>(left) << kIdBits | static_cast<uint64_t>(right);
  }
  // Fibonacci hashing: the product's top bits depend on all bits of the key.
  size_t slot_of(uint64_t key) const {
    return static_cast<size_t>((key * 0x9E3779B97F4A7C15u) >> shift_);
  }

  std::vector<uint64_t> slots_;  // pair << 24 | rank; open addressing, at most half full
  std::vector<TokenId> merged_;  // by rank
  size_t mask_ = 0;
  int shift_ = 0;
};

// Merges pieces; keeps its buffers between calls. Not thread-safe: one per thread or call.
//
// Memory: at most 40 bytes for each byte of the longest piece. Time: O(n log n) in the piece's
// length.
class BpeMerger {
 public:
  // `table` must outlive this object. `byte_ids[b]` is the id of the token for byte b.
  BpeMerger(const MergeTable& table, std::span<const TokenId, 256> byte_ids)
      : table_(&table), byte_ids_(byte_ids) {}

  // Appends the ids of one piece: again and again the adjacent pair of the best rank, the leftmost
  // of equals, is merged.
  void encode(std::string_view piece, std::vector<TokenId>* ids);

 private:
  struct Node {
    TokenId id;
    uint32_t rank;  // of the pair this node begins; kNoRank: none, or the node is gone
    uint32_t previous;
    uint32_t next;
  };

  void encode_short(std::string_view piece, std::vector<TokenId>* ids) const;
  void encode_long(std::string_view piece, std::vector<TokenId>* ids);
  void link_nodes(std::string_view piece);
  void merge_at(uint32_t index, TokenId merged);
  void update_rank(uint32_t index);

  const MergeTable* table_;
  std::span<const TokenId, 256> byte_ids_;
  std::vector<Node> nodes_;
  std::vector<uint64_t> heap_;  // rank << 32 | index of the pair's left node; smallest on top
};

}  // namespace qaio
