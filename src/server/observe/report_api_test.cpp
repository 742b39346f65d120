// GET /report, over memory and over an archive.
#include <future>

#include "server/observe/observe_fixture_for_test.h"

namespace qaio {
namespace {

namespace json = boost::json;
using testing::HasSubstr;
using testing::StartsWith;

class ReportApiTest : public ObserveFixture {
 protected:
  void chats(size_t count) {
    for (size_t i = 0; i < count; ++i) ASSERT_EQ(chat(R"(["sentiment"])").status, 200);
  }
  ClientResponse report(std::string_view accept, std::string_view query = "") {
    return client_->request("GET", "/report" + std::string(query), {},
                            fmt::format("Accept: {}\r\n", accept));
  }
  void expect_choices() {
    chats(3);
    ASSERT_EQ(chat(R"(["chat"])").status, 200);
    EXPECT_EQ(requests("?task=chat"), 1);
    EXPECT_EQ(requests("?task=sentiment&last=2"), 2);
    EXPECT_EQ(requests("?version=none"), 0);
    const json::object report = get("/report?trend=day");
    EXPECT_EQ(report.at("requests").as_int64(), 4);
    EXPECT_EQ(report.at("trend").as_array().size(), 1u);
  }
  int64_t requests(std::string_view query = "") {
    return get("/report" + std::string(query)).at("requests").as_int64();
  }
};

TEST_F(ReportApiTest, OfWhatMemoryHolds) {
  state_.run.version = "9.9";
  start_observed();
  chats(3);
  const json::object report = get("/report");
  EXPECT_EQ(report.at("requests").as_int64(), 3);
  EXPECT_EQ(report.at("answered").as_int64(), 3);
  EXPECT_EQ(report.at("runs").at(0).at("version").as_string(), "9.9");
  EXPECT_EQ(report.at("slowest").as_array().size(), 3u);
  chats(2 * kKept);
  EXPECT_EQ(requests(), int64_t{kKept});
  EXPECT_EQ(requests("?last=2"), 2);
}

TEST_F(ReportApiTest, OfTheArchiveUpToTheLastRequest) {
  keep_archive();
  start_observed();
  chats(3 * kKept);
  EXPECT_EQ(requests(), int64_t{3 * kKept}) << "also what was not yet written, and no GET";
  EXPECT_EQ(requests("?last=7"), 7);
  EXPECT_EQ(requests("?since=1h"), int64_t{3 * kKept});
  EXPECT_EQ(requests("?since=1h&last=2"), 2);
  EXPECT_EQ(requests("?until=2020-01-01"), 0);
  const json::object report = get("/report");
  for (const json::value& stage : report.at("stages").as_array()) {
    if (stage.at("name").as_string() == "total") {
      EXPECT_EQ(stage.at("count").as_int64(), int64_t{3 * kKept});
    }
  }
  make_archive_unreadable();
  expect_refused("/report", 500, "", "the archive could not be read");
  EXPECT_EQ(archive_said().size(), 1u);
}

TEST_F(ReportApiTest, OfAVersionOrATaskAndItsTrend) {
  state_.run.version = "9.9";
  start_observed();
  expect_choices();
}

TEST_F(ReportApiTest, OfAVersionOrATaskOfTheArchive) {
  keep_archive();
  start_observed();
  expect_choices();
}

TEST_F(ReportApiTest, InTheFormThatIsAskedFor) {
  start_observed();
  chats(2);
  const struct {
    const char* accept;
    const char* query;
    const char* type;
    const char* begin;
  } cases[] = {
      {"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "",
       "text/html; charset=utf-8", "<!doctype html>"},
      {"*/*", "", "application/json", "{"},
      {"application/json", "", "application/json", "{"},
      {"text/plain;q=0.5 , text/html", "", "text/plain; charset=utf-8", "2 requests, 2 answered"},
      {"text/markdown", "", "text/markdown; charset=utf-8", "# Where the time goes"},
      {"text/html", "?format=text", "text/plain; charset=utf-8", "2 requests"},
      {"*/*", "?format=markdown", "text/markdown; charset=utf-8", "# Where"},
      {"*/*", "?format=html", "text/html; charset=utf-8", "<!doctype html>"},
      {"text/html", "?format=json", "application/json", "{"},
  };
  for (const auto& one : cases) {
    const ClientResponse response = report(one.accept, one.query);
    EXPECT_EQ(response.status, 200) << response.body;
    EXPECT_EQ(response.headers.at("Content-Type"), one.type) << one.accept << one.query;
    EXPECT_THAT(response.body, StartsWith(one.begin)) << one.accept << one.query;
    EXPECT_EQ(response.headers.at("Vary"), "Accept");
    EXPECT_EQ(response.headers.contains("Content-Security-Policy"),
              std::string(one.type).starts_with("text/html"));
  }
  EXPECT_EQ(client_->get("/report").headers.at("Content-Type"), "application/json");
  EXPECT_THAT(report("text/plain").body, HasSubstr("sentiment.prefill"));
}

TEST_F(ReportApiTest, WithChartsAndInChinese) {
  start_observed();
  chats(2);
  const json::array charts = get("/report?charts=1").at("charts").as_array();
  ASSERT_FALSE(charts.empty());
  EXPECT_EQ(charts[0].at("name").as_string(), "shares");
  EXPECT_FALSE(get("/report").contains("charts"));
  EXPECT_FALSE(get("/report?charts=0").contains("charts"));
  EXPECT_EQ(get("/report?charts=1&lang=zh").at("charts").at(0).at("title").as_string(),
            "请求的时间花在哪里");
  EXPECT_THAT(report("*/*", "?format=markdown&lang=zh").body, StartsWith("# 时间花在哪里"));
}

TEST_F(ReportApiTest, SaysWhatIsWrong) {
  start_observed();
  expect_refused("/report?last=0", 400, "last", "a whole number from 1 to 100000");
  expect_refused("/report?last=100001", 400, "last", "a whole number from 1 to 100000");
  expect_refused("/report?since=soon", 400, "since", "'soon' is no time");
  expect_refused("/report?until=", 400, "until", "is no time");
  expect_refused("/report?format=pdf", 400, "format", "json, html, text or markdown");
  expect_refused("/report?slow=5", 400, "slow",
                 "known are last, since, until, version, task, trend, format, charts, lang");
  expect_refused("/report?charts=2", 400, "charts", "must be 0 or 1");
  expect_refused("/report?charts=1&format=html", 400, "charts", "goes with format=json");
  expect_refused("/report?lang=fr", 400, "lang", "en or zh");
  expect_refused("/report?trend=week", 400, "trend", "day or version");
}

TEST_F(ReportApiTest, OneAtATime) {
  start_observed();
  std::promise<void> go;
  std::promise<void> begun;
  ASSERT_TRUE(reports_.post([&] {
    begun.set_value();
    go.get_future().wait();
  }));
  begun.get_future().wait();
  ASSERT_TRUE(reports_.post([] {})) << "one may wait";
  const ClientResponse refused = client_->get("/report");
  EXPECT_EQ(refused.status, 503);
  EXPECT_TRUE(refused.headers.contains("Retry-After"));
  go.set_value();
  wait_until([&] { return client_->get("/report").status == 200; });
}

}  // namespace
}  // namespace qaio
