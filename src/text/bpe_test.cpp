#include "text/bpe.h"

#include <gtest/gtest.h>

#include <array>
#include <ctime>
#include <map>
#include <numeric>
#include <random>
#include <string>

namespace qaio {
namespace {

using Pair = std::pair<TokenId, TokenId>;

std::array<TokenId, 256> identity_bytes() {
  std::array<TokenId, 256> ids;
  std::iota(ids.begin(), ids.end(), 0);
  return ids;
}

// The definition, quadratic: merge the best pair, leftmost first, until none is left.
std::vector<TokenId> reference_encode(const std::map<Pair, std::pair<int, TokenId>>& merges,
                                      std::string_view piece) {
  std::vector<TokenId> ids;
  for (const char c : piece) ids.push_back(static_cast<uint8_t>(c));
  while (true) {
    int best_rank = INT32_MAX;
    size_t best = 0;
    for (size_t i = 0; i + 1 < ids.size(); ++i) {
      const auto it = merges.find({ids[i], ids[i + 1]});
      if (it == merges.end() || it->second.first >= best_rank) continue;
      best_rank = it->second.first;
      best = i;
    }
    if (best_rank == INT32_MAX) return ids;
    ids[best] = merges.at({ids[best], ids[best + 1]}).second;
    ids.erase(ids.begin() + static_cast<std::ptrdiff_t>(best) + 1);
  }
}

TEST(MergeTable, FindsWhatWasAdded) {
  MergeTable table(3);
  EXPECT_EQ(table.rank(1, 2), MergeTable::kNoRank);
  EXPECT_TRUE(table.add(1, 2, 300));
  EXPECT_TRUE(table.add(2, 1, 301));
  EXPECT_FALSE(table.add(1, 2, 302));
  EXPECT_TRUE(table.add((1 << 20) - 1, (1 << 20) - 1, 303));
  EXPECT_EQ(table.size(), 3u);
  EXPECT_EQ(table.merged(table.rank(1, 2)), 300);
  EXPECT_EQ(table.merged(table.rank(2, 1)), 301);
  EXPECT_EQ(table.merged(table.rank((1 << 20) - 1, (1 << 20) - 1)), 303);
  EXPECT_EQ(table.rank(0, 0), MergeTable::kNoRank);
}

TEST(MergeTable, MayBeEmpty) {
  const MergeTable table(0);
  EXPECT_EQ(table.rank(0, 0), MergeTable::kNoRank);
}

// Both algorithms against the definition, over random tables in which merges feed merges.
TEST(BpeMerger, AgreesWithTheDefinition) {
  std::mt19937 random(2);
  const auto bytes = identity_bytes();
  for (int round = 0; round < 60; ++round) {
    MergeTable table(400);
    std::map<Pair, std::pair<int, TokenId>> merges;
    TokenId next = 256;
    for (int i = 0; i < 400; ++i) {
      const auto pick = [&]() -> TokenId {
        return random() % 2 == 0 || next == 256
                   ? static_cast<TokenId>('a' + random() % 4)
                   : static_cast<TokenId>(256 + random() % static_cast<uint32_t>(next - 256));
      };
      const Pair pair(pick(), pick());
      const int rank = static_cast<int>(table.size());
      if (!table.add(pair.first, pair.second, next)) continue;
      merges[pair] = {rank, next++};
    }
    BpeMerger merger(table, bytes);
    for (int sample = 0; sample < 40; ++sample) {
      std::string piece(random() % 120, ' ');
      for (char& c : piece) c = static_cast<char>('a' + random() % 4);
      std::vector<TokenId> ids;
      merger.encode(piece, &ids);
      ASSERT_EQ(ids, reference_encode(merges, piece)) << piece;
    }
  }
}

TEST(BpeMerger, MergesEqualPairsFromTheLeft) {
  MergeTable table(2);
  ASSERT_TRUE(table.add('a', 'a', 256));
  ASSERT_TRUE(table.add(256, 256, 257));
  const auto bytes = identity_bytes();
  BpeMerger merger(table, bytes);
  for (const size_t length : {7u, 71u}) {
    std::vector<TokenId> ids;
    merger.encode(std::string(length, 'a'), &ids);
    std::vector<TokenId> expected(length / 4, 257);
    expected.push_back(256);
    expected.push_back('a');
    EXPECT_EQ(ids, expected);
  }
}

TEST(BpeMerger, IsNotQuadratic) {
  MergeTable table(17);
  TokenId left = 'a';
  for (TokenId id = 256; id < 273; ++id) {
    ASSERT_TRUE(table.add(left, left, id));
    left = id;
  }
  const auto bytes = identity_bytes();
  BpeMerger merger(table, bytes);
  std::vector<TokenId> ids;
  const std::clock_t start = std::clock();  // CPU time: the machine may be busy
  merger.encode(std::string(1 << 17, 'a'), &ids);
  EXPECT_EQ(ids, std::vector<TokenId>{272});
  EXPECT_LT(std::clock() - start, 5 * CLOCKS_PER_SEC);  // quadratic: 8e9 steps
}

}  // namespace
}  // namespace qaio
