#include "stats/sliding_window.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "base/random.h"
#include "base/time_units.h"

namespace qaio {
namespace {

using Times = std::vector<TimeNs>;

Times held(const SlidingWindow<Times>& window, TimeNs now) {
  Times all;
  window.each(now, [&](const Times& part) { all.insert(all.end(), part.begin(), part.end()); });
  std::ranges::sort(all);
  return all;
}

// Against everything that was ever put in: what is younger than the window is there, and nothing
// that is older by more than a part.
TEST(SlidingWindow, HoldsItsLengthAndAtMostOnePartMore) {
  Random random(1);
  for (const int64_t parts : {1, 2, 12, 30}) {
    const int64_t length_ns = 60 * kSecondNs;
    const int64_t part_ns = length_ns / parts;
    SlidingWindow<Times> window(length_ns, parts);
    Times all;
    TimeNs now = 0;
    for (int i = 0; i < 2000; ++i) {
      now += static_cast<int64_t>(random.uniform() * kSecondNs);
      if (i % 500 == 499) now += static_cast<int64_t>(random.uniform() * 3) * length_ns;  // a pause
      window.current(now).push_back(now);
      all.push_back(now);
      const Times found = held(window, now);
      ASSERT_TRUE(std::ranges::equal(found, Times(all.end() - std::ssize(found), all.end())));
      ASSERT_LT(now - found.front(), length_ns + part_ns);
      if (found.size() < all.size()) {
        ASSERT_GT(now - all[all.size() - found.size() - 1], length_ns);
      }
    }
  }
}

TEST(SlidingWindow, IsEmptyAfterSilence) {
  SlidingWindow<Times> window(kSecondNs, 12);
  window.current(5).push_back(5);
  EXPECT_EQ(held(window, kSecondNs / 2).size(), 1u);
  EXPECT_TRUE(held(window, 10 * kSecondNs).empty());
  EXPECT_TRUE(held(window, 86'400 * 365 * kSecondNs).empty());
}

}  // namespace
}  // namespace qaio
