#include "stats/windows.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace qaio {
namespace {

struct Times {
  std::vector<TimeNs> all;
  void merge(const Times& other) { all.insert(all.end(), other.all.begin(), other.all.end()); }
};

// Against the definition: what is left of everything that was ever put in.
TEST(Windowed, HoldsItsLengthAndAtMostOnePartMore) {
  Windowed<Times> windowed;
  TimeNs now = 0;
  TimeNs last = -1'000'000 * kSecondNs;  // none yet
  for (int i = 0; i < 4000; ++i) {
    now += (i % 7) * kSecondNs / 2;
    if (i == 2500) now += 500 * kSecondNs;  // a pause
    if (i % 3 != 0) {
      windowed.update(now, [&](Times& part) { part.all.push_back(now); });
      last = now;
    }
    for (size_t window = 0; window + 1 < kWindows.size(); ++window) {
      const int64_t length = kWindows[window].part_ns * kWindows[window].parts;
      const auto held = windowed.sum(window, now).all;
      for (const TimeNs time : held) {
        ASSERT_LT(now - time, length + kWindows[window].part_ns) << kWindows[window].name;
      }
      const bool last_is_in = std::ranges::find(held, last) != held.end();
      ASSERT_TRUE(last_is_in || now - last > length) << kWindows[window].name << " at " << now;
    }
  }
  EXPECT_EQ(windowed.sum(kWindows.size() - 1, now).all.size(), 2666u);
}

TEST(Windowed, LosesNothingYoungerThanItsLength) {
  Windowed<Times> windowed;
  for (TimeNs now = 0; now < 8000 * kSecondNs; now += kSecondNs) {
    windowed.update(now, [&](Times& part) { part.all.push_back(now); });
    for (const size_t window : {size_t{0}, size_t{1}, size_t{2}}) {
      if (window == 2 && now % (97 * kSecondNs) != 0) continue;  // long sums
      const int64_t length = kWindows[window].part_ns * kWindows[window].parts;
      const auto held = static_cast<int64_t>(windowed.sum(window, now).all.size());
      const int64_t at_least = std::min(now, length) / kSecondNs;
      ASSERT_GE(held, at_least);
      ASSERT_LE(held, at_least + kWindows[window].part_ns / kSecondNs);
    }
  }
}

TEST(Windowed, IsEmptyAfterSilence) {
  Windowed<Times> windowed;
  windowed.update(5, [](Times& part) { part.all.push_back(5); });
  const TimeNs later = 3 * 3600 * kSecondNs;
  for (size_t window = 0; window + 1 < kWindows.size(); ++window) {
    EXPECT_TRUE(windowed.sum(window, later).all.empty()) << kWindows[window].name;
  }
  EXPECT_EQ(windowed.sum(kWindows.size() - 1, later).all.size(), 1u);
}

}  // namespace
}  // namespace qaio
