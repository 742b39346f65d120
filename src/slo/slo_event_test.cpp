#include "slo/slo_event.h"

#include <gtest/gtest.h>

#include "record/record_for_test.h"

namespace qaio {
namespace {

using enum SloEvent::Kind;

// 200 ms in all; the reply has 5 tokens 3 ms apart.
std::shared_ptr<RequestRecord> answered_chat() {
  auto record = chat_record(200 * kMs);
  record->tasks.push_back(generate_task("chat", 2 * kMs, 10 * kMs, 5, 3 * kMs));
  return record;
}

SloEvent event(const RequestRecord& record, std::string metric, std::string task = "",
               double threshold_ms = 100) {
  SloRule rule;
  rule.metric = std::move(metric);
  rule.task = std::move(task);
  rule.threshold_ns = static_cast<int64_t>(threshold_ms * kMs);
  return SloMetric(rule).of(RecordTimes(record));
}

TEST(SloEvent, ATimeIsTheRequestsOrTheTasks) {
  const auto record = answered_chat();
  record->tasks.push_back(generate_task("other", 2 * kMs, 40 * kMs, 2, kMs));
  EXPECT_EQ(event(*record, "total_response_time").time_ns, 200 * kMs);
  EXPECT_EQ(event(*record, "total_response_time", "chat").time_ns, 200 * kMs);
  EXPECT_EQ(event(*record, "http_read").time_ns, 20 * kMs);
  EXPECT_EQ(event(*record, "ttft", "chat").time_ns, 44 * kMs) << "the request's: tasks have none";
  EXPECT_EQ(event(*record, "prefill").time_ns, 40 * kMs) << "the longest of its tasks";
  EXPECT_EQ(event(*record, "prefill", "chat").time_ns, 10 * kMs);
  EXPECT_EQ(event(*record, "tpot", "chat").time_ns, 3 * kMs) << "the task's wins if it is named";
  EXPECT_FALSE(event(*record, "score").time_ns);
  EXPECT_FALSE(event(*record, "total_response_time", "third").time_ns);
  EXPECT_FALSE(event(*record, "error_rate").time_ns);
}

TEST(SloEvent, GoodIsWithinTheThreshold) {
  const auto record = answered_chat();
  EXPECT_EQ(event(*record, "total_response_time", "", 200).kind, kGood);
  EXPECT_EQ(event(*record, "total_response_time", "", 199.999).kind, kBad);
  EXPECT_EQ(event(*record, "error_rate").kind, kGood);
  EXPECT_EQ(event(*record, "score").kind, kNone) << "no such time, nothing to say";
  EXPECT_EQ(event(*record, "error_rate", "third").kind, kNone);
}

TEST(SloEvent, RefusalsAreBadAndHaveNoTime) {
  for (const int status : {503, 429}) {
    const auto refused = chat_record(kMs / 100);
    refused->status = status;
    refused->error_code = "resource_exhausted";
    for (const char* metric : {"total_response_time", "error_rate", "ttft", "decode"}) {
      EXPECT_EQ(event(*refused, metric).kind, kBad) << metric;
      EXPECT_FALSE(event(*refused, metric).time_ns) << metric;
    }
    EXPECT_EQ(event(*refused, "error_rate", "chat").kind, kNone) << "it did not come to its tasks";
    // Refused by the engine: the tasks are there, but were never taken.
    TaskRecord task;
    task.task = "chat";
    task.error_code = "resource_exhausted";
    refused->tasks.push_back(task);
    EXPECT_EQ(event(*refused, "error_rate", "chat").kind, kBad);
    EXPECT_FALSE(event(*refused, "total_response_time").time_ns);
  }
}

TEST(SloEvent, FailuresInTheModelAreBadAndHaveTheirTime) {
  const auto failed = answered_chat();
  failed->status = 504;
  failed->error_code = "deadline_exceeded";
  EXPECT_EQ(event(*failed, "total_response_time", "", 1000).kind, kBad);
  EXPECT_EQ(event(*failed, "total_response_time").time_ns, 200 * kMs);
  const auto broken_stream = answered_chat();
  broken_stream->error_code = "deadline_exceeded";  // its status was sent before
  EXPECT_EQ(event(*broken_stream, "error_rate").kind, kBad);
}

TEST(SloEvent, AClientsOwnDoingIsNotTheServers) {
  const auto wrong = chat_record(kMs / 100);
  wrong->status = 400;
  wrong->error_code = "invalid_argument";
  EXPECT_EQ(event(*wrong, "error_rate").kind, kNone);
  EXPECT_EQ(event(*wrong, "total_response_time").kind, kNone);
  const auto seen_late = answered_chat();  // by a task, after the engine took another
  seen_late->status = 400;
  seen_late->error_code = "invalid_argument";
  EXPECT_EQ(event(*seen_late, "total_response_time", "", 100).kind, kNone);
  EXPECT_FALSE(event(*seen_late, "total_response_time").time_ns);
  const auto left = answered_chat();
  left->status = 499;
  left->error_code = "cancelled";
  EXPECT_EQ(event(*left, "error_rate").kind, kNone);
  EXPECT_EQ(event(*left, "total_response_time", "", 1000).kind, kNone) << "who knows";
  EXPECT_EQ(event(*left, "total_response_time", "", 100).kind, kBad) << "after too long a wait";
}

TEST(SloEvent, WhoOnlyLooksDoesNotCount) {
  const auto look = answered_chat();
  look->method = "GET";
  look->status = 503;
  EXPECT_EQ(event(*look, "error_rate").kind, kNone);
  EXPECT_FALSE(event(*look, "total_response_time").time_ns);
  const auto tokenize = chat_record(kMs);  // ran no task
  EXPECT_EQ(event(*tokenize, "error_rate").kind, kNone);
}

}  // namespace
}  // namespace qaio
