#include "telemetry/live_series.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "base/random.h"
#include "record/record_for_test.h"

namespace qaio {
namespace {

constexpr size_t kSeconds = 0;
constexpr size_t kTensOfSeconds = 1;
constexpr size_t kMinutes = 2;

// A chat that took `total_ns`; its task took half of that.
RecordPtr chat_of(int64_t total_ns, const std::string& task = "chat") {
  auto record = chat_record(total_ns);
  TaskRecord one = generate_task(task, record->lane.begin_ns(), total_ns / 8, 3, total_ns / 16);
  one.lane.finish(std::max(one.lane.end_ns(), record->lane.begin_ns() + total_ns / 2));
  record->tasks.push_back(std::move(one));
  return record;
}

int64_t nearest_rank(std::vector<int64_t> values, double percent) {
  std::ranges::sort(values);
  const double rank = std::ceil(percent * static_cast<double>(values.size()) / 100);
  return values[static_cast<size_t>(std::max(rank, 1.0)) - 1];
}

void expect_percentiles(const LiveTimes& times, const std::vector<int64_t>& exact_ns) {
  ASSERT_EQ(times.count, exact_ns.size());
  const auto expect = [&](float ms, double percent) {
    const double exact_ms = static_cast<double>(nearest_rank(exact_ns, percent)) / 1e6;
    EXPECT_GE(ms, exact_ms * 0.999999) << percent;
    EXPECT_LE(ms, exact_ms * 1.008) << percent;
  };
  expect(times.p50_ms, 50);
  expect(times.p95_ms, 95);
  expect(times.p99_ms, 99);
  EXPECT_FLOAT_EQ(times.max_ms, static_cast<float>(std::ranges::max(exact_ns)) / 1e6F);
}

class LiveSeriesTest : public testing::Test {
 protected:
  void pass(int64_t seconds) {
    for (int64_t i = 0; i < seconds; ++i) {
      clock_.advance_ns(kSecondNs);
      series_.consume({});
    }
  }
  std::vector<LivePointPtr> points(size_t range) const { return series_.range(range).points; }

  FakeClock clock_;
  LiveSeries series_{clock_};
};

TEST_F(LiveSeriesTest, HasNoPointBeforeASecondIsOver) {
  EXPECT_EQ(series_.latest(), nullptr);
  for (size_t range = 0; range < kLiveRanges.size(); ++range) EXPECT_TRUE(points(range).empty());
  clock_.advance_ns(kSecondNs - 1);
  consume_one(chat_of(kMs), series_);
  EXPECT_EQ(series_.latest(), nullptr);
  clock_.advance_ns(1);
  series_.consume({});
  ASSERT_NE(series_.latest(), nullptr);
  EXPECT_EQ(series_.latest()->counts.requests, 1u);
  EXPECT_EQ(points(kSeconds).size(), 1u);
}

TEST_F(LiveSeriesTest, PercentilesOfEachStepAreThoseOfAllItsRequests) {
  Random random(7);
  std::vector<int64_t> all;
  std::vector<int64_t> of_tasks;
  for (int second = 0; second < 120; ++second) {
    std::vector<int64_t> now;
    // A slow second among quick ones: a mean of percentiles would be far from the whole.
    for (int i = 0; i < (second % 10 == 3 ? 40 : 5); ++i) {
      const auto ns = static_cast<int64_t>(1e6 * std::exp(6 * random.uniform() + second % 10));
      now.push_back(ns);
      const RecordPtr record = chat_of(ns);
      of_tasks.push_back(record->tasks.front().lane.wall_ns());
      consume_one(record, series_);
    }
    pass(1);
    expect_percentiles(series_.latest()->total, now);
    all.insert(all.end(), now.begin(), now.end());
    if (second == 9) expect_percentiles(points(kTensOfSeconds).back()->total, all);
  }
  expect_percentiles(points(kMinutes).back()->total, all);
  ASSERT_EQ(points(kMinutes).back()->tasks.size(), 1u);
  EXPECT_EQ(points(kMinutes).back()->tasks.front().name, "chat");
  expect_percentiles(points(kMinutes).back()->tasks.front().total, of_tasks);
  EXPECT_EQ(points(kMinutes).back()->ttft.count, all.size());
  EXPECT_EQ(points(kMinutes).back()->tpot.count, all.size());
}

TEST_F(LiveSeriesTest, StagesAddUpToTheMeanTotal) {
  for (const int64_t ms : {40, 80, 120}) consume_one(chat_of(ms * kMs), series_);
  pass(1);
  const LivePoint& point = *series_.latest();
  const auto sum = [](const LiveStages& stages) {
    return std::accumulate(stages.mean_ms.begin(), stages.mean_ms.end(), stages.unattributed_ms);
  };
  EXPECT_NEAR(sum(point.stages), 80, 1e-3);
  EXPECT_NEAR(point.stages.mean_ms[static_cast<size_t>(Stage::kHttpRead)], 8, 1e-3);
  EXPECT_NEAR(sum(point.tasks.front().stages), 40, 1e-3);
  EXPECT_NEAR(point.tasks.front().stages.mean_ms[static_cast<size_t>(Stage::kQueue)], 2, 1e-3);
}

TEST_F(LiveSeriesTest, CountsWhatBecameOfRequestsButNotThoseThatOnlyLook) {
  consume_one(chat_of(kMs), series_);
  auto refused = chat_record(kMs);
  refused->status = 503;
  refused->error_code = "resource_exhausted";
  consume_one(refused, series_);
  auto watcher = chat_record(3600 * kSecondNs);
  watcher->method = "GET";
  consume_one(watcher, series_);
  pass(1);
  const LivePoint& point = *series_.latest();
  EXPECT_EQ(point.counts.requests, 2u);
  EXPECT_EQ(point.counts.outcomes[static_cast<size_t>(Outcome::kAnswered)], 1u);
  EXPECT_EQ(point.counts.outcomes[static_cast<size_t>(Outcome::kRefused)], 1u);
  EXPECT_EQ(point.counts.prompt_tokens, 40u);
  EXPECT_EQ(point.counts.cached_tokens, 32u);
  EXPECT_EQ(point.counts.completion_tokens, 3u);
  EXPECT_EQ(point.total.count, 1u) << "a refusal takes microseconds";
}

TEST_F(LiveSeriesTest, WhatClientsSayOfTheirRequestsCountsWhenTheySayIt) {
  const auto report = [&](int64_t server_ms, int64_t last_byte_ms, int64_t done_ms) {
    auto record = chat_record(server_ms * kMs);
    record->client_times = ClientTimes{.first_byte_ns = kMs,
                                       .first_token_ns = {},
                                       .last_byte_ns = last_byte_ms * kMs,
                                       .done_ns = done_ms * kMs};
    series_.amend(record);
  };
  consume_one(chat_of(20 * kMs), series_);
  series_.amend(chat_record(20 * kMs));
  pass(1);
  EXPECT_EQ(series_.latest()->clients.count, 0u);
  report(20, 23, 30);
  report(20, 25, 26);
  pass(1);
  EXPECT_EQ(series_.latest()->counts.requests, 0u);
  EXPECT_EQ(series_.latest()->clients.count, 2u);
  EXPECT_FLOAT_EQ(series_.latest()->clients.network_ms, 4);
  EXPECT_FLOAT_EQ(series_.latest()->clients.rendering_ms, 4);
  report(20, 30, 30);
  pass(8);
  const LivePoint& ten = *points(kTensOfSeconds).back();
  EXPECT_EQ(ten.clients.count, 3u);
  EXPECT_FLOAT_EQ(ten.clients.network_ms, 6);
  EXPECT_FLOAT_EQ(ten.clients.rendering_ms, 8.0F / 3);
}

TEST_F(LiveSeriesTest, HeatRangesHoldWhatIsAtMostTheirBound) {
  const HeatBounds bounds = heat_bounds_ns();
  EXPECT_EQ(bounds.front(), kMs / 10);
  EXPECT_EQ(bounds.back(), 1000 * kSecondNs);
  EXPECT_TRUE(std::ranges::is_sorted(bounds));
  for (size_t i = 1; i < bounds.size(); ++i) {
    const double ratio = static_cast<double>(bounds[i]) / static_cast<double>(bounds[i - 1]);
    EXPECT_NEAR(ratio, std::pow(10, 1.0 / 8), 0.01);
  }
  for (const int64_t ns : {int64_t{1}, bounds[0], bounds[0] + 1, bounds[20], bounds[20],
                           bounds.back(), bounds.back() + 1}) {
    consume_one(chat_of(ns), series_);
  }
  pass(1);
  std::vector<std::pair<int, int>> cells;
  for (const HeatCell& cell : series_.latest()->heat) cells.emplace_back(cell.range, cell.count);
  EXPECT_THAT(cells, testing::ElementsAre(std::pair(0, 2), std::pair(1, 1), std::pair(20, 2),
                                          std::pair(56, 1), std::pair(57, 1)));
}

TEST_F(LiveSeriesTest, PointsLieEndToEndAndLongerStepsHoldTheSame) {
  uint64_t sent = 0;
  for (int call = 0; call < 8000; ++call) {
    for (int i = 0; i < call % 7 - 4; ++i, ++sent) consume_one(chat_of((1 + i) * kMs), series_);
    clock_.advance_ns(47 * kMs);
    series_.consume({});
  }
  clock_.advance_ns(kSecondNs);
  series_.consume({});
  for (size_t range = 0; range < kLiveRanges.size(); ++range) {
    const auto all = points(range);
    ASSERT_LT(all.size(), kLiveRanges[range].points_max) << "nothing is forgotten yet";
    TimeNs end_ns = FakeClock().now_ns();
    uint64_t requests = 0;
    uint64_t hot = 0;
    for (const LivePointPtr& point : all) {
      EXPECT_EQ(point->end_ns - point->covered_ns, end_ns);
      const bool whole = point != all.back();
      EXPECT_EQ(whole ? point->covered_ns : kLiveRanges[range].step_ns, kLiveRanges[range].step_ns);
      end_ns = point->end_ns;
      requests += point->counts.requests;
      for (const HeatCell& cell : point->heat) hot += cell.count;
    }
    EXPECT_EQ(end_ns, series_.latest()->end_ns) << "with what the last step has so far";
    EXPECT_EQ(requests, sent) << kLiveRanges[range].name;
    EXPECT_EQ(hot, sent);
  }
}

TEST_F(LiveSeriesTest, KeepsTheNewestOfEachRange) {
  const int64_t lasting = 120 * (720 + 3);
  pass(lasting);
  const TimeNs end_ns = series_.latest()->end_ns;
  for (size_t range = 0; range < kLiveRanges.size(); ++range) {
    const auto all = points(range);
    ASSERT_EQ(all.size(), kLiveRanges[range].points_max);
    EXPECT_EQ(all.back()->end_ns, end_ns);
    EXPECT_EQ(all.front()->end_ns,
              end_ns - kLiveRanges[range].step_ns *
                           static_cast<int64_t>(kLiveRanges[range].points_max - 1));
  }
  pass(3);
  EXPECT_EQ(points(kMinutes).size(), kLiveRanges[kMinutes].points_max) << "the last one is short";
  EXPECT_EQ(points(kMinutes).back()->covered_ns, 3 * kSecondNs);
}

TEST_F(LiveSeriesTest, OnePointTellsATimeInWhichTheProgramWasHeldUp) {
  pass(2);
  consume_one(chat_of(kMs), series_);
  clock_.advance_ns(25 * kSecondNs + kMs);
  consume_one(chat_of(kMs), series_);
  const auto seconds = points(kSeconds);
  ASSERT_EQ(seconds.size(), 3u);
  EXPECT_EQ(seconds.back()->covered_ns, 25 * kSecondNs);
  EXPECT_EQ(seconds.back()->counts.requests, 1u);
  ASSERT_EQ(points(kTensOfSeconds).size(), 1u);
  EXPECT_EQ(points(kTensOfSeconds).back()->covered_ns, 27 * kSecondNs);
  pass(3);
  EXPECT_EQ(points(kTensOfSeconds).back()->covered_ns, 3 * kSecondNs) << "back to even times";
}

TEST_F(LiveSeriesTest, TellsTheServersStateAndOfTheEnginesTheLargest) {
  LiveSeries::State state;
  series_.set_state([&] { return state; });
  pass(1);
  EXPECT_FALSE(series_.latest()->engine) << "the model is not ready";
  for (int i = 1; i <= 9; ++i) {
    state.engine = EngineState{.waiting = i == 5 ? 9 : 2,
                               .running = i == 4 ? 8 : 1,
                               .kv_blocks_used = i,
                               .kv_blocks_pinned = 3,
                               .kv_blocks_cached = 20 - i,
                               .kv_blocks_total = 100,
                               .states_used = i,
                               .states_cached = 20 - i,
                               .states_total = 24};
    state.records_dropped = static_cast<uint64_t>(10 * i);
    state.records_lost = 5;
    pass(1);
    ASSERT_TRUE(series_.latest()->engine);
    EXPECT_EQ(series_.latest()->engine->kv_blocks_used, i);
    EXPECT_EQ(series_.latest()->records_dropped, 10u);
    EXPECT_EQ(series_.latest()->dropped_total, state.records_dropped);
    EXPECT_GT(series_.latest()->resident_mib, 0);
  }
  state.engine->waiting = 40;  // between two seconds
  series_.consume({});
  state.engine->waiting = 0;
  pass(1);
  EXPECT_EQ(series_.latest()->engine->waiting, 40);
  pass(1);
  EXPECT_EQ(series_.latest()->engine->waiting, 0);
  const LivePoint& ten = *points(kTensOfSeconds).front();
  ASSERT_EQ(ten.covered_ns, 10 * kSecondNs);
  EXPECT_EQ(ten.engine->running, 8);
  EXPECT_EQ(ten.engine->waiting, 9);
  EXPECT_EQ(ten.engine->kv_blocks_used, 9);
  EXPECT_EQ(ten.engine->kv_blocks_pinned, 3);
  EXPECT_EQ(ten.engine->kv_blocks_cached, 19);
  EXPECT_EQ(ten.engine->kv_blocks_total, 100);
  EXPECT_EQ(ten.engine->states_used, 9);
  EXPECT_EQ(ten.engine->states_cached, 19);
  EXPECT_EQ(ten.engine->states_total, 24);
  EXPECT_EQ(ten.records_dropped, 90u);
  EXPECT_EQ(ten.dropped_total, 90u);
  EXPECT_EQ(ten.lost_total, 5u);
}

// All rings full of points in which each of too many tasks ran.
TEST_F(LiveSeriesTest, MemoryIsBounded) {
  Random random(3);
  const auto pass_step_of_all = [&](int tasks) {
    for (int i = 0; i < tasks; ++i) {
      const auto ns = static_cast<int64_t>(1e5 * std::exp(9 * random.uniform()));
      consume_one(chat_of(ns, "task " + std::to_string(i)), series_);
    }
    clock_.advance_ns(kLiveRanges.back().step_ns);
    series_.consume({});
  };
  for (int i = 0; i < 720; ++i) pass_step_of_all(0);
  EXPECT_LT(series_.memory_bytes(), size_t{1} << 20);
  for (int i = 0; i < 720; ++i) pass_step_of_all(80);
  EXPECT_EQ(series_.latest()->tasks.size(), LiveSeries::kTasksMax);
  EXPECT_EQ(series_.latest()->counts.requests, 80u);
  const size_t full = series_.memory_bytes();
  EXPECT_LT(full, size_t{16} << 20);
  for (int i = 0; i < 100; ++i) pass_step_of_all(80);
  EXPECT_LT(series_.memory_bytes(), full + (size_t{64} << 10));
}

// Labels are those of the system's time, evenly apart, also once that was set.
TEST(LiveSeriesTimeTest, LabelsFollowTheSystemsTimeWhenItIsSet) {
  class SetClock final : public Clock {
   public:
    TimeNs now_ns() const override { return now; }
    int64_t wall_unix_ms() const override { return now / 1'000'000 + offset_ms; }
    TimeNs now = 5 * kSecondNs;
    int64_t offset_ms = 1'700'000'000'123;
  };
  SetClock clock;
  LiveSeries series(clock);
  const auto labels = [&] {
    const LiveRange range = series.range(kSeconds);
    std::vector<int64_t> times;
    for (const LivePointPtr& point : range.points) times.push_back(range.unix_ms(point->end_ns));
    EXPECT_EQ(series.unix_ms(range.points.back()->end_ns), times.back());
    return times;
  };
  const auto pass = [&] {
    clock.now += kSecondNs;
    series.consume({});
  };
  pass();
  const int64_t first = 1'700'000'006'123;
  EXPECT_EQ(labels(), std::vector{first});
  clock.offset_ms += 3;  // adjusted a little
  pass();
  EXPECT_EQ(labels(), (std::vector{first, first + 1000}));
  clock.offset_ms -= 3'600'000;
  pass();
  EXPECT_EQ(labels(), (std::vector{first - 3'599'997, first - 3'598'997, first - 3'597'997}));
}

}  // namespace
}  // namespace qaio
