// What asking for a key costs each request.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "access/key_file.h"
#include "access/key_ring.h"
#include "access/keys_for_test.h"

namespace qaio {
namespace {

TEST(KeyRingTimingTest, AKeyIsCheckedWithinTwentyMicroseconds) {
  std::vector<ApiKey> keys;
  std::string sent;
  for (size_t i = 0; i < kKeysMax; ++i) {
    const KnownKey key = known_key(
        "k" + std::to_string(i), {Scope::kRun},
        {.requests_max = 10, .requests_per_minute = kKeyLimitMax, .tokens_per_minute = 9});
    keys.push_back(key.key);
    if (i == kKeysMax / 2) sent = key.text;
  }
  const auto ring = std::make_shared<KeyRing>(keys);
  const SteadyClock& clock = SteadyClock::instance();
  const RequestRecord record{};
  std::vector<int64_t> times_ns;
  for (int i = 0; i < 20'000; ++i) {
    const TimeNs begin_ns = clock.now_ns();
    KeyRing::Answer answer = ring->admit(sent, {.scope = Scope::kRun, .runs_model = true},
                                         clock.now_ns(), clock.wall_unix_ms());
    ASSERT_FALSE(answer.refusal);
    answer.ticket.charge(record, clock.now_ns());
    answer.ticket.count(record);
    times_ns.push_back(clock.now_ns() - begin_ns);
  }
  std::ranges::sort(times_ns);
  RecordProperty("median_ns", std::to_string(times_ns[times_ns.size() / 2]));
  EXPECT_LT(times_ns[times_ns.size() / 2], 20'000);
  std::printf("a check: median %.2f us, 99 %% within %.2f us\n",
              static_cast<double>(times_ns[times_ns.size() / 2]) / 1e3,
              static_cast<double>(times_ns[times_ns.size() / 100 * 99]) / 1e3);
}

}  // namespace
}  // namespace qaio
