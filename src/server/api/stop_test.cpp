// Clients that leave or do not read, and the server's end.
#include <fmt/format.h>

#include <fstream>

#include "server/api/server_fixture_for_test.h"
#include "server/http/server.h"

namespace qaio {
namespace {

using namespace std::chrono_literals;

using StopTest = ServerFixture;

constexpr std::string_view kHello = R"({"input":"hello"})";

std::string words(int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text += "word ";
  return text;
}

// What the system holds for the server's ends of its connections, as its clients sent it.
int64_t unread_bytes(uint16_t port) {
  std::ifstream connections("/proc/net/tcp");
  const std::string local = fmt::format(":{:04X}", port);
  int64_t bytes = 0;
  std::string number, from, to, state, queues, line;
  std::getline(connections, line);
  while (connections >> number >> from >> to >> state >> queues &&
         std::getline(connections, line)) {
    if (from.ends_with(local) && state == "01") {
      bytes += std::stoll(queues.substr(queues.find(':') + 1), nullptr, 16);
    }
  }
  return bytes;
}

TEST_F(StopTest, AClientThatLeavesCancelsItsWork) {
  start(words(200), 20ms);
  TestClient leaver(server_->port());
  leaver.send(TestClient::text("POST", "/chat", kHello));
  wait_for_running(1);
  leaver.close();
  const RequestRecord left = record(0);
  EXPECT_EQ(left.status, 499);
  EXPECT_EQ(left.error_code, "cancelled");
  EXPECT_EQ(left.tasks.size(), 2U);
  EXPECT_EQ(engine_->load().running, 0);
  EXPECT_LT(model_->steps(), 200);
  EXPECT_EQ(client().get("/health").status, 200);
}

TEST_F(StopTest, StopLetsRunningRequestsFinish) {
  start("a long reply", 10ms);
  TestClient busy(server_->port());
  TestClient idle(server_->port());
  EXPECT_EQ(idle.get("/health").status, 200);
  busy.send(TestClient::text("POST", "/chat", kHello));
  wait_for_running(1);
  server_->stop(20s);
  const ClientResponse response = busy.read();
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.headers.at("Connection"), "close");
  EXPECT_EQ(idle.receive(), "");
}

TEST_F(StopTest, StopCancelsWhatOutlivesTheDrainTime) {
  start(words(200), 50ms);
  TestClient busy(server_->port());
  busy.send(TestClient::text("POST", "/chat", kHello));
  wait_for_running(1);
  server_->stop(20ms);
  EXPECT_EQ(busy.read().status, 503);
  EXPECT_EQ(record(0).error_code, "cancelled");
}

// How long the server takes to stop when requests get `drain` to finish.
std::chrono::milliseconds time_to_stop(Server& server, std::chrono::milliseconds drain) {
  const auto begin = std::chrono::steady_clock::now();
  server.stop(drain);
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() -
                                                               begin);
}

TEST_F(StopTest, StopDoesNotWaitForAHead) {
  start();
  TestClient silent(server_->port());
  TestClient half(server_->port());
  half.send("POST /chat HT");
  wait_until([&] { return server_->connections() == 2; });
  wait_until([&] { return unread_bytes(server_->port()) == 0; });
  EXPECT_LT(time_to_stop(*server_, 60s), 60s);
  EXPECT_EQ(half.read().status, 503);
  EXPECT_EQ(silent.receive(), "");
  EXPECT_EQ(record(0).status, 503);
  EXPECT_EQ(record(0).error_code, "cancelled");
}

TEST_F(StopTest, StopGivesABodyTheDrainTime) {
  start();
  const std::string all = TestClient::text("POST", "/chat", kHello);
  TestClient late(server_->port());
  TestClient never(server_->port());
  for (TestClient* each : {&late, &never})
    each->send(std::string_view(all).substr(0, all.size() - 4));
  wait_until([&] { return server_->connections() == 2; });
  wait_until([&] { return unread_bytes(server_->port()) == 0; });
  std::thread rest([&] {
    std::this_thread::sleep_for(50ms);
    late.send(std::string_view(all).substr(all.size() - 4));
  });
  const auto time = time_to_stop(*server_, 1500ms);
  rest.join();
  EXPECT_GE(time, 1500ms);
  EXPECT_EQ(late.read().status, 200);
  EXPECT_EQ(never.read().status, 503);
  EXPECT_EQ(record(0).status, 200);
  EXPECT_EQ(record(1).status, 503);
  EXPECT_EQ(record(1).path, "/chat");
}

// An answer of some megabytes.
constexpr std::string_view kMuch = R"({"messages":[{"role":"user","content":"x"}],"stream":true,)"
                                   R"("max_tokens":900,"logprobs":true,"top_logprobs":20})";

TEST_F(StopTest, AClientThatDoesNotReadIsLeftAfterTheWriteTime) {
  options_.write_timeout = 100ms;
  start(words(500));
  TestClient deaf(server_->port(), 4096);
  deaf.send(TestClient::text("POST", "/v1/chat/completions", kMuch));
  EXPECT_EQ(record(0).status, 499);
  EXPECT_EQ(record(0).error_code, "client_too_slow");
  wait_until([&] { return server_->connections() == 0; });
}

TEST_F(StopTest, StopLeavesAClientThatDoesNotRead) {
  start(words(500));
  TestClient deaf(server_->port(), 4096);
  deaf.send(TestClient::text("POST", "/v1/chat/completions", kMuch));
  wait_until([&] { return engine_->load().steps > 100; });
  wait_until([&] { return engine_->load().running == 0; });
  server_->stop(20ms);
  EXPECT_EQ(record(0).status, 499);
  EXPECT_EQ(record(0).error_code, "cancelled");
}

}  // namespace
}  // namespace qaio
