// GET /requests and /requests/{id} with an archive behind them.
#include <algorithm>
#include <chrono>
#include <functional>
#include <future>

#include "server/observe/observe_fixture_for_test.h"

namespace qaio {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;

class RequestsApiTest : public ObserveFixture {
 protected:
  void SetUp() override {
    keep_archive();
    start_observed();
  }
  std::string chat_id(std::string_view tasks = R"(["sentiment"])") {
    const ClientResponse answer = chat(tasks);
    EXPECT_EQ(answer.status, 200) << answer.body;
    return std::string(answer.json().at("request_id").as_string());
  }
  std::vector<std::string> ids(std::string_view query) {
    std::vector<std::string> found;
    for (const json::value& record : list(query))
      found.emplace_back(record.at("request_id").as_string());
    return found;
  }
};

TEST_F(RequestsApiTest, WhatMemoryForgotIsFoundInTheArchive) {
  const std::string first = chat_id(R"(["sentiment","chat"])");
  json::object archived = get("/requests/" + first);
  archived.at("trace") = nullptr;  // all that archives do not keep
  std::vector<std::string> all = {first};
  for (size_t i = 0; i < 2 * kKept; ++i) all.insert(all.begin(), chat_id());
  EXPECT_EQ(ids("?limit=1"), std::vector{all.front()});  // so all of them are consumed
  ASSERT_TRUE(recent_.find(first).empty());
  EXPECT_EQ(get("/requests/" + first), archived) << "the same record";
  EXPECT_EQ(ids(""), all) << "newest first, none twice, no GET among them";
  EXPECT_EQ(ids("?limit=7"), std::vector(all.begin(), all.begin() + 7));
  EXPECT_EQ(ids("?task=chat"), std::vector{first});
  EXPECT_EQ(ids("?slow=0&limit=1000"), all);
  EXPECT_TRUE(ids("?slow=100000").empty());
  EXPECT_TRUE(ids("?task=nobody").empty());
}

// An id is the client's to choose: whoever repeats one hides nothing.
TEST_F(RequestsApiTest, ARepeatedIdIsToldAndAllOfItsRequestsAreFound) {
  const auto ask = [&](std::string_view tasks) {
    const std::string body = fmt::format(R"({{"input":"hello","tasks":[{}]}})", tasks);
    EXPECT_EQ(client_->request("POST", "/chat", body, "X-Request-Id: mine\r\n").status, 200);
  };
  const auto same_id = [&] { return get("/requests/mine").at("same_id").as_int64(); };
  const auto tasks_of = [&](std::string_view query) {
    std::string tasks;
    for (const json::value& record : list(query))
      tasks += std::string(record.at("tasks").as_array().at(0).at("task").as_string()) + " ";
    return tasks;
  };
  ask(R"("sentiment")");
  EXPECT_EQ(same_id(), 0);
  ask(R"("chat")");
  EXPECT_EQ(same_id(), 1) << "in memory";
  EXPECT_EQ(get("/requests/mine").at("tasks").as_array().at(0).at("task").as_string(), "chat")
      << "the newest";
  EXPECT_EQ(tasks_of("?id=mine"), "chat sentiment ");
  chat_id();
  EXPECT_EQ(tasks_of("?id=mine&limit=2"), "chat sentiment ");
  for (size_t i = 0; i < kKept; ++i) chat_id();
  EXPECT_EQ(same_id(), 1) << "in the archive";
  ask(R"("sentiment")");
  EXPECT_EQ(same_id(), 2) << "here and there";
  EXPECT_EQ(tasks_of("?id=mine"), "sentiment chat sentiment ");
  EXPECT_EQ(tasks_of("?id=mine&task=chat"), "chat ");
  EXPECT_TRUE(list("?id=other").empty());
  EXPECT_EQ(get(fmt::format("/requests/{}", chat_id())).at("same_id").as_int64(), 0);
  expect_refused("/requests?id=", 400, "id", "'id' must be the id of a request");
}

TEST_F(RequestsApiTest, WhatMemoryHoldsIsShownThoughTheArchiveCannotBeRead) {
  const std::string id = chat_id();
  make_archive_unreadable();
  EXPECT_EQ(get("/requests/" + id).at("same_id").as_int64(), 0);
  EXPECT_EQ(archive_said().size(), 1u);
}

TEST_F(RequestsApiTest, TimesAreComparedAlike) {
  for (size_t i = 0; i < 2 * kKept; ++i) chat_id();
  std::vector<double> totals;
  for (const json::value& record : list())
    totals.push_back(number(record.at("total_response_time_ms")));
  std::ranges::sort(totals);
  const double middle = totals[kKept];
  const auto slower = list(fmt::format("?slow={:.3f}", middle + 0.001));
  for (const json::value& record : slower)
    EXPECT_GE(number(record.at("total_response_time_ms")), middle);
  EXPECT_GE(slower.size(), kKept - 2);
  EXPECT_LE(slower.size(), kKept);
}

TEST_F(RequestsApiTest, TheSlowestOfMemoryAndArchiveComeFirst) {
  for (size_t i = 0; i < 3 * kKept; ++i) chat_id(i % 3 == 0 ? R"(["chat"])" : R"(["sentiment"])");
  const auto totals = [&](std::string_view query) {
    std::vector<double> found;
    for (const json::value& record : list(query))
      found.push_back(number(record.at("total_response_time_ms")));
    return found;
  };
  std::vector<double> slowest = totals("?limit=1000");
  ASSERT_EQ(slowest.size(), 3 * kKept);
  std::ranges::sort(slowest, std::greater());
  EXPECT_EQ(totals("?sort=slowest"), slowest);
  for (const size_t limit : {size_t{1}, size_t{4}, kKept, 2 * kKept}) {
    EXPECT_EQ(totals(fmt::format("?sort=slowest&limit={}", limit)),
              std::vector(slowest.begin(), slowest.begin() + static_cast<ptrdiff_t>(limit)));
  }
  EXPECT_EQ(list("?sort=slowest&task=chat").size(), kKept);
}

TEST_F(RequestsApiTest, ALongTableComesInPieces) {
  constexpr size_t kMany = 200;
  for (size_t i = 0; i < kMany; ++i) chat_id();
  const ClientResponse table = client_->get("/requests?format=csv&limit=1000");
  EXPECT_EQ(table.status, 200);
  EXPECT_EQ(table.headers.at("Transfer-Encoding"), "chunked");
  EXPECT_EQ(table.headers.at("Content-Disposition"), "attachment; filename=\"qaio-requests.csv\"");
  EXPECT_GT(table.body.size(), kPieceBytes);
  EXPECT_EQ(std::ranges::count(table.body, '\n'), kMany + 1);
  EXPECT_TRUE(table.body.starts_with("arrived,arrived_unix_ms,status,total_us,"));
}

TEST_F(RequestsApiTest, SaysWhatIsWrong) {
  expect_refused("/requests/never-seen", 404, "", "among the last 5 or in the archive");
  expect_refused("/requests?limit=1001", 400, "limit", "a whole number from 1 to 1000");
}

TEST_F(RequestsApiTest, AnArchiveThatCannotBeReadIsSaidOnceWithItsCause) {
  for (size_t i = 0; i < kKept; ++i) chat_id();
  ASSERT_EQ(list("?limit=5").size(), kKept);
  make_archive_unreadable();
  EXPECT_EQ(list("?limit=5").size(), kKept) << "memory has them all";
  for (int i = 0; i < 2; ++i)
    expect_refused("/requests?limit=6", 500, "", "the archive could not be read");
  EXPECT_THAT(archive_said(), testing::ElementsAre(testing::HasSubstr("a newer qaio wrote")));
}

TEST_F(RequestsApiTest, AnArchiveThatIsGoneIsFollowedByANewOne) {
  for (size_t i = 0; i < 2 * kKept; ++i) chat_id();
  ASSERT_EQ(list().size(), 2 * kKept);
  for (const char* part : {"", "-wal", "-shm"}) std::filesystem::remove(archive_->path() + part);
  EXPECT_EQ(list().size(), kKept) << "those in memory";
  EXPECT_THAT(archive_said(), testing::ElementsAre(testing::HasSubstr("removed or replaced")));
  const std::string id = chat_id();
  for (size_t i = 0; i < kKept; ++i) chat_id();
  EXPECT_EQ(get("/requests/" + id).at("request_id").as_string(), id);
}

TEST_F(RequestsApiTest, ADamagedRecordIsLeftOut) {
  std::vector<std::string> all;
  for (size_t i = 0; i < 2 * kKept; ++i) all.insert(all.begin(), chat_id());
  ASSERT_EQ(ids(""), all);
  ASSERT_TRUE(
      Database::open(archive_->path(), Database::Mode::kReadWrite)
          ->execute("UPDATE requests SET lane = x'' WHERE request_id = '" + all.back() + "'"));
  for (int i = 0; i < 2; ++i) EXPECT_EQ(ids(""), std::vector(all.begin(), all.end() - 1));
  EXPECT_EQ(client_->get("/requests/" + all.back()).status, 404);
  EXPECT_THAT(archive_said(), testing::ElementsAre(testing::HasSubstr("1 damaged record was")));
}

TEST_F(RequestsApiTest, WhatCannotWaitIsRefused) {
  std::promise<void> go;
  const std::shared_future<void> gone = go.get_future().share();
  std::promise<void> begun;
  ASSERT_TRUE(searches_.post([&begun, gone] {
    begun.set_value();
    gone.wait();
  }));
  begun.get_future().wait();
  while (searches_.post([gone] { gone.wait(); })) {
  }
  expect_refused("/requests", 503, "", "too many such requests wait");
  EXPECT_EQ(client_->get("/health/live").status, 200);
  go.set_value();
}

}  // namespace
}  // namespace qaio
