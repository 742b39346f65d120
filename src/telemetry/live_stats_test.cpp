#include "telemetry/live_stats.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/cpu_time_for_test.h"
#include "base/random.h"
#include "record/record_for_test.h"

namespace qaio {
namespace {

const DurationSummary& of(const std::vector<DurationSummary>& all, std::string_view name) {
  const auto found = std::ranges::find(all, name, &DurationSummary::name);
  EXPECT_NE(found, all.end()) << name;
  return *found;
}

WindowStats window(const LiveStats& stats, std::string_view name) {
  for (WindowStats& one : stats.snapshot()) {
    if (one.name == name) return std::move(one);
  }
  ADD_FAILURE() << name;
  return {};
}

RecordPtr chat(int64_t total_ns, int tokens = 5) {
  auto record = chat_record(total_ns);
  record->tasks.push_back(generate_task("chat", 2 * kMs, 10 * kMs, tokens, 3 * kMs));
  return record;
}

TEST(LiveStats, PercentilesAreThoseOfTheRecordsWithinTheirPrecision) {
  FakeClock clock;
  LiveStats stats(clock);
  Random random(3);
  std::vector<int64_t> totals;
  for (int i = 0; i < 1000; ++i) {
    totals.push_back(30 * kMs + static_cast<int64_t>(random.exponential() * 200e6));
    consume_one(chat(totals.back()), stats);
    clock.advance_ns(kMs);
  }
  std::ranges::sort(totals);
  for (const char* name : {"1m", "5m", "1h", "start"}) {
    const WindowStats stats_of = window(stats, name);
    const DurationSummary& total = of(stats_of.request, "total_response_time");
    EXPECT_EQ(total.count, 1000u);
    EXPECT_EQ(total.max_ns, totals.back());
    const auto near = [](int64_t found, int64_t exact) {
      EXPECT_GE(found, exact);
      EXPECT_LE(static_cast<double>(found), static_cast<double>(exact) * 1.008);
    };
    near(total.p50_ns, totals[499]);
    near(total.p95_ns, totals[949]);
    near(total.p99_ns, totals[989]);
    EXPECT_EQ(stats_of.counts.requests, 1000u);
    EXPECT_EQ(stats_of.counts.completion_tokens, 5000u);
    EXPECT_EQ(stats_of.counts.cached_tokens, 32'000u);
    EXPECT_EQ(stats_of.covered_ns, 1000 * kMs);
  }
}

TEST(LiveStats, EveryTimeHasItsName) {
  FakeClock clock;
  LiveStats stats(clock);
  consume_one(chat(100 * kMs), stats);
  const WindowStats stats_of = window(stats, "1m");
  EXPECT_EQ(of(stats_of.request, "total_response_time").max_ns, 100 * kMs);
  EXPECT_EQ(of(stats_of.request, "http_read").max_ns, 10 * kMs);
  EXPECT_EQ(of(stats_of.request, "unattributed").max_ns, 90 * kMs);
  EXPECT_EQ(of(stats_of.request, "model_inference_time").max_ns, 22 * kMs);
  EXPECT_EQ(of(stats_of.request, "prompt_build_time").max_ns, kMs);
  EXPECT_EQ(of(stats_of.request, "queue_time").max_ns, 2 * kMs);
  EXPECT_EQ(of(stats_of.request, "ttft").max_ns, 14 * kMs);
  EXPECT_EQ(of(stats_of.request, "ttft_since_scheduled").max_ns, 10 * kMs);
  EXPECT_EQ(of(stats_of.request, "tpot").max_ns, 3 * kMs);
  EXPECT_EQ(of(stats_of.request, "serialize").count, 0u) << "a stage never entered";
  ASSERT_EQ(stats_of.tasks.size(), 1u);
  EXPECT_EQ(stats_of.tasks[0].name, "chat");
  const std::vector<DurationSummary>& task = stats_of.tasks[0].times;
  EXPECT_EQ(of(task, "total").max_ns, 25 * kMs + kMs / 2);
  EXPECT_EQ(of(task, "prompt_build").max_ns, kMs);
  EXPECT_EQ(of(task, "queue").max_ns, 2 * kMs);
  EXPECT_EQ(of(task, "prefill").max_ns, 10 * kMs);
  EXPECT_EQ(of(task, "decode").max_ns, 12 * kMs);
  EXPECT_EQ(of(task, "score").count, 0u);
  EXPECT_EQ(of(task, "unattributed").max_ns, kMs / 2);
  EXPECT_EQ(of(task, "ttft_since_submitted").max_ns, 12 * kMs);
  EXPECT_EQ(of(task, "tpot").max_ns, 3 * kMs);
}

TEST(LiveStats, RefusalsAreCountedButTakeNoTime) {
  FakeClock clock;
  LiveStats stats(clock);
  consume_one(chat(100 * kMs), stats);
  for (int i = 0; i < 3; ++i) {
    auto refused = chat_record(10'000);
    refused->status = 503;
    refused->error_code = "resource_exhausted";
    consume_one(refused, stats);
  }
  auto look = chat_record(10'000);
  look->method = "GET";
  consume_one(look, stats);
  const WindowStats stats_of = window(stats, "5m");
  EXPECT_EQ(stats_of.counts.requests, 4u);
  EXPECT_EQ(stats_of.counts.outcomes[static_cast<size_t>(Outcome::kRefused)], 3u);
  EXPECT_EQ(stats_of.counts.outcomes[static_cast<size_t>(Outcome::kAnswered)], 1u);
  EXPECT_EQ(stats_of.errors.at("resource_exhausted"), 3u);
  EXPECT_EQ(of(stats_of.request, "total_response_time").count, 1u);
}

TEST(LiveStats, OldRequestsLeaveTheirWindows) {
  FakeClock clock;
  LiveStats stats(clock);
  consume_one(chat(100 * kMs), stats);
  const auto counts = [&] {
    std::vector<uint64_t> all;
    for (const WindowStats& one : stats.snapshot()) all.push_back(one.counts.requests);
    return all;
  };
  EXPECT_EQ(counts(), (std::vector<uint64_t>{1, 1, 1, 1}));
  clock.advance_ns(71 * kSecondNs);
  EXPECT_EQ(counts(), (std::vector<uint64_t>{0, 1, 1, 1}));
  EXPECT_TRUE(window(stats, "1m").tasks.empty());
  clock.advance_ns(300 * kSecondNs);
  EXPECT_EQ(counts(), (std::vector<uint64_t>{0, 0, 1, 1}));
  clock.advance_ns(4000 * kSecondNs);
  EXPECT_EQ(counts(), (std::vector<uint64_t>{0, 0, 0, 1}));
}

TEST(LiveStats, TheProcessIsSeenWithinTheWindow) {
  FakeClock clock;
  LiveStats stats(clock);
  for (int i = 0; i < 700; ++i) {  // its time passes also without requests
    clock.advance_ns(kSecondNs / 10);
    stats.consume({});
  }
  const WindowStats minute = window(stats, "1m");
  EXPECT_GE(minute.covered_ns, 60 * kSecondNs);
  EXPECT_LT(minute.covered_ns, 70 * kSecondNs + 1);
  EXPECT_EQ(window(stats, "start").covered_ns, 70 * kSecondNs);
  // The clock is not the process's: what it really used in between is little, but not nothing.
  EXPECT_TRUE(shows_after_cpu_time(
      [&] { return window(stats, "start").usage.cpu_ns > minute.usage.cpu_ns; }));
}

// Two tasks, log-uniform times over three powers of ten.
size_t memory_after(LiveStats& stats, FakeClock& clock, int requests, int64_t pause_ns) {
  Random random(5);
  const auto spread = [&] { return static_cast<int64_t>(1e6 * std::pow(1000, random.uniform())); };
  for (int i = 0; i < requests; ++i) {
    auto record = chat_record(spread());
    record->tasks.push_back(generate_task("chat", kMs, spread(), 20, spread() / 10));
    record->tasks.push_back(generate_task("other", kMs, spread(), 20, spread() / 10));
    consume_one(record, stats);
    clock.advance_ns(pause_ns);
  }
  return stats.memory_bytes();
}

// The figures of the class comment.
TEST(LiveStats, MemoryIsBounded) {
  FakeClock clock;
  LiveStats stats(clock);
  const size_t after_an_hour = memory_after(stats, clock, 36'000, kSecondNs / 10);
  EXPECT_LT(after_an_hour, size_t{4} << 20);
  const size_t after_another = memory_after(stats, clock, 36'000, kSecondNs / 10);
  EXPECT_LT(static_cast<double>(after_another), 1.25 * static_cast<double>(after_an_hour));
  RecordProperty("after_an_hour", static_cast<int>(after_an_hour));
  // So many that every part of the shorter windows has seen all there is to see.
  EXPECT_LT(memory_after(stats, clock, 100'000, kSecondNs / 250), size_t{12} << 20);
  for (int i = 0; i < 500; ++i) {
    auto record = chat_record(kMs);
    record->tasks.push_back(generate_task("task" + std::to_string(i), kMs, kMs, 2, kMs));
    consume_one(record, stats);
  }
  EXPECT_EQ(window(stats, "start").tasks.size(), LiveStats::kTasksMax);
}

}  // namespace
}  // namespace qaio
