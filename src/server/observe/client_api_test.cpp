// POST /requests/{id}/client
#include <chrono>
#include <thread>

#include "server/observe/observe_fixture_for_test.h"

namespace qaio {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kToken = "X-Client-Token: 0123456789abcdef\r\n";
constexpr std::string_view kOtherToken = "X-Client-Token: 0123456789abcdeF\r\n";
constexpr std::string_view kTimes =
    R"({"first_byte_ms":900.5,"first_token_ms":901,"last_byte_ms":1000,"done_ms":1012.3456})";

class ClientApiTest : public ObserveFixture {
 protected:
  void SetUp() override {
    observer_interval_ = 1ms;
    start_observed();
  }
  std::string chat_with(std::string_view headers, std::string_view body = R"({"input":"hello"})") {
    const ClientResponse answer = client_->request("POST", "/chat", body, headers);
    EXPECT_EQ(answer.status, 200) << answer.body;
    return answer.headers.at("X-Request-Id");
  }
  ClientResponse report(const std::string& id, std::string_view body = kTimes,
                        std::string_view headers = kToken) {
    return client_->request("POST", "/requests/" + id + "/client", body, headers);
  }
  boost::json::value client_of(const std::string& id) {
    return get("/requests/" + id).at("client");
  }
  void expect_report_refused(const ClientResponse& response, int status, std::string_view code,
                             std::string_view field, std::string_view message) {
    EXPECT_EQ(response.status, status) << response.body;
    EXPECT_EQ(response.error("code"), code);
    EXPECT_EQ(response.error("field"), field);
    EXPECT_THAT(response.error("message"), testing::HasSubstr(std::string(message)));
  }
};

TEST_F(ClientApiTest, TheClientsTimesStandInItsRecord) {
  const std::string id = chat_with(kToken);
  EXPECT_TRUE(client_of(id).is_null());
  const ClientResponse taken = report(id);
  EXPECT_EQ(taken.status, 204);
  EXPECT_EQ(taken.body, "");
  EXPECT_FALSE(taken.headers.contains("Content-Length"));
  EXPECT_FALSE(taken.headers.contains("Content-Type"));
  const boost::json::object record = get("/requests/" + id);
  const auto& client = record.at("client").as_object();
  EXPECT_EQ(number(client.at("first_byte_ms")), 900.5);
  EXPECT_EQ(number(client.at("first_token_ms")), 901);
  EXPECT_EQ(number(client.at("last_byte_ms")), 1000);
  EXPECT_EQ(number(client.at("done_ms")), 1012.346) << "to a microsecond";
  EXPECT_EQ(number(client.at("rendering_ms")), 12.346);
  EXPECT_NEAR(number(client.at("network_ms")) + number(record.at("total_response_time_ms")), 1000,
              1e-6)
      << "network, server and rendering are all of the client's time";
  EXPECT_EQ(list("").at(0).at("client"), record.at("client"));
}

TEST_F(ClientApiTest, OnlyOnceAndOnlyWithTheRequestsOwnToken) {
  const std::string id = chat_with(kToken);
  const std::string without = chat_with("");
  const std::string bad_token = chat_with("X-Client-Token: 123456789abcdef\r\n");
  expect_report_refused(report(id, kTimes, kOtherToken), 403, "not_yours", "", "without this");
  expect_report_refused(report(id, kTimes, ""), 403, "not_yours", "", "send the X-Client-Token");
  for (const std::string& token :
       {std::string(15, 'x'), std::string(65, 'x'), std::string("0123456789 abcdef"),
        std::string("0123456789abc\xc3\xa4"), std::string()}) {
    expect_report_refused(report(id, kTimes, "X-Client-Token: " + token + "\r\n"), 403, "not_yours",
                          "", "16 to 64 visible ASCII characters");
  }
  expect_report_refused(report(without), 403, "not_yours", "", without);
  expect_report_refused(report(bad_token, kTimes, "X-Client-Token: 123456789abcdef\r\n"), 403,
                        "not_yours", "", "16 to 64");
  EXPECT_TRUE(client_of(id).is_null());
  EXPECT_EQ(report(id).status, 204);
  expect_report_refused(report(id), 409, "already_reported", "", id);
  expect_report_refused(report("never-seen"), 404, "not_found", "", "among the last 5");
  EXPECT_EQ(client_->get("/requests/" + id + "/client").status, 405);
}

TEST_F(ClientApiTest, WhatCannotBeIsRefusedWithItsField) {
  const std::string id = chat_with(kToken);
  const auto expect_bad = [&](std::string_view body, std::string_view field,
                              std::string_view message) {
    expect_report_refused(report(id, body), 400, "invalid_argument", field, message);
  };
  expect_bad("", "", "no body");
  expect_bad("[]", "", "must be a JSON object");
  expect_bad(R"({"last_byte_ms":1,"done_ms":1})", "first_byte_ms", "missing");
  expect_bad(R"({"first_byte_ms":null,"last_byte_ms":1,"done_ms":1})", "first_byte_ms", "missing");
  expect_bad(R"({"first_byte_ms":1,"done_ms":1})", "last_byte_ms", "missing");
  expect_bad(R"({"first_byte_ms":1,"last_byte_ms":1})", "done_ms", "missing");
  expect_bad(R"({"first_byte_ms":"1","last_byte_ms":1,"done_ms":1})", "first_byte_ms", "a number");
  expect_bad(R"({"first_byte_ms":1e999,"last_byte_ms":1,"done_ms":1})", "first_byte_ms",
             "a number");
  expect_bad(R"({"first_byte_ms":-0.5,"last_byte_ms":1,"done_ms":1})", "first_byte_ms", "from 0");
  expect_bad(R"({"first_byte_ms":1,"last_byte_ms":1,"done_ms":86400001})", "done_ms", "86400000");
  expect_bad(R"({"first_byte_ms":2,"last_byte_ms":1,"done_ms":3})", "last_byte_ms",
             "at least 'first_byte_ms'");
  expect_bad(R"({"first_byte_ms":1,"last_byte_ms":3,"done_ms":2})", "done_ms",
             "at least 'last_byte_ms'");
  expect_bad(R"({"first_byte_ms":2,"first_token_ms":1,"last_byte_ms":3,"done_ms":4})",
             "first_token_ms", "from 'first_byte_ms' to 'done_ms'");
  expect_bad(R"({"first_byte_ms":2,"first_token_ms":5,"last_byte_ms":3,"done_ms":4})",
             "first_token_ms", "from 'first_byte_ms' to 'done_ms'");
  expect_bad(R"({"first_byte_ms":1,"last_byte_ms":1,"done_ms":1,"network_ms":1})", "network_ms",
             "unknown field");
  expect_report_refused(report(id, std::string(1025, ' ')), 413, "too_large", "", "1024 bytes");
  EXPECT_EQ(report(id, R"({"first_byte_ms":900,"first_token_ms":null,"last_byte_ms":900,)"
                       R"("done_ms":900})")
                .status,
            204)
      << "a refused one can be mended";
  EXPECT_TRUE(client_of(id).at("first_token_ms").is_null());
}

class ClientApiSlowTest : public ClientApiTest {
  void SetUp() override {
    observer_interval_ = 1ms;
    client_wait_ = 20s;
    start_observed(/*step=*/20ms);
  }
};

// Its record comes when the engine has noticed.
TEST_F(ClientApiSlowTest, AReportOfAStoppedStreamWaitsForItsRecord) {
  for (const std::string id : {"stopped-1", "stopped-2", "stopped-3"}) {
    TestClient leaving(server_->port());
    leaving.send(TestClient::text("POST", "/chat", R"({"input":"hello","stream":true})",
                                  fmt::format("{}X-Request-Id: {}\r\n", kToken, id)));
    ASSERT_FALSE(leaving.receive().empty());
    leaving.close();
    EXPECT_EQ(report(id, R"({"first_byte_ms":0,"last_byte_ms":0.01,"done_ms":1})").status, 204);
    const boost::json::object record = get("/requests/" + id);
    EXPECT_EQ(record.at("status").as_int64(), 499);
    EXPECT_EQ(number(record.at("client").at("network_ms")), 0);
  }
}

// What it does itself is no load, and pushes out nothing.
TEST_F(ClientApiTest, AReportIsNoRequestOfItsOwn) {
  const std::string id = chat_with(kToken);
  for (size_t i = 0; i < 2 * kKept; ++i) report(id);
  EXPECT_EQ(list("").size(), 1u);
  const boost::json::object stats = get("/stats");
  EXPECT_EQ(stats.at("windows").at("start").at("requests").as_int64(), 1);
  const std::string metrics = client_->get("/metrics").body;
  EXPECT_THAT(metrics,
              testing::Not(testing::HasSubstr("qaio_request_outcomes_total{route=\"/requests")));
}

TEST_F(ClientApiSlowTest, AStoppingServerAnswersWhoWaits) {
  TestClient waiting(server_->port());
  const std::string request = TestClient::text("POST", "/requests/never-seen/client", kTimes,
                                               std::string(kToken) + "Expect: 100-continue\r\n");
  waiting.send(request.substr(0, request.size() - kTimes.size()));
  ASSERT_EQ(waiting.read().status, 100) << "so the server knows of it";
  waiting.send(kTimes);
  std::thread stopping([&] { server_->stop(500ms); });
  const ClientResponse answer = waiting.read();
  stopping.join();
  expect_report_refused(answer, 503, "cancelled", "", "the server stops");
}

class ClientApiArchiveTest : public ClientApiTest {
  void SetUp() override {
    observer_interval_ = 1ms;
    keep_archive();
    start_observed();
  }
};

TEST_F(ClientApiArchiveTest, TheArchiveHasThemToo) {
  const std::string id = chat_with(kToken);
  ASSERT_EQ(list("?limit=100").size(), 1u) << "so it is archived";
  EXPECT_EQ(report(id).status, 204);
  const boost::json::value remembered = client_of(id);
  for (size_t i = 0; i < 2 * kKept; ++i) chat();
  EXPECT_EQ(client_of(id), remembered);
  EXPECT_EQ(list("?limit=100").size(), 1 + 2 * kKept) << "the report is none of them";
  expect_report_refused(report(id), 404, "not_found", "", "among the last 5");
  const std::string all = client_->get("/report?format=text&last=100").body;
  EXPECT_THAT(all, testing::HasSubstr("client.rendering"));
  const std::string trace = client_->get("/requests/" + id + "?format=chrome").body;
  EXPECT_THAT(trace, testing::HasSubstr("\"receiving\""));
}

}  // namespace
}  // namespace qaio
