// Many clients, and those who leave, do not read, do not finish, or come from elsewhere.
#include <algorithm>
#include <deque>

#include "base/mutex.h"
#include "server/api/server_fixture_for_test.h"
#include "server/http/exchange.h"
#include "server/http/server.h"

namespace qaio {
namespace {

using testing::HasSubstr;
using namespace std::chrono_literals;

constexpr std::string_view kHello = R"({"input":"hello"})";

class CrowdTest : public ServerFixture {
 protected:
  // Only so many bytes are left beside what every connection has.
  void leave_bytes(size_t bytes) {
    options_.body_bytes_max = 64 << 10;
    const size_t needed = options_.body_bytes_max + kSendBufferHeldBytes;
    options_.memory_bytes_max =
        static_cast<size_t>(options_.connections_max + kHealthPlaces) * kConnectionBytes +
        std::max(bytes, needed);
  }
  // A request whose body lacks its last byte.
  static std::string unfinished(size_t body_bytes) {
    std::string text = TestClient::text("POST", "/chat", std::string(body_bytes, ' '));
    text.pop_back();
    return text;
  }
};

// The read that watches for a client's leaving may see the end of the stream just when the answer
// is on its way: the connection must not wait for it a second time.
TEST_F(CrowdTest, AClientThatClosesAfterItsAnswerFreesItsConnection) {
  start("ok");
  for (int i = 0; i < 300; ++i) EXPECT_EQ(post("/chat", kHello).status, 200);
  wait_until([&] { return server_->connections() == 0; });
}

TEST_F(CrowdTest, AClientThatOnlyStopsSendingFreesItsConnectionToo) {
  start("ok", 1ms);
  for (int i = 0; i < 100; ++i) {
    TestClient half(server_->port());
    half.send(TestClient::text("POST", "/chat", kHello));
    half.close_sending();
    half.receive();
  }
  wait_until([&] { return server_->connections() == 0; });
}

TEST_F(CrowdTest, PastTheLimitHealthStillAnswersAndOthersAreToldWhy) {
  options_.connections_max = 2;
  start();
  TestClient first(server_->port());
  TestClient second(server_->port());
  EXPECT_EQ(first.get("/health").status, 200);
  EXPECT_EQ(second.get("/health").status, 200);
  const ClientResponse health = client().get("/health/ready");
  EXPECT_EQ(health.status, 200);
  EXPECT_EQ(health.headers.at("Connection"), "close");
  const ClientResponse refused = client().post("/chat", kHello);
  EXPECT_EQ(refused.status, 503);
  EXPECT_THAT(refused.error("message"), HasSubstr("too many connections"));
  wait_until([&] {
    const MutexLock lock(mutex_);
    return std::ranges::count(records_, "/chat", &RequestRecord::path) == 1;
  });
  // Who takes a place of theirs and says nothing, loses it soon.
  std::deque<TestClient> silent;
  for (int i = 0; i < kHealthPlaces; ++i) silent.emplace_back(server_->port());
  wait_until([&] { return server_->connections() == 2 + kHealthPlaces; });
  EXPECT_EQ(client().read().status, 503);
  wait_until([&] { return server_->connections() == 2; });
  EXPECT_EQ(client().get("/health").status, 200);
}

TEST_F(CrowdTest, BodiesBeingReadShareABudget) {
  leave_bytes(256 << 10);
  options_.read_timeout = 500ms;
  start();
  std::deque<TestClient> clients;
  for (int i = 0; i < 10; ++i) clients.emplace_back(server_->port()).send(unfinished(60'000));
  EXPECT_EQ(post("/chat", kHello).status, 200);  // short requests are no part of it
  int refused = 0;
  for (TestClient& one : clients) {
    const ClientResponse answer = one.read();
    if (answer.status == 408) continue;  // it had its share and did not finish
    ++refused;
    EXPECT_EQ(answer.status, 503);
    EXPECT_EQ(answer.error("code"), "resource_exhausted");
    EXPECT_TRUE(answer.headers.contains("Retry-After"));
  }
  EXPECT_EQ(refused, 6);
  // Blanks are no JSON, but they are read: the bytes are free again.
  EXPECT_EQ(post("/chat", std::string(60'000, ' ')).status, 400);
}

TEST_F(CrowdTest, ChunkedBodiesCountAsTheyCome) {
  leave_bytes(0);
  start();
  const std::string head =
      "POST /chat HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n";
  std::deque<TestClient> clients;
  for (int i = 0; i < 4; ++i) {
    TestClient& one = clients.emplace_back(server_->port());
    one.send(head + "e000\r\n" + std::string(0xe000, ' ') + "\r\n");
  }
  int refused = 0;
  for (TestClient& one : clients) {
    one.send("1\r\n \r\n0\r\n\r\n");
    const int status = one.read().status;
    EXPECT_TRUE(status == 503 || status == 400) << status;
    refused += static_cast<int>(status == 503);
  }
  EXPECT_GE(refused, 1);
  EXPECT_EQ(post("/chat", std::string(60'000, ' ')).status, 400);
}

TEST_F(CrowdTest, AnswersThatNobodyReadsShareABudget) {
  leave_bytes(1 << 20);
  start();
  std::string content(60'000, 'a');
  for (size_t i = 0; i < content.size(); i += 2) content[i] = ' ';
  const std::string body = R"({"content":")" + content + R"(","with_pieces":true})";
  const ClientResponse whole = post("/tokenize", body);
  ASSERT_EQ(whole.status, 200);
  EXPECT_EQ(whole.headers.at("Transfer-Encoding"), "chunked");
  EXPECT_GT(whole.body.size(), 500'000U);
  EXPECT_GT(whole.json().at("tokens").as_array().size(), 20'000U);
  // Each holds what its body, its tokens, a piece and the kernel's buffer take: a few fit.
  std::deque<TestClient> deaf;
  for (int i = 0; i < 12; ++i) {
    deaf.emplace_back(server_->port(), /*receive_buffer_bytes=*/4096)
        .send(TestClient::text("POST", "/tokenize", body));
  }
  int refused = 0;
  for (TestClient& one : deaf)
    refused += static_cast<int>(one.read(/*head_only=*/true).status == 503);
  EXPECT_GE(refused, 4);
  EXPECT_LE(refused, 10);
  EXPECT_EQ(post("/chat", kHello).status, 200);
  deaf.clear();
  wait_until([&] { return server_->connections() == 0; });
  EXPECT_EQ(post("/tokenize", body).body, whole.body);
}

TEST_F(CrowdTest, LongAnswersReachOldClientsAndHeadsToo) {
  start();
  const std::string body =
      R"({"content":")" + std::string(20'000, '!') + R"(","with_pieces":true})";
  TestClient old(server_->port());
  old.send("POST /tokenize HTTP/1.0\r\nContent-Length: " + std::to_string(body.size()) +
           "\r\n\r\n" + body);
  const ClientResponse head = old.read(/*head_only=*/true);
  EXPECT_EQ(head.headers.at("Connection"), "close");
  EXPECT_FALSE(head.headers.contains("Transfer-Encoding"));
  std::string rest = old.rest();
  EXPECT_EQ(rest, post("/tokenize", body).body);
}

TEST_F(CrowdTest, ABudgetTooSmallForItsConnectionsIsRefused) {
  options_.memory_bytes_max = 1 << 20;
  const auto server = Server::start(options_, Router(), nullptr, clock_);
  ASSERT_FALSE(server);
  EXPECT_THAT(server.error().message, HasSubstr("--http-memory-mib"));
  EXPECT_THAT(server.error().message, HasSubstr("--connections-max"));
}

TEST_F(CrowdTest, PagesOfOtherSitesAreRefusedBeforeAnythingRuns) {
  options_.cors_origins = {"https://mine.example"};
  start();
  const auto ask = [&](std::string_view headers) {
    return client().request("POST", "/chat", kHello, headers);
  };
  EXPECT_EQ(ask("Content-Type: text/plain\r\nOrigin: https://evil.example\r\n").status, 403);
  const RequestRecord refused = record(0);
  EXPECT_EQ(refused.error_code, "origin_not_allowed");
  EXPECT_TRUE(refused.tasks.empty());
  EXPECT_EQ(ask("Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: no-cors\r\n").status, 403);
  const ClientResponse mine = ask("Origin: https://mine.example\r\n");
  EXPECT_EQ(mine.status, 200);
  EXPECT_EQ(mine.headers.at("Access-Control-Allow-Origin"), "https://mine.example");
  EXPECT_EQ(mine.headers.at("Vary"), "Origin");
  EXPECT_FALSE(ask("").headers.contains("Access-Control-Allow-Origin"));
  EXPECT_EQ(ask("Origin: http://localhost\r\n").status, 200);
  // The body of a refused one is not waited for.
  TestClient slow(server_->port());
  slow.send("POST /chat HTTP/1.1\r\nHost: evil.example\r\nContent-Length: 1000\r\n\r\n");
  EXPECT_EQ(slow.read().error("code"), "host_not_allowed");
}

}  // namespace
}  // namespace qaio
