#include "record/request_times.h"

#include <gtest/gtest.h>

namespace qaio {
namespace {

TEST(TaskTimesTest, GenerateTask) {
  StageLane lane;
  lane.start(0);
  lane.add(Stage::kPromptBuild, 0, 10);
  lane.add(Stage::kTokenize, 10, 25);
  lane.add(Stage::kQueue, 30, 130);
  lane.add(Stage::kPrefill, 130, 630);
  lane.add(Stage::kDecode, 630, 1040);
  lane.add(Stage::kOutputParse, 1050, 1057);
  lane.finish(1060);
  TaskCounters counters;
  counters.completion_tokens = 5;
  counters.submitted_ns = 30;
  counters.scheduled_ns = 130;
  counters.first_token_ns = 640;
  counters.last_token_ns = 1040;

  const TaskTimes times = task_times(lane, counters);
  EXPECT_EQ(times.prompt_build_ns, 25);
  EXPECT_EQ(times.queue_ns, 100);
  EXPECT_EQ(times.model_inference_ns, 910);
  EXPECT_EQ(times.output_parse_ns, 7);
  EXPECT_EQ(times.ttft_since_submitted_ns, 610);
  EXPECT_EQ(times.ttft_since_scheduled_ns, 510);
  EXPECT_EQ(times.tpot_ns, 100.0);
  EXPECT_EQ(lane.unattributed_ns(), 18);
}

TEST(TaskTimesTest, ClassifyTaskHasNoTokenTimes) {
  StageLane lane;
  lane.start(0);
  lane.add(Stage::kQueue, 0, 5);
  lane.add(Stage::kPrefill, 5, 105);
  lane.add(Stage::kScore, 105, 115);
  lane.finish(115);
  const TaskTimes times = task_times(lane, TaskCounters{.submitted_ns = 0, .scheduled_ns = 5});
  EXPECT_EQ(times.model_inference_ns, 110);
  EXPECT_FALSE(times.ttft_since_submitted_ns.has_value());
  EXPECT_FALSE(times.ttft_since_scheduled_ns.has_value());
  EXPECT_FALSE(times.tpot_ns.has_value());
}

TEST(TaskTimesTest, OneTokenHasNoTimePerToken) {
  TaskCounters counters;
  counters.completion_tokens = 1;
  counters.submitted_ns = 1;
  counters.scheduled_ns = 3;
  counters.first_token_ns = counters.last_token_ns = 9;
  const TaskTimes times = task_times(StageLane{}, counters);
  EXPECT_EQ(times.ttft_since_submitted_ns, 8);
  EXPECT_EQ(times.ttft_since_scheduled_ns, 6);
  EXPECT_FALSE(times.tpot_ns.has_value());
}

TaskRecord task(std::string name, TimeNs prefill_begin, TimeNs prefill_end) {
  TaskRecord out;
  out.task = std::move(name);
  out.lane.start(prefill_begin);
  out.lane.add(Stage::kPrefill, prefill_begin, prefill_end);
  out.lane.finish(prefill_end);
  return out;
}

TEST(RequestTimesTest, TasksSideBySideCountOnce) {
  RequestRecord record;
  record.lane.start(0);
  record.lane.finish(100'000);
  record.tasks = {task("sentiment", 10'000, 40'000), task("chat", 20'000, 60'000),
                  task("more", 70'000, 80'000)};
  const RequestTimes times = request_times(record);
  EXPECT_EQ(times.model_inference_ns, 60'000);
  EXPECT_FALSE(times.ttft_ns);
  EXPECT_FALSE(times.tpot_ns);
}

TEST(RequestTimesTest, FirstTokenSinceArrivalAndSinceScheduled) {
  RequestRecord record;
  record.lane.start(1'000'000);
  record.lane.finish(9'000'000);
  TaskRecord chat = task("chat", 2'000'000, 5'000'000);
  chat.counters.completion_tokens = 3;
  chat.counters.submitted_ns = 2'000'000;
  chat.counters.scheduled_ns = 3'000'000;
  chat.counters.first_token_ns = 5'000'000;
  chat.counters.last_token_ns = 8'000'000;
  record.tasks = {chat};
  const RequestTimes times = request_times(record);
  EXPECT_EQ(times.ttft_ns, 4'000'000);
  EXPECT_EQ(times.ttft_since_scheduled_ns, 2'000'000);
  EXPECT_EQ(times.tpot_ns, 1'500'000.0);
}

TEST(ClientSplitTest, NetworkServerAndRenderingAreTheClientsTime) {
  RequestRecord record;
  record.lane.start(1'000'000);
  record.lane.finish(9'000'000);
  EXPECT_FALSE(client_split(record));
  record.client_times = ClientTimes{1'000'000, std::nullopt, 10'500'000, 12'000'000};
  EXPECT_EQ(client_split(record)->network_ns, 2'500'000);
  EXPECT_EQ(client_split(record)->rendering_ns, 1'500'000);
  record.client_times->last_byte_ns = 7'000'000;  // a coarse clock, or a client that left
  EXPECT_EQ(client_split(record)->network_ns, 0);
  EXPECT_EQ(client_split(record)->rendering_ns, 5'000'000);
}

}  // namespace
}  // namespace qaio
