#include "text/bpe.h"

#include <algorithm>
#include <array>
#include <bit>
#include <functional>

namespace qaio {
namespace {

// Up to this many bytes a linear search for the best pair is used, which needs no memory; longer
// pieces get the heap. Any limit from 16 to 128 is equally fast on bench/tokenizer_bench.
constexpr size_t kShortBytes = 32;
constexpr uint32_t kEnd = UINT32_MAX;
// Positions are 32 bits; longer pieces are merged in parts. No request comes near it.
constexpr size_t kPartBytesMax = size_t{1} << 30;

}  // namespace

MergeTable::MergeTable(size_t merges_max) {
  const size_t slots = std::bit_ceil(std::max<size_t>(2 * merges_max, 2));
  slots_.assign(slots, kEmpty);
  merged_.reserve(merges_max);
  mask_ = slots - 1;
  shift_ = 64 - std::countr_zero(slots);
}

bool MergeTable::add(TokenId left, TokenId right, TokenId merged) {
  const uint64_t key = pair_key(left, right);
  size_t slot = slot_of(key);
  for (; slots_[slot] != kEmpty; slot = (slot + 1) & mask_) {
    if (slots_[slot] >> kRankBits == key) return false;
  }
  slots_[slot] = key << kRankBits | merged_.size();
  merged_.push_back(merged);
  return true;
}

std::vector<std::pair<TokenId, TokenId>> MergeTable::pairs() const {
  constexpr uint64_t kIdMask = (uint64_t{1} << kIdBits) - 1;
  std::vector<std::pair<TokenId, TokenId>> pairs(merged_.size());
  for (const uint64_t entry : slots_) {
    if (entry == kEmpty) continue;
    const uint64_t key = entry >> kRankBits;
    pairs[entry & kRankMask] = {static_cast<TokenId>(key >> kIdBits),
                                static_cast<TokenId>(key & kIdMask)};
  }
  return pairs;
}

void BpeMerger::encode(std::string_view piece, std::vector<TokenId>* ids) {
  if (piece.size() <= kShortBytes) {
    encode_short(piece, ids);
    return;
  }
  for (; !piece.empty(); piece.remove_prefix(std::min(piece.size(), kPartBytesMax))) {
    encode_long(piece.substr(0, kPartBytesMax), ids);
  }
}

void BpeMerger::encode_short(std::string_view piece, std::vector<TokenId>* ids) const {
  std::array<TokenId, kShortBytes> parts;
  std::array<uint32_t, kShortBytes> ranks;  // of the pair (i, i + 1)
  size_t count = piece.size();
  for (size_t i = 0; i < count; ++i) parts[i] = byte_ids_[static_cast<uint8_t>(piece[i])];
  for (size_t i = 0; i + 1 < count; ++i) ranks[i] = table_->rank(parts[i], parts[i + 1]);
  while (count > 1) {
    const auto best = std::min_element(ranks.begin(), ranks.begin() + (count - 1));
    if (*best == MergeTable::kNoRank) break;
    const auto i = static_cast<size_t>(best - ranks.begin());
    parts[i] = table_->merged(*best);
    --count;
    std::copy(parts.begin() + i + 2, parts.begin() + count + 1, parts.begin() + i + 1);
    // Pair i + 1 is gone with its left part; pair i is looked up again.
    if (i + 1 < count) {
      std::copy(ranks.begin() + i + 2, ranks.begin() + count, ranks.begin() + i + 1);
      ranks[i] = table_->rank(parts[i], parts[i + 1]);
    }
    if (i > 0) ranks[i - 1] = table_->rank(parts[i - 1], parts[i]);
  }
  ids->insert(ids->end(), parts.begin(), parts.begin() + count);
}

void BpeMerger::link_nodes(std::string_view piece) {
  const auto count = static_cast<uint32_t>(piece.size());
  nodes_.resize(count);
  heap_.clear();
  for (uint32_t i = 0; i < count; ++i) {
    nodes_[i] = {byte_ids_[static_cast<uint8_t>(piece[i])], MergeTable::kNoRank,
                 i == 0 ? kEnd : i - 1, i + 1 == count ? kEnd : i + 1};
  }
  for (uint32_t i = 0; i + 1 < count; ++i) {
    nodes_[i].rank = table_->rank(nodes_[i].id, nodes_[i + 1].id);
    if (nodes_[i].rank != MergeTable::kNoRank) heap_.push_back(uint64_t{nodes_[i].rank} << 32 | i);
  }
  std::make_heap(heap_.begin(), heap_.end(), std::greater<>());
}

void BpeMerger::update_rank(uint32_t index) {
  Node& node = nodes_[index];
  node.rank = node.next == kEnd ? MergeTable::kNoRank : table_->rank(node.id, nodes_[node.next].id);
  if (node.rank == MergeTable::kNoRank) return;
  heap_.push_back(uint64_t{node.rank} << 32 | index);
  std::push_heap(heap_.begin(), heap_.end(), std::greater<>());
}

void BpeMerger::merge_at(uint32_t index, TokenId merged) {
  Node& node = nodes_[index];
  Node& gone = nodes_[node.next];
  gone.rank = MergeTable::kNoRank;
  node.id = merged;
  node.next = gone.next;
  if (node.next != kEnd) nodes_[node.next].previous = index;
  update_rank(index);
  if (node.previous != kEnd) update_rank(node.previous);
}

void BpeMerger::encode_long(std::string_view piece, std::vector<TokenId>* ids) {
  link_nodes(piece);
  while (!heap_.empty()) {
    std::pop_heap(heap_.begin(), heap_.end(), std::greater<>());
    const uint64_t top = heap_.back();
    heap_.pop_back();
    const auto rank = static_cast<uint32_t>(top >> 32);
    const auto index = static_cast<uint32_t>(top);
    // An entry is out of date if its pair has changed since; a newer entry stands for the new one.
    if (nodes_[index].rank == rank) merge_at(index, table_->merged(rank));
  }
  for (uint32_t i = 0; i != kEnd; i = nodes_[i].next) ids->push_back(nodes_[i].id);
}

}  // namespace qaio
