#include "trace/derive.h"

#include <gtest/gtest.h>

namespace qaio {
namespace {

TEST(DeriveTest, GenerateTask) {
  Lane lane;
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

  const DerivedTimes times = derive(lane, counters);
  EXPECT_EQ(times.prompt_build_ns, 25);
  EXPECT_EQ(times.queue_ns, 100);
  EXPECT_EQ(times.model_inference_ns, 910);
  EXPECT_EQ(times.output_parse_ns, 7);
  EXPECT_EQ(times.ttft_since_submitted_ns, 610);
  EXPECT_EQ(times.ttft_since_scheduled_ns, 510);
  EXPECT_EQ(times.tpot_ns, 100.0);
  EXPECT_EQ(lane.unattributed_ns(), 18);
}

TEST(DeriveTest, ClassifyTaskHasNoTokenTimes) {
  Lane lane;
  lane.start(0);
  lane.add(Stage::kQueue, 0, 5);
  lane.add(Stage::kPrefill, 5, 105);
  lane.add(Stage::kScore, 105, 115);
  lane.finish(115);
  const DerivedTimes times = derive(lane, TaskCounters{.submitted_ns = 0, .scheduled_ns = 5});
  EXPECT_EQ(times.model_inference_ns, 110);
  EXPECT_FALSE(times.ttft_since_submitted_ns.has_value());
  EXPECT_FALSE(times.ttft_since_scheduled_ns.has_value());
  EXPECT_FALSE(times.tpot_ns.has_value());
}

TEST(DeriveTest, OneTokenHasNoTimePerToken) {
  TaskCounters counters;
  counters.completion_tokens = 1;
  counters.submitted_ns = 1;
  counters.scheduled_ns = 3;
  counters.first_token_ns = counters.last_token_ns = 9;
  const DerivedTimes times = derive(Lane{}, counters);
  EXPECT_EQ(times.ttft_since_submitted_ns, 8);
  EXPECT_EQ(times.ttft_since_scheduled_ns, 6);
  EXPECT_FALSE(times.tpot_ns.has_value());
}

}  // namespace
}  // namespace qaio
