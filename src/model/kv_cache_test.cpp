#include "model/kv_cache.h"

#include <gtest/gtest.h>

#include <set>
#include <utility>

namespace qaio {
namespace {

TEST(KvPoolTest, BlocksForTokens) {
  EXPECT_EQ(KvPool::blocks_for(0), 0);
  EXPECT_EQ(KvPool::blocks_for(1), 1);
  EXPECT_EQ(KvPool::blocks_for(kKvBlockTokens), 1);
  EXPECT_EQ(KvPool::blocks_for(kKvBlockTokens + 1), 2);
}

TEST(KvPoolTest, GivesEveryBlockOnceThenRefuses) {
  KvPool pool(3);
  std::set<BlockId> taken;
  for (int i = 0; i < 3; ++i) taken.insert(*pool.take());
  EXPECT_EQ(taken, (std::set<BlockId>{0, 1, 2}));
  EXPECT_EQ(pool.blocks_free(), 0);
  const auto refused = pool.take();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kResourceExhausted);
  pool.release(1);
  EXPECT_EQ(*pool.take(), 1U);
}

TEST(KvPoolTest, ASharedBlockIsFreeAfterItsLastRelease) {
  KvPool pool(1);
  const BlockId block = *pool.take();
  pool.share(block);
  pool.release(block);
  EXPECT_EQ(pool.blocks_free(), 0);
  pool.release(block);
  EXPECT_EQ(pool.blocks_free(), 1);
}

TEST(KvSequenceTest, ReservesWholeBlocksAndOnlyWhatIsMissing) {
  KvPool pool(4);
  KvSequence sequence(pool);
  ASSERT_TRUE(sequence.reserve(kKvBlockTokens + 1));
  EXPECT_EQ(pool.blocks_free(), 2);
  ASSERT_TRUE(sequence.reserve(2 * kKvBlockTokens));
  ASSERT_TRUE(sequence.reserve(1));
  EXPECT_EQ(pool.blocks_free(), 2);
  EXPECT_EQ(sequence.blocks().size(), 2U);
  EXPECT_EQ(sequence.length(), 0);
}

TEST(KvSequenceTest, IsUnchangedWhenThePoolIsTooSmall) {
  KvPool pool(2);
  KvSequence sequence(pool);
  ASSERT_TRUE(sequence.reserve(1));
  const auto refused = sequence.reserve(3 * kKvBlockTokens);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kResourceExhausted);
  EXPECT_EQ(sequence.blocks().size(), 1U);
  EXPECT_EQ(pool.blocks_free(), 1);
}

TEST(KvSequenceTest, SharesFullBlocksOfAPrefix) {
  KvPool pool(5);
  KvSequence first(pool);
  ASSERT_TRUE(first.reserve(3 * kKvBlockTokens));
  first.advance(2 * kKvBlockTokens + 5);
  {
    KvSequence second(pool);
    EXPECT_EQ(second.share_prefix(first.blocks(), first.length()), 2 * kKvBlockTokens);
    EXPECT_EQ(second.length(), 2 * kKvBlockTokens);
    ASSERT_EQ(second.blocks().size(), 2U);
    EXPECT_EQ(second.blocks()[1], first.blocks()[1]);
    EXPECT_EQ(pool.blocks_free(), 2);
    ASSERT_TRUE(second.reserve(4 * kKvBlockTokens));  // two of its own
    EXPECT_EQ(pool.blocks_free(), 0);
    EXPECT_NE(second.blocks()[2], first.blocks()[2]);
    first.clear();  // the shared ones live on
    EXPECT_EQ(pool.blocks_free(), 1);
  }
  EXPECT_EQ(pool.blocks_free(), 5);
}

TEST(KvSequenceTest, SharingLessThanABlockSharesNothing) {
  KvPool pool(2);
  KvSequence first(pool);
  ASSERT_TRUE(first.reserve(kKvBlockTokens));
  KvSequence second(pool);
  EXPECT_EQ(second.share_prefix(first.blocks(), kKvBlockTokens - 1), 0);
  EXPECT_TRUE(second.blocks().empty());
}

// The label walk of a classification backs up over positions and computes them anew.
TEST(KvSequenceTest, MayForgetItsLastPositions) {
  KvPool pool(2);
  KvSequence sequence(pool);
  ASSERT_TRUE(sequence.reserve(kKvBlockTokens + 2));
  sequence.advance(kKvBlockTokens + 2);
  sequence.advance(-3);
  EXPECT_EQ(sequence.length(), kKvBlockTokens - 1);
  EXPECT_EQ(sequence.blocks().size(), 2U);
}

TEST(KvSequenceTest, AdoptsAnEqualBlockAndFreesItsOwn) {
  KvPool pool(4);
  KvSequence first(pool);
  KvSequence second(pool);
  for (KvSequence* sequence : {&first, &second}) {
    ASSERT_TRUE(sequence->reserve(2 * kKvBlockTokens));
    sequence->advance(kKvBlockTokens + 1);
  }
  second.adopt(0, first.blocks()[0]);
  EXPECT_EQ(second.blocks()[0], first.blocks()[0]);
  EXPECT_EQ(pool.blocks_free(), 1);
  first.clear();
  EXPECT_EQ(pool.blocks_free(), 2);
  second.clear();
  EXPECT_EQ(pool.blocks_free(), 4);
}

TEST(KvSequenceTest, MovingHandsOverTheBlocks) {
  KvPool pool(3);
  KvSequence first(pool);
  ASSERT_TRUE(first.reserve(2 * kKvBlockTokens));
  first.advance(7);
  KvSequence second(std::move(first));
  EXPECT_EQ(second.length(), 7);
  KvSequence third(pool);
  ASSERT_TRUE(third.reserve(1));
  third = std::move(second);
  EXPECT_EQ(pool.blocks_free(), 1);  // its own block went back
  third.clear();
  EXPECT_EQ(third.length(), 0);
  EXPECT_EQ(pool.blocks_free(), 3);
}

TEST(KvPoolTest, KeptBlocksAreIdleOnceNobodyElseHoldsThem) {
  KvPool pool(4);
  const BlockId block = *pool.take();
  pool.keep(block);
  EXPECT_EQ(pool.blocks_idle(), 0);
  pool.release(block);
  EXPECT_EQ(pool.blocks_idle(), 1);
  EXPECT_EQ(pool.blocks_free(), 3);
  pool.share(block);
  EXPECT_EQ(pool.blocks_idle(), 0);
  pool.release(block);
  pool.let_go(block);
  EXPECT_EQ(pool.blocks_idle(), 0);
  EXPECT_EQ(pool.blocks_free(), 4);
}

}  // namespace
}  // namespace qaio
