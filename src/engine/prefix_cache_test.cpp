#include "engine/prefix_cache.h"

#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <random>
#include <utility>

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

TEST(PrefixCacheTest, FindsTheLongestKnownBeginning) {
  KvPool pool(16);
  PrefixCache cache(pool);
  const auto tokens = tokens_of({1, 2, 3}, 5);
  KvSequence kv = computed(pool, tokens);
  const std::vector<BlockId> blocks(kv.blocks().begin(), kv.blocks().end());
  cache.insert(tokens, kv);
  kv.clear();
  EXPECT_EQ(pool.blocks_free(), 13);
  EXPECT_EQ(pool.blocks_idle(), 3);

  const auto found = [&](const std::vector<TokenId>& wanted, int blocks_max) {
    const auto span = cache.find(wanted, blocks_max).blocks;
    return std::vector<BlockId>(span.begin(), span.end());
  };
  EXPECT_EQ(found(tokens, 16), (std::vector<BlockId>{blocks[0], blocks[1], blocks[2]}));
  EXPECT_EQ(found(tokens, 2), (std::vector<BlockId>{blocks[0], blocks[1]}));
  EXPECT_EQ(found(tokens_of({1, 2, 4}), 16), (std::vector<BlockId>{blocks[0], blocks[1]}));
  EXPECT_EQ(found(tokens_of({1}, 31), 16), (std::vector<BlockId>{blocks[0]}));
  EXPECT_TRUE(found(tokens_of({2}), 16).empty());
  EXPECT_TRUE(found({}, 16).empty());
}

TEST(PrefixCacheTest, EqualBlocksBecomeOne) {
  KvPool pool(16);
  PrefixCache cache(pool);
  const auto tokens = tokens_of({1, 2}, 3);
  KvSequence first = computed(pool, tokens);
  KvSequence second = computed(pool, tokens);
  EXPECT_EQ(pool.blocks_free(), 10);
  cache.insert(tokens, first);
  cache.insert(tokens, second);
  EXPECT_EQ(cache.blocks(), 2);
  EXPECT_EQ(pool.blocks_free(), 12);
  EXPECT_EQ(second.blocks()[0], first.blocks()[0]);
  EXPECT_EQ(second.blocks()[1], first.blocks()[1]);
  EXPECT_NE(second.blocks()[2], first.blocks()[2]) << "not full";
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
    cache.insert(tokens, sequences.at(name));
  }
  EXPECT_EQ(cache.blocks(), 4);
  EXPECT_EQ(pool.blocks_free(), 4);
  sequences.erase(1);  // the first block came from it; the others hold it, too
  sequences.erase(3);
  EXPECT_EQ(pool.blocks_idle(), 2);
  cache.find(tokens_of({0, 1}), 8);
  cache.make_room(5);
  EXPECT_EQ(cache.find(tokens_of({0, 3}), 8).blocks.size(), 1U) << "used before 1 was";
  EXPECT_EQ(cache.find(tokens_of({0, 1}), 8).blocks.size(), 2U);
  cache.make_room(8);
  EXPECT_EQ(cache.find(tokens_of({0, 2}), 8).blocks.size(), 2U) << "in use";
  EXPECT_EQ(cache.find(tokens_of({0, 1}), 8).blocks.size(), 1U);
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
  ASSERT_TRUE(cache.can_pin(tokens));
  cache.insert_pinned(tokens, kv);
  kv.clear();
  EXPECT_EQ(pool.blocks_idle(), 0);
  cache.make_room(8);
  EXPECT_EQ(cache.blocks(), 2);

  // At most half of the pool; what is pinned already counts once.
  EXPECT_FALSE(cache.can_pin(tokens_of({3, 4, 5})));
  EXPECT_TRUE(cache.can_pin(tokens_of({1, 2, 3, 4})));
  EXPECT_FALSE(cache.can_pin(tokens_of({1, 2, 3, 4, 5})));
  EXPECT_TRUE(cache.can_ever_hold(tokens_of({3}), 6 * kKvBlockTokens));
  EXPECT_FALSE(cache.can_ever_hold(tokens_of({3}), 6 * kKvBlockTokens + 1));
  EXPECT_TRUE(cache.can_ever_hold(tokens_of({1}), 7 * kKvBlockTokens));
  EXPECT_TRUE(cache.can_ever_hold(tokens, 8 * kKvBlockTokens));
}

// Random sequences over few different blocks against a plain account of what blocks hold.
TEST(PrefixCacheTest, BlocksAlwaysHoldWhatTheirTokensSay) {
  std::mt19937 random(5);
  const auto below = [&](int n) { return std::uniform_int_distribution<int>(0, n - 1)(random); };
  KvPool pool(24);
  std::vector<std::vector<TokenId>> content(24);  // per block: all tokens up to its end
  {
    PrefixCache cache(pool);
    std::deque<std::pair<KvSequence, std::vector<TokenId>>> live;
    int shared_blocks = 0;
    for (int round = 0; round < 20'000; ++round) {
      std::vector<TokenId> tokens;
      for (int i = 0, n = 1 + below(5); i < n; ++i) {
        tokens.insert(tokens.end(), kKvBlockTokens, below(3));
      }
      KvSequence kv(pool);
      const auto found = cache.find(tokens, below(6)).blocks;
      for (size_t i = 0; i < found.size(); ++i) {
        const auto wanted = std::span(tokens).first((i + 1) * kKvBlockTokens);
        ASSERT_TRUE(std::ranges::equal(content[found[i]], wanted));
      }
      kv.share_prefix(found, static_cast<int>(tokens.size()));
      shared_blocks += static_cast<int>(found.size());
      const int needed =
          static_cast<int>(tokens.size()) / kKvBlockTokens - static_cast<int>(kv.blocks().size());
      while (needed > pool.blocks_free() + pool.blocks_idle()) {
        live.erase(live.begin() + below(static_cast<int>(live.size())));
      }
      cache.make_room(needed);
      const size_t begin = kv.blocks().size();
      ASSERT_TRUE(kv.reserve(static_cast<int>(tokens.size())));
      for (size_t i = begin; i < kv.blocks().size(); ++i) {
        const auto all = std::span(tokens).first((i + 1) * kKvBlockTokens);
        content[kv.blocks()[i]].assign(all.begin(), all.end());
      }
      kv.advance(static_cast<int>(tokens.size()) - kv.length());
      live.push_back({std::move(kv), tokens});
      // Some time later, in any order, and perhaps never.
      auto& [later_kv, later_tokens] =
          live[static_cast<size_t>(below(static_cast<int>(live.size())))];
      cache.insert(later_tokens, later_kv);
      for (size_t i = 0; i < later_kv.blocks().size(); ++i) {
        const auto wanted = std::span(later_tokens).first((i + 1) * kKvBlockTokens);
        ASSERT_TRUE(std::ranges::equal(content[later_kv.blocks()[i]], wanted));
      }
      ASSERT_LE(cache.blocks(), 24);
    }
    EXPECT_GT(shared_blocks, 10'000);
  }
  EXPECT_EQ(pool.blocks_free(), 24);
}

}  // namespace
}  // namespace qaio
