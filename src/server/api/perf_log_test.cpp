#include "server/api/perf_log.h"

#include <gmock/gmock.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <sstream>

namespace qaio {
namespace {

void log(std::shared_ptr<spdlog::logger> logger, RequestRecord record) {
  const RecordPtr one = std::make_shared<RequestRecord>(std::move(record));
  PerfLog(std::move(logger)).consume({&one, 1});
}

TEST(PerfLog, OneLineWithTheMainTimes) {
  std::ostringstream out;
  auto logger = std::make_shared<spdlog::logger>(
      "test", std::make_shared<spdlog::sinks::ostream_sink_st>(out));
  logger->set_pattern("%v");
  RequestRecord record;
  record.request_id = "abc";
  record.method = "POST";
  record.path = "/evil\npath";
  record.status = 200;
  record.lane.start(0);
  record.lane.add(Stage::kTasks, 0, 4'000'000);
  record.lane.finish(4'500'000);
  TaskRecord chat;
  chat.task = "chat";
  chat.lane.start(0);
  chat.lane.finish(3'000'000);
  chat.counters.completion_tokens = 5;
  chat.counters.first_token_ns = 1'000'000;
  record.tasks = {chat};
  log(logger, record);
  EXPECT_EQ(out.str(),
            "[PERF] id=abc status=200 POST /evil?path total=4.500ms chat=3.000ms "
            "prompt_build=0.000ms queue=0.000ms ttft=1.000ms tokens=5 unattributed=0.500ms\n");
  record.tasks[0].counters.questions = 16;
  log(logger, record);
  EXPECT_THAT(out.str(), testing::HasSubstr(" tokens=5 questions=16 unattributed="));
  record.key = "app-1";
  record.error_code = "cancelled";
  log(logger, record);
  EXPECT_THAT(out.str(), testing::HasSubstr("ms key=app-1 error=cancelled\n"));
}

TEST(PerfLog, AClientWritesNoCommandsToTheTerminalThatShowsTheLog) {
  std::ostringstream out;
  RequestRecord record;
  record.method = "GET";
  record.path =
      "/a\u009b2Jb\x9b"
      "c\u2028d\u202ee\u3000你";
  log(std::make_shared<spdlog::logger>("test",
                                       std::make_shared<spdlog::sinks::ostream_sink_st>(out)),
      record);
  EXPECT_THAT(out.str(), testing::HasSubstr(" GET /a?2Jb?c?d?e?你 total="));
}

TEST(PerfLog, WhatWasNotReadIsADash) {
  std::ostringstream out;
  RequestRecord record;
  record.request_id = "abc";
  record.status = 503;
  log(std::make_shared<spdlog::logger>("test",
                                       std::make_shared<spdlog::sinks::ostream_sink_st>(out)),
      record);
  EXPECT_THAT(out.str(), testing::HasSubstr("status=503 - - total="));
}

TEST(PerfLog, HealthProbesAreForDebugging) {
  std::ostringstream out;
  auto logger = std::make_shared<spdlog::logger>(
      "test", std::make_shared<spdlog::sinks::ostream_sink_st>(out));
  logger->set_pattern("%v");
  RequestRecord record;
  record.path = "/health/ready";
  log(logger, record);
  EXPECT_EQ(out.str(), "");
  logger->set_level(spdlog::level::debug);
  log(logger, record);
  EXPECT_NE(out.str().find("/health/ready"), std::string::npos);
}

}  // namespace
}  // namespace qaio
