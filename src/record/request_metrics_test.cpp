#include "record/request_metrics.h"

#include <gtest/gtest.h>

#include <numeric>
#include <random>

namespace qaio {
namespace {

TEST(LaneMicros, RoundedStagesStillAddUp) {
  std::mt19937 random(7);
  std::uniform_int_distribution<int64_t> length_ns(0, 5000);
  for (int round = 0; round < 1000; ++round) {
    Lane lane;
    TimeNs now = length_ns(random) + 1;
    lane.start(now);
    for (size_t i = 0; i < 12; ++i) {
      now += length_ns(random) / 10;  // a gap
      const TimeNs begin = now;
      now += length_ns(random);
      lane.add(static_cast<Stage>(i % 5), begin, now);
    }
    lane.finish(now + length_ns(random) / 10);
    const LaneMicros micros = lane_micros(lane);
    const int64_t sum =
        std::accumulate(micros.stages.begin(), micros.stages.end(), micros.unattributed);
    ASSERT_EQ(sum, micros.total);
    ASSERT_GE(micros.unattributed, 0);
    ASSERT_NEAR(static_cast<double>(micros.total), static_cast<double>(lane.wall_ns()) / 1000,
                0.51);
  }
}

TaskRecord task(std::string name, TimeNs prefill_begin, TimeNs prefill_end) {
  TaskRecord out;
  out.task = std::move(name);
  out.lane.start(prefill_begin);
  out.lane.add(Stage::kPrefill, prefill_begin, prefill_end);
  out.lane.finish(prefill_end);
  return out;
}

TEST(Metrics, TasksSideBySideCountOnce) {
  RequestRecord record;
  record.lane.start(0);
  record.lane.finish(100'000);
  record.tasks = {task("sentiment", 10'000, 40'000), task("chat", 20'000, 60'000),
                  task("more", 70'000, 80'000)};
  const RequestMetrics metrics = derive_metrics(record);
  EXPECT_EQ(metrics.model_inference_us, 60);
  EXPECT_FALSE(metrics.ttft_us);
  EXPECT_FALSE(metrics.tpot_us);
}

TEST(Metrics, FirstTokenSinceArrivalAndSinceScheduled) {
  RequestRecord record;
  record.lane.start(1'000'000);
  record.lane.finish(9'000'000);
  record.cpu_ns = 12'000'000;
  TaskRecord chat = task("chat", 2'000'000, 5'000'000);
  chat.counters.completion_tokens = 3;
  chat.counters.submitted_ns = 2'000'000;
  chat.counters.scheduled_ns = 3'000'000;
  chat.counters.first_token_ns = 5'000'000;
  chat.counters.last_token_ns = 8'000'000;
  record.tasks = {chat};
  const RequestMetrics metrics = derive_metrics(record);
  EXPECT_EQ(metrics.ttft_us, 4000);
  EXPECT_EQ(metrics.ttft_since_scheduled_us, 2000);
  EXPECT_EQ(metrics.tpot_us, 1500);
  EXPECT_DOUBLE_EQ(metrics.cpu_cores, 1.5);
}

}  // namespace
}  // namespace qaio
