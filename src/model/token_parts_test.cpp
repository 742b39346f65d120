#include "model/token_parts.h"

#include <gtest/gtest.h>

#include <tuple>
#include <utility>

namespace qaio {
namespace {

TEST(TokenParts, CoverEveryTokenOnceForPartsAndThreads) {
  for (const int threads : {1, 2, 3, 4, 6, 7, 8, 64}) {
    for (const int tokens : {1, 2, 19, 39, 40, 56, 127, 128, 129, 300, 512, 4096}) {
      const TokenParts parts(tokens, threads);
      int next = 0;
      for (int i = 0; i < parts.count(); ++i) {
        const TokenPart part = parts.part(i);
        ASSERT_EQ(part.first, next) << tokens << " tokens, " << threads << " threads";
        for (next = part.first; next < part.first + part.count; ++next)
          ASSERT_EQ(parts.part_of(next), i) << tokens << " tokens, " << threads << " threads";
      }
      ASSERT_EQ(next, tokens);
      int shared = 0;
      for (int thread = 0; thread < threads; ++thread) {
        ASSERT_EQ(parts.share(thread).first, shared);
        shared += parts.share(thread).count;
      }
      ASSERT_EQ(shared, tokens);
    }
  }
}

// What a thread writes as its share it reads as its group's.
TEST(TokenParts, ThreadsShareTheTokensOfTheirGroup) {
  for (const auto& [tokens, threads] : {std::pair{56, 2}, {300, 2}, {90, 6}, {511, 4}, {39, 2}}) {
    const TokenParts parts(tokens, threads);
    for (int thread = 0; thread < threads; ++thread) {
      const TokenPart share = parts.share(thread);
      for (int token = share.first; token < share.first + share.count; ++token)
        ASSERT_EQ(parts.part_of(token) / parts.parts_of_group(), parts.group_of(thread));
    }
  }
}

TEST(TokenParts, FewTokensStayTogetherAndManyAreCut) {
  const auto sizes = [](int tokens, int threads) {
    const TokenParts parts(tokens, threads);
    return std::tuple(parts.groups(), parts.parts_of_group(), parts.part(0).count);
  };
  EXPECT_EQ(sizes(8, 2), std::tuple(1, 1, 8));
  EXPECT_EQ(sizes(39, 2), std::tuple(1, 1, 39));
  EXPECT_EQ(sizes(56, 2), std::tuple(2, 1, 28));
  EXPECT_EQ(sizes(512, 2), std::tuple(2, 2, 128));
  EXPECT_EQ(sizes(512, 1), std::tuple(1, 4, 128));
  EXPECT_EQ(sizes(90, 6), std::tuple(3, 1, 30));  // groups are of equal size
  EXPECT_EQ(sizes(56, 7), std::tuple(1, 1, 56));
  EXPECT_EQ(sizes(0, 2), std::tuple(1, 1, 0));
}

}  // namespace
}  // namespace qaio
