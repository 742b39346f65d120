#include "base/secure_random.h"

#include <gtest/gtest.h>

#include <array>
#include <set>
#include <thread>
#include <vector>

namespace qaio {
namespace {

TEST(SecureRandom, NumbersDifferAlsoBetweenThreads) {
  std::vector<std::vector<uint64_t>> drawn(4, std::vector<uint64_t>(1000));
  std::vector<std::thread> threads;
  for (auto& numbers : drawn) {
    threads.emplace_back([&numbers] {
      for (uint64_t& number : numbers) number = secure_random();
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::set<uint64_t> all;
  for (const auto& numbers : drawn) all.insert(numbers.begin(), numbers.end());
  EXPECT_EQ(all.size(), 4000U);
}

TEST(SecureRandom, ASeedIsDrawnOnlyIfNoneIsGiven) {
  EXPECT_EQ(seed_or_random(0), 0U);
  EXPECT_EQ(seed_or_random(7), 7U);
  EXPECT_NE(seed_or_random({}), seed_or_random({}));
}

// Counters times a constant, as ids once were, have equal differences.
TEST(SecureRandom, OneNumberDoesNotTellTheNext) {
  std::set<uint64_t> differences;
  uint64_t last = secure_random();
  for (int i = 0; i < 1000; ++i) {
    const uint64_t next = secure_random();
    differences.insert(next - last);
    last = next;
  }
  EXPECT_EQ(differences.size(), 1000U);
}

TEST(SecureRandom, EveryBitIsSetHalfOfTheTime) {
  constexpr int kNumbers = 4000;
  std::array<int, 64> ones{};
  for (int i = 0; i < kNumbers; ++i) {
    const uint64_t number = secure_random();
    for (size_t bit = 0; bit < ones.size(); ++bit) ones[bit] += static_cast<int>(number >> bit & 1);
  }
  for (const int count : ones) EXPECT_NEAR(count, kNumbers / 2, 400);  // 12 standard deviations
}

}  // namespace
}  // namespace qaio
