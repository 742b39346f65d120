#include "record/rounded_times.h"

#include <gtest/gtest.h>

#include <numeric>
#include <random>

namespace qaio {
namespace {

TEST(LaneMicros, RoundedStagesStillAddUp) {
  std::mt19937 random(7);
  std::uniform_int_distribution<int64_t> length_ns(0, 5000);
  for (int round = 0; round < 1000; ++round) {
    StageLane lane;
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

// Two tasks whose stages round down, each by 0.4 us: the sum would be 1 us more.
TEST(RequestMicros, SumsOfStagesAreSumsOfWhatIsPrinted) {
  RequestRecord record;
  record.lane.start(0);
  record.lane.finish(20'000);
  for (const char* name : {"sentiment", "chat"}) {
    TaskRecord task;
    task.task = name;
    task.lane.start(1000);
    task.lane.add(Stage::kPromptBuild, 1000, 3400);
    task.lane.add(Stage::kQueue, 3400, 8600);
    task.lane.add(Stage::kPrefill, 8600, 9000);
    task.lane.finish(9000);
    record.tasks.push_back(task);
  }
  const RequestMicros micros = request_micros(record);
  EXPECT_EQ(micros.prompt_build_us, 4) << "2.4 + 2.4";
  EXPECT_EQ(micros.queue_us, 6) << "from 2.4 to 7.6";
  EXPECT_EQ(micros.queue_us, lane_micros(record.tasks[0].lane)[Stage::kQueue]);
  EXPECT_EQ(micros.model_inference_us, 0);
  EXPECT_FALSE(micros.ttft_us);
}

TEST(RequestMicros, RoundsTimesOfTokensOnce) {
  RequestRecord record;
  record.lane.start(1000);
  record.lane.finish(9'000'000);
  TaskRecord task;
  task.counters.completion_tokens = 3;
  task.counters.submitted_ns = 2000;
  task.counters.scheduled_ns = 3000;
  task.counters.first_token_ns = 4499;
  task.counters.last_token_ns = 4499 + 2 * 1499 + 1;  // 1499.5 each
  record.tasks = {task};
  const RequestMicros micros = request_micros(record);
  EXPECT_EQ(micros.ttft_us, 3);
  EXPECT_EQ(micros.ttft_since_scheduled_us, 1);
  EXPECT_EQ(micros.tpot_us, 1);
}

TEST(ClientMicros, AddUpAsTheyArePrinted) {
  std::mt19937 random(7);
  std::uniform_int_distribution<int64_t> length_ns(0, 5'000'000);
  for (int round = 0; round < 1000; ++round) {
    RequestRecord record;
    record.lane.start(length_ns(random));
    record.lane.finish(record.lane.begin_ns() + length_ns(random));
    ClientTimes times;
    times.last_byte_ns = record.lane.wall_ns() + length_ns(random);
    times.done_ns = times.last_byte_ns + length_ns(random);
    record.client_times = times;
    const ClientMicros micros = *client_micros(record);
    ASSERT_EQ(micros.network_us + lane_micros(record.lane).total + micros.rendering_us,
              micros.done_us);
  }
}

}  // namespace
}  // namespace qaio
