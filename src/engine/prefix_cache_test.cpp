#include "engine/prefix_cache.h"

#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <random>

namespace qaio {
namespace {

std::vector<TokenId> tokens_of(std::initializer_list<int> blocks, int rest = 0) {
  std::vector<TokenId> tokens;
  for (const int block : blocks) tokens.insert(tokens.end(), kKvBlockTokens, block);
  tokens.insert(tokens.end(), static_cast<size_t>(rest), 99);
  return tokens;
}

// A sequence that has computed all of `tokens`.
KvSequence computed(KvPool& pool, const std::vector<TokenId>& tokens) {
  KvSequence kv(pool);
  EXPECT_TRUE(kv.reserve(static_cast<int>(tokens.size())));
  kv.advance(static_cast<int>(tokens.size()));
  return kv;
}

std::span<const BlockId> full_blocks(const KvSequence& kv) {
  return kv.blocks().first(static_cast<size_t>(kv.length() / kKvBlockTokens));
}

TEST(PrefixCacheTest, FindsTheLongestKnownBeginning) {
  KvPool pool(16);
  PrefixCache cache(pool);
  const auto tokens = tokens_of({1, 2, 3}, 5);
  KvSequence kv = computed(pool, tokens);
  const std::vector<BlockId> blocks(kv.blocks().begin(), kv.blocks().end());
  cache.insert(tokens, full_blocks(kv));
  kv.clear();
  EXPECT_EQ(pool.blocks_free(), 13);
  EXPECT_EQ(pool.blocks_idle(), 3);

  const auto found = [&](const std::vector<TokenId>& wanted, int blocks_max) {
    const auto span = cache.find(wanted, blocks_max);
    return std::vector<BlockId>(span.begin(), span.end());
  };
  EXPECT_EQ(found(tokens, 16), (std::vector<BlockId>{blocks[0], blocks[1], blocks[2]}));
  EXPECT_EQ(found(tokens, 2), (std::vector<BlockId>{blocks[0], blocks[1]}));
  EXPECT_EQ(found(tokens_of({1, 2, 4}), 16), (std::vector<BlockId>{blocks[0], blocks[1]}));
  EXPECT_EQ(found(tokens_of({1}, 31), 16), (std::vector<BlockId>{blocks[0]}));
  EXPECT_TRUE(found(tokens_of({2}), 16).empty());
  EXPECT_TRUE(found({}, 16).empty());
}

TEST(PrefixCacheTest, KeepsTheFirstOfEqualBlocks) {
  KvPool pool(16);
  PrefixCache cache(pool);
  const auto tokens = tokens_of({1, 2});
  KvSequence first = computed(pool, tokens);
  KvSequence second = computed(pool, tokens);
  cache.insert(tokens, full_blocks(first));
  cache.insert(tokens, full_blocks(second));
  EXPECT_EQ(cache.blocks(), 2);
  second.clear();
  EXPECT_EQ(pool.blocks_idle(), 0);
  first.clear();
  EXPECT_EQ(pool.blocks_idle(), 2);
}

TEST(PrefixCacheTest, FreesWhatWasUsedLongestAgoButNothingInUse) {
  KvPool pool(8);
  PrefixCache cache(pool);
  std::map<int, KvSequence> sequences;
  for (const int name : {1, 2, 3}) {
    const auto tokens = tokens_of({0, name});
    sequences.emplace(name, computed(pool, tokens));
    cache.insert(tokens, full_blocks(sequences.at(name)));
  }
  EXPECT_EQ(cache.blocks(), 4);
  sequences.erase(1);
  sequences.erase(3);
  EXPECT_EQ(pool.blocks_free(), 4);  // 2 and 3 brought a first block of their own; 2 still has it
  cache.find(tokens_of({0, 1}), 8);
  cache.make_room(5);
  EXPECT_EQ(cache.find(tokens_of({0, 3}), 8).size(), 1U) << "used before 1 was";
  EXPECT_EQ(cache.find(tokens_of({0, 1}), 8).size(), 2U);
  cache.make_room(8);
  EXPECT_EQ(cache.find(tokens_of({0, 2}), 8).size(), 2U) << "in use";
  EXPECT_EQ(cache.find(tokens_of({0, 1}), 8).size(), 1U);
  sequences.clear();
  cache.make_room(8);
  EXPECT_EQ(cache.blocks(), 0);
  EXPECT_EQ(pool.blocks_free(), 8);
}

TEST(PrefixCacheTest, PinnedBlocksStay) {
  KvPool pool(8);
  PrefixCache cache(pool);
  const auto tokens = tokens_of({1, 2});
  KvSequence kv = computed(pool, tokens);
  EXPECT_TRUE(cache.insert_pinned(tokens, full_blocks(kv)));
  kv.clear();
  EXPECT_EQ(pool.blocks_idle(), 0);
  cache.make_room(8);
  EXPECT_EQ(cache.blocks(), 2);

  const auto longer = tokens_of({3, 4, 5});
  KvSequence other = computed(pool, longer);
  EXPECT_FALSE(cache.insert_pinned(longer, full_blocks(other))) << "more than half of the pool";
  EXPECT_EQ(cache.blocks(), 2);
}

// Random sequences over few different blocks against a plain account of what blocks hold.
TEST(PrefixCacheTest, BlocksAlwaysHoldWhatTheirTokensSay) {
  std::mt19937 random(5);
  const auto below = [&](int n) { return std::uniform_int_distribution<int>(0, n - 1)(random); };
  KvPool pool(24);
  std::vector<std::vector<TokenId>> content(24);  // per block: all tokens up to its end
  {
    PrefixCache cache(pool);
    std::deque<KvSequence> live;
    int shared_blocks = 0;
    for (int round = 0; round < 20'000; ++round) {
      std::vector<TokenId> tokens;
      for (int i = 0, n = 1 + below(5); i < n; ++i) {
        tokens.insert(tokens.end(), kKvBlockTokens, below(3));
      }
      KvSequence kv(pool);
      const auto found = cache.find(tokens, below(6));
      for (size_t i = 0; i < found.size(); ++i) {
        const auto wanted = std::span(tokens).first((i + 1) * kKvBlockTokens);
        ASSERT_TRUE(std::ranges::equal(content[found[i]], wanted));
      }
      kv.share_prefix(found, static_cast<int>(tokens.size()));
      shared_blocks += static_cast<int>(found.size());
      const int needed =
          static_cast<int>(tokens.size()) / kKvBlockTokens - static_cast<int>(kv.blocks().size());
      while (needed > pool.blocks_free() + pool.blocks_idle()) live.pop_front();
      cache.make_room(needed);
      const size_t begin = kv.blocks().size();
      ASSERT_TRUE(kv.reserve(static_cast<int>(tokens.size())));
      for (size_t i = begin; i < kv.blocks().size(); ++i) {
        const auto all = std::span(tokens).first((i + 1) * kKvBlockTokens);
        content[kv.blocks()[i]].assign(all.begin(), all.end());
      }
      kv.advance(static_cast<int>(tokens.size()) - kv.length());
      cache.insert(tokens, full_blocks(kv));
      ASSERT_LE(cache.blocks(), 24);
      live.push_back(std::move(kv));
    }
    EXPECT_GT(shared_blocks, 10'000);
  }
  EXPECT_EQ(pool.blocks_free(), 24);
}

}  // namespace
}  // namespace qaio
