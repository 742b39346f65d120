// GET /requests, /requests/{id}, /stats and /metrics.
#include "server/observe/observe_api.h"

#include <fmt/format.h>

#include "base/cpu_time_for_test.h"
#include "record/named_times.h"
#include "server/observe/observe_fixture_for_test.h"

namespace qaio {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;
using testing::HasSubstr;

using ObserveApiTest = ObserveFixture;

TEST_F(ObserveApiTest, ARequestIsThereRightAfterItsAnswer) {
  start_observed(1ms);
  const ClientResponse answer = chat();
  ASSERT_EQ(answer.status, 200) << answer.body;
  const json::object said = answer.json();
  const std::string id(said.at("request_id").as_string());
  const json::object record = get("/requests/" + id);
  json::object listed = list().at(0).as_object();
  listed["same_id"] = 0;  // lists do not say
  EXPECT_EQ(record, listed);
  EXPECT_EQ(record.at("request_id").as_string(), id);
  EXPECT_EQ(record.at("path").as_string(), "/chat");
  EXPECT_EQ(record.at("status").as_int64(), 200);
  EXPECT_TRUE(record.at("error").is_null());
  EXPECT_EQ(record.at("input_chars").as_int64(), 5);
  EXPECT_GT(record.at("input_tokens").as_int64(), 0);
  EXPECT_EQ(record.at("requests_ahead").as_int64(), 0);
  for (const char* name : {"chat.decode", "chat.total", "sentiment.score", "tasks"}) {
    EXPECT_EQ(number(record.at("breakdown").at(name)), number(said.at("breakdown").at(name)))
        << name;
  }
  // The record contains what came after the figures of the answer were taken.
  EXPECT_TRUE(record.at("breakdown").as_object().contains("http_write"));
  EXPECT_GE(number(record.at("total_response_time_ms")), number(said.at("total_response_time_ms")));
  EXPECT_EQ(number(record.at("metrics").at("ttft")), number(said.at("metrics").at("ttft")));
}

TEST_F(ObserveApiTest, TheLanesAndCountersTellTheSameStory) {
  start_observed(1ms);
  ASSERT_EQ(chat().status, 200);
  const json::object record = list().at(0).as_object();
  const json::array& lanes = record.at("lanes").as_array();
  const json::array& tasks = record.at("tasks").as_array();
  ASSERT_EQ(lanes.size(), 3u);
  ASSERT_EQ(tasks.size(), 2u);
  EXPECT_EQ(lanes[0].at("lane").as_string(), "request");
  EXPECT_EQ(number(lanes[0].at("begin_ms")), 0);
  EXPECT_EQ(number(lanes[0].at("end_ms")), number(record.at("total_response_time_ms")));
  for (const json::value& lane : lanes) {
    double last = number(lane.at("begin_ms"));
    for (const json::value& interval : lane.at("intervals").as_array()) {
      EXPECT_GE(number(interval.at("begin_ms")), last);
      last = number(interval.at("end_ms"));
    }
    EXPECT_LE(last, number(lane.at("end_ms")));
    EXPECT_EQ(lane.at("dropped_intervals").as_int64(), 0);
  }
  EXPECT_EQ(tasks[0].at("finish_reason").as_string(), "scored");
  EXPECT_TRUE(tasks[1].at("label").is_null());
  const json::object& counters = tasks[1].at("counters").as_object();
  EXPECT_GT(counters.at("prompt_tokens").as_int64(), 0);
  EXPECT_LE(number(counters.at("submitted_ms")), number(counters.at("scheduled_ms")));
  EXPECT_LT(number(counters.at("scheduled_ms")), number(counters.at("first_token_ms")));
  EXPECT_EQ(number(counters.at("first_token_ms")), number(record.at("metrics").at("ttft")));
  EXPECT_TRUE(tasks[0].at("counters").at("first_token_ms").is_null());
}

TEST_F(ObserveApiTest, ListsTheNewestFirstByTimeAndTask) {
  start_observed();
  ASSERT_EQ(chat(R"(["sentiment"])").status, 200);
  ASSERT_EQ(chat(R"(["chat"])").status, 200);
  ASSERT_EQ(client_->post("/chat", "{}").status, 400);
  const json::array all = list();
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[0].at("error").as_string(), "invalid_argument");
  EXPECT_TRUE(all[0].at("tasks").as_array().empty());
  EXPECT_EQ(all[1].at("tasks").at(0).at("task").as_string(), "chat");
  EXPECT_EQ(list("?limit=1").size(), 1u);
  EXPECT_EQ(list("?task=sentiment"), json::array({all[2]}));
  EXPECT_TRUE(list("?task=nobody").empty());
  double slowest = 0;
  for (const json::value& one : all)
    slowest = std::max(slowest, number(one.at("total_response_time_ms")));
  EXPECT_EQ(list(fmt::format("?slow={:.3f}", slowest + 0.002)).size(), 0u);
  EXPECT_EQ(list("?slow=0&limit=5&task=chat").size(), 1u);
  for (size_t i = 0; i < kKept; ++i) ASSERT_EQ(chat(R"(["sentiment"])").status, 200);
  EXPECT_EQ(list().size(), kKept);
  EXPECT_TRUE(list("?task=chat").empty());
}

TEST_F(ObserveApiTest, SaysWhatIsWrong) {
  start_observed();
  expect_refused("/requests?limit=0", 400, "limit", "a whole number from 1 to 5");
  expect_refused("/requests?limit=6", 400, "limit", "a whole number from 1 to 5");
  expect_refused("/requests?limit=all", 400, "limit", "a whole number from 1 to 5");
  expect_refused("/requests?slow=fast", 400, "slow", "a number from 0");
  expect_refused("/requests?slow=-1", 400, "slow", "a number from 0");
  expect_refused("/requests?task=", 400, "task", "name of a task");
  expect_refused("/requests?last=5", 400, "last", "known are limit, slow, task");
  expect_refused("/requests?since=yesterday", 400, "since", "'yesterday' is no time");
  expect_refused("/requests?format=xml", 400, "format", "json, csv or chrome");
  expect_refused("/requests?status=ok", 400, "status", "'ok' is no status");
  expect_refused("/requests?min_chars=2&max_chars=1", 400, "max_chars", "a whole number from 2");
  expect_refused("/requests?sort=oldest", 400, "sort", "newest or slowest");
  expect_refused("/requests?download=yes", 400, "download", "0 or 1");
  expect_refused("/requests/x?format=xml", 400, "format", "json or chrome");
  expect_refused("/requests/x?limit=1", 400, "limit", "known are format");
  expect_refused("/requests/never-seen?format=chrome", 404, "", "'never-seen' among the last 5");
  expect_refused("/stats?window=1m", 400, "window", "there is none");
  expect_refused("/requests/never-seen", 404, "", "'never-seen' among the last 5");
  EXPECT_EQ(client_->post("/stats", "{}").status, 405);
}

TEST_F(ObserveApiTest, ListsASpanOfTime) {
  start_observed();
  for (int i = 0; i < 3; ++i) ASSERT_EQ(chat(R"(["sentiment"])").status, 200);
  const json::array all = list();
  const int64_t first = all[2].at("arrived_unix_ms").as_int64();
  const int64_t last = all[0].at("arrived_unix_ms").as_int64();
  EXPECT_EQ(list(fmt::format("?since={}&until={}", first, last + 1)), all);
  EXPECT_TRUE(list(fmt::format("?since={}", last + 1)).empty());
  EXPECT_TRUE(list(fmt::format("?until={}", first)).empty());
  EXPECT_EQ(list("?since=6h"), all);
  EXPECT_TRUE(list("?until=6h").empty());
}

// The same request in both forms.
TEST_F(ObserveApiTest, ATimelineShowsTheRequestAndTheStepsMeanwhile) {
  start_observed(1ms);
  const std::string id(chat().json().at("request_id").as_string());
  const json::object record = get("/requests/" + id);
  for (const std::string& path :
       {"/requests/" + id + "?format=chrome", std::string("/requests?format=chrome&limit=1")}) {
    const ClientResponse response = client_->get(path);
    ASSERT_EQ(response.status, 200);
    EXPECT_THAT(response.headers.at("Content-Disposition"), HasSubstr("qaio-trace.json"));
    const json::object trace = response.json();
    std::map<std::string, int> intervals;
    uint32_t steps = 0;
    for (const json::value& event : trace.at("traceEvents").as_array()) {
      if (event.at("ph").as_string() != "X") continue;
      if (event.at("cat").as_string() == "step") ++steps;
      if (event.at("cat").as_string() != "request") continue;
      EXPECT_EQ(event.at("args").at("request_id").as_string(), id);
      EXPECT_EQ(event.at("args").at("trace_id"), record.at("trace").at("trace_id"));
      EXPECT_NEAR(number(event.at("dur")) / 1000, number(record.at("total_response_time_ms")),
                  0.002);
    }
    const json::value& counters = record.at("tasks").at(1).at("counters");
    EXPECT_GE(steps + 1,
              counters.at("prefill_steps").as_int64() + counters.at("decode_steps").as_int64())
        << "the last may not be logged yet";
  }
}

TEST_F(ObserveApiTest, StatsAreThoseOfTheRecords) {
  start_observed(500us);
  for (int i = 0; i < 4; ++i) ASSERT_EQ(chat().status, 200);
  ASSERT_EQ(client_->post("/chat", "{}").status, 400);
  const json::array records = list();
  double sum = 0;
  double max = 0;
  for (size_t i = 1; i < records.size(); ++i) {
    sum += number(records[i].at("total_response_time_ms"));
    max = std::max(max, number(records[i].at("total_response_time_ms")));
  }
  const auto usage = [&] {
    const json::object stats = get("/stats");
    return number(stats.at("windows").at("1m").at("process").at("cpu_usage"));
  };
  EXPECT_TRUE(shows_after_cpu_time([&] { return usage() > 0; }));
  for (int round = 0; round < 2; ++round) {  // looking changes nothing
    const json::object stats = get("/stats");
    EXPECT_TRUE(stats.at("engine").is_null()) << "state_ has none";
    for (const char* name : {"1m", "5m", "1h", "start"}) {
      const json::object& window = stats.at("windows").at(name).as_object();
      EXPECT_EQ(window.at("requests").as_int64(), 5);
      EXPECT_EQ(window.at("client_error").as_int64(), 1);
      EXPECT_EQ(window.at("answered").as_int64(), 4);
      EXPECT_EQ(window.at("failed").as_int64(), 0);
      EXPECT_EQ(window.at("errors").at("invalid_argument").as_int64(), 1);
      const json::object& total = window.at("request").at("total_response_time").as_object();
      EXPECT_EQ(total.at("count").as_int64(), 4);
      EXPECT_NEAR(number(total.at("mean")), sum / 4, 0.002);
      EXPECT_NEAR(number(total.at("max")), max, 0.002);
      EXPECT_LE(number(total.at("p50")), number(total.at("p95")));
      EXPECT_GT(number(window.at("tasks").at("chat").at("decode").at("p95")), 0.5);
      EXPECT_FALSE(window.at("tasks").at("chat").as_object().contains("score"));
      EXPECT_TRUE(window.at("tasks").at("sentiment").as_object().contains("score"));
      EXPECT_TRUE(window.at("process").as_object().contains("cpu_usage"));
    }
  }
}

// Under the very names that an answer has.
TEST_F(ObserveApiTest, StatsHaveTheNamesOfMetrics) {
  start_observed();
  const json::object metrics = chat().json().at("metrics").as_object();
  for (const auto& [name, value] : metrics) {
    if (name == "cpu_usage" || name == "memory_usage") continue;
    EXPECT_NE(std::ranges::find(kRequestTimeNames, std::string_view(name.data(), name.size())),
              kRequestTimeNames.end())
        << name;
  }
}

TEST_F(ObserveApiTest, MetricsAreText) {
  start_observed();
  ASSERT_EQ(chat().status, 200);
  ASSERT_EQ(list().size(), 1u);  // answered when the chat is counted, which /metrics does not await
  state_.run.version = "0.0.1";
  state_.archives = {{"sqlite", 12, 3}};
  const ClientResponse response = client_->get("/metrics");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.headers.at("Content-Type"), "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_THAT(response.body, HasSubstr("qaio_requests_total{route=\"/chat\",status=\"2xx\"} 1\n"));
  EXPECT_THAT(response.body, HasSubstr("version=\"0.0.1\""));
  EXPECT_THAT(response.body, HasSubstr("qaio_ready 0\n"));
  EXPECT_THAT(response.body, HasSubstr("records_written_total{archive=\"sqlite\"} 12\n"));
  EXPECT_THAT(response.body, HasSubstr("records_lost_total{archive=\"sqlite\"} 3\n"));
  const json::array archives = get("/stats").at("archives").as_array();
  ASSERT_EQ(archives.size(), 1u);
  EXPECT_EQ(archives[0].at("lost").as_int64(), 3);
}

TEST_F(ObserveApiTest, SloHasTheRequestJustMade) {
  start_observed(1ms);
  ASSERT_EQ(chat().status, 200);
  const json::object slo = get("/slo");
  const json::object& rule = slo.at("rules").at(0).as_object();
  EXPECT_EQ(rule.at("name").as_string(), "response-time-p95");
  EXPECT_EQ(rule.at("state").as_string(), "ok");
  EXPECT_EQ(rule.at("verdict").as_string(), "too_few");
  EXPECT_EQ(rule.at("samples").as_int64(), 1);
  EXPECT_EQ(rule.at("error_budget").at("good").as_int64(), 1);
  EXPECT_EQ(client_->get("/slo?x=1").status, 400);
}

}  // namespace
}  // namespace qaio
