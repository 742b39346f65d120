// Connections: limits, timeouts, order.
#include "server/http/server.h"

#include "server/api/server_fixture_for_test.h"

namespace qaio {
namespace {

using testing::HasSubstr;
using namespace std::chrono_literals;

using ServerTest = ServerFixture;

constexpr std::string_view kHello = R"({"input":"hello"})";

TEST_F(ServerTest, ListensBeforeTheModelIsReadyAndSaysSo) {
  listen();
  EXPECT_EQ(client().get("/health/live").status, 200);
  EXPECT_EQ(client().get("/health/ready").status, 503);
  EXPECT_EQ(client().get("/health").status, 503);
  const ClientResponse refused = post("/chat", kHello);
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(refused.error("code"), "not_ready");
  EXPECT_EQ(refused.headers.at("Retry-After"), "1");
  load();
  EXPECT_EQ(client().get("/health/ready").status, 200);
  EXPECT_EQ(client().get("/health").body, R"({"status":"ok"})");
  EXPECT_EQ(post("/chat", kHello).status, 200);
}

TEST_F(ServerTest, APortInUseIsAnErrorWithTheAddress) {
  listen();
  ServerOptions taken = options_;
  taken.port = server_->port();
  const auto second = Server::start(taken, Router(), nullptr, clock_);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::kIo);
  EXPECT_THAT(second.error().message, HasSubstr("127.0.0.1:" + std::to_string(taken.port)));
}

TEST_F(ServerTest, KeepsTheConnectionAndAnswersInOrder) {
  start("ok", 5ms);
  TestClient keep(server_->port());
  for (int i = 0; i < 3; ++i) EXPECT_EQ(keep.post("/chat", kHello).status, 200);
  std::string pipelined;
  for (int i = 0; i < 5; ++i) {
    pipelined +=
        TestClient::text("POST", "/chat", kHello, "X-Request-Id: n" + std::to_string(i) + "\r\n");
  }
  keep.send(pipelined);
  for (int i = 0; i < 5; ++i) {
    const ClientResponse response = keep.read();
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.headers.at("X-Request-Id"), "n" + std::to_string(i));
  }
  EXPECT_EQ(server_->connections(), 1);
}

TEST_F(ServerTest, ReadsChunkedBodiesAndFormTypesAndOldVersions) {
  start();
  TestClient chunked(server_->port());
  chunked.send(
      "POST /chat HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n"
      "Content-Type: application/x-www-form-urlencoded\r\n\r\n"
      "9\r\n{\"input\":\r\n8\r\n\"hello\"}\r\n0\r\n\r\n");
  EXPECT_EQ(chunked.read().status, 200);
  TestClient old(server_->port());
  old.send("GET /health/live HTTP/1.0\r\n\r\n");
  EXPECT_EQ(old.read().headers.at("Connection"), "close");
  EXPECT_EQ(old.receive(), "");
}

TEST_F(ServerTest, HeadMethodsAndUnknownPaths) {
  start();
  TestClient keep(server_->port());
  const ClientResponse head = keep.request("HEAD", "/health");
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.headers.at("Content-Length"), "15");
  EXPECT_EQ(keep.get("/nowhere").status, 404);
  const ClientResponse wrong = keep.get("/chat");
  EXPECT_EQ(wrong.status, 405);
  EXPECT_EQ(wrong.headers.at("Allow"), "POST");
  EXPECT_EQ(keep.request("DELETE", "/health").headers.at("Allow"), "GET, HEAD");
  EXPECT_EQ(keep.get("/health?verbose=1").status, 200);
  EXPECT_EQ(record(1).status, 404);
}

TEST_F(ServerTest, RequestIdsAreKeptIfSaneElseMade) {
  start();
  TestClient keep(server_->port());
  const auto id = [&](std::string_view header) {
    return keep.request("GET", "/health", {}, header).headers.at("X-Request-Id");
  };
  for (const std::string own : {"abc-1", "a", "0193A1B2-c3d4-7000-8000-00000000000f",
                                "Root=1-67891233-abcdef", "aGk+/w==", "|7d5f.a1:b_c~d@e,f"}) {
    EXPECT_EQ(id("X-Request-Id: " + own + "\r\n"), own);
  }
  EXPECT_EQ(id("X-Request-Id: " + std::string(128, 'x') + "\r\n"), std::string(128, 'x'));
  for (const std::string bad : {"has space", "<b>", "a;b", "a\"b", "a'b", "a\\b", "a{b}", "a%0ab",
                                "a`b", "a$b", "\xe4\xbd\xa0", ""}) {
    EXPECT_THAT(id("X-Request-Id: " + bad + "\r\n"), testing::MatchesRegex("[0-9a-f]{32}")) << bad;
  }
  EXPECT_EQ(id("X-Request-Id: " + std::string(129, 'x') + "\r\n").size(), 32U);
  EXPECT_NE(id(""), id(""));
}

TEST_F(ServerTest, ATooLargeBodyGets413EvenIfTheClientSendsAllOfIt) {
  start();
  const std::string body = "{\"input\":\"" + std::string(10 << 20, 'x') + "\"}";
  TestClient big(server_->port());
  EXPECT_TRUE(big.send(TestClient::text("POST", "/chat", body)));
  const ClientResponse refused = big.read();
  EXPECT_EQ(refused.status, 413);
  EXPECT_THAT(refused.error("message"), HasSubstr("1048576"));
  EXPECT_EQ(record(0).status, 413);
  EXPECT_EQ(record(0).path, "/chat");

  TestClient chunked(server_->port());
  chunked.send("POST /chat HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n");
  for (int i = 0; i < 40; ++i) chunked.send("10000\r\n" + std::string(0x10000, 'x') + "\r\n");
  EXPECT_EQ(chunked.read().status, 413);
}

TEST_F(ServerTest, AnswersExpectContinue) {
  start();
  TestClient polite(server_->port());
  polite.send(
      "POST /chat HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: "
      "17\r\n\r\n");
  EXPECT_EQ(polite.read().status, 100);
  polite.send(kHello);
  EXPECT_EQ(polite.read().status, 200);
  TestClient big(server_->port());
  big.send(
      "POST /chat HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: "
      "9999999\r\n\r\n");
  EXPECT_EQ(big.read().status, 413);
}

struct BadHead {
  std::string lines;
  int status;
};

// What stands behind the head must never be taken for a request: a proxy saw it as the body.
TEST_F(ServerTest, ABodyWithoutACertainEndEndsTheConnection) {
  start();
  const std::string smuggled = "GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n";
  const std::string length = "Content-Length: " + std::to_string(smuggled.size()) + "\r\n";
  for (const auto& [lines, status] :
       std::vector<BadHead>{{"Transfer-Encoding: gzip\r\n", 400},
                            {"Transfer-Encoding: chunked, gzip\r\n", 400},
                            {"Transfer-Encoding: xchunked\r\n", 400},
                            {"Transfer-Encoding: identity\r\n", 400},
                            {"Transfer-Encoding: gzip\r\n" + length, 400},
                            {"Transfer-Encoding: chunked\r\n" + length, 400},
                            {length + "Transfer-Encoding: chunked\r\n", 400},
                            {length + "Content-Length: 0\r\n", 400},
                            {"Transfer-Encoding: chunked\r\nTransfer-Encoding: gzip\r\n", 400},
                            {"Transfer-Encoding: gzip, chunked\r\n", 501},
                            {"Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n", 501}}) {
    SCOPED_TRACE(lines);
    TestClient sly(server_->port());
    std::string sent = "POST /tokenize HTTP/1.1\r\nHost: localhost\r\n" + lines;
    sly.send(sent.append("\r\n").append(smuggled));
    const ClientResponse refused = sly.read();
    EXPECT_EQ(refused.status, status) << refused.body;
    EXPECT_EQ(refused.headers.at("Connection"), "close");
    EXPECT_EQ(sly.receive(), "");
  }
  TestClient old(server_->port());
  old.send("POST /tokenize HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
  EXPECT_EQ(old.read().status, 400);
}

TEST_F(ServerTest, DemandsOneHostAndMeetsOneExpectation) {
  start();
  size_t count = 0;
  for (const auto& [lines, status] :
       std::vector<BadHead>{{"", 400},
                            {"Host: a\r\nHost: b\r\n", 400},
                            {"Host: localhost\r\nExpect: the-unexpected\r\n", 417},
                            {"Host: localhost\r\nExpect: 100-continue, more\r\n", 417},
                            {"Host: localhost\r\n", 200}}) {
    SCOPED_TRACE(lines);
    TestClient each(server_->port());
    each.send("GET /health HTTP/1.1\r\n" + lines + "\r\n");
    EXPECT_EQ(each.read().status, status);
    record(count++);  // before the next one's, which another thread may write
  }
  EXPECT_EQ(record(2).error_code, "expectation_failed");
  EXPECT_EQ(record(2).path, "/health");
}

TEST_F(ServerTest, HostsThatAreNoneAndTargetsWithOne) {
  start();
  const auto status = [&](const std::string& head) {
    TestClient client(server_->port());
    client.send(head + "\r\n\r\n");
    return client.read().status;
  };
  for (const char* host : {"", "a b", "a/b", "user@a", "a:b", "[::1", "[x]", "a?b", "http://a"})
    EXPECT_EQ(status(std::string("GET /health HTTP/1.1\r\nHost: ") + host), 400) << host;
  for (const char* host : {"localhost", "localhost:80", "[::1]:80", "127.0.0.1", "localhost:"})
    EXPECT_EQ(status(std::string("GET /health HTTP/1.1\r\nHost: ") + host), 200) << host;
  // the target's host counts, not the header's
  EXPECT_EQ(status("GET http://localhost/health HTTP/1.1\r\nHost: localhost"), 200);
  EXPECT_EQ(status("GET HTTP://127.0.0.1:1/health HTTP/1.1\r\nHost: localhost"), 200);
  EXPECT_EQ(status("GET http://evil.example/health HTTP/1.1\r\nHost: localhost"), 403);
  EXPECT_EQ(status("GET http:///health HTTP/1.1\r\nHost: localhost"), 400);
}

TEST_F(ServerTest, AnEmptyLineBeforeARequestIsNothing) {
  start();
  TestClient client(server_->port());
  client.send("\r\nGET /health HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(client.read().status, 200);
  client.send("\r\n\r\nGET /health HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(client.read().status, 200);
}

// What follows a host is the client's text: a name, a prompt in the wrong place.
TEST_F(ServerTest, OfAPathThatNoRouteHasOnlyKnownPartsAreRecorded) {
  start();
  const std::pair<std::string, std::string> paths[] = {
      {"/chat", "/chat"},
      {"/v1/tasks/sentiment", "/v1/tasks/{name}"},
      {"/v1/tasks/anna/private", "/v1/tasks/*/*"},
      {"/v1/v1/chat/completions?key=anna", "/v1/v1/chat/completions"},
      {"/chat/my%20name%20is%20anna", "/chat/*"},
      {"//anna//", "//*//"},
      {"/v1/tasks/{name}/x", "/v1/tasks/*/*"},
  };
  size_t count = 0;
  for (const auto& [sent, recorded] : paths) {
    post(sent, "{}");
    EXPECT_EQ(record(count).path, recorded) << sent;
    EXPECT_EQ(record(count++).routed, recorded == "/chat" || recorded == "/v1/tasks/{name}");
  }
  // One that is refused before it is looked at is no exception.
  TestClient refused(server_->port());
  refused.send("POST /v1/tasks/anna HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n");
  EXPECT_EQ(refused.read().status, 400);
  EXPECT_EQ(record(count).path, "/v1/tasks/{name}");
}

TEST_F(ServerTest, AnUnknownPathIsRecordedWhereTextsAre) {
  options_.record_paths = true;
  start();
  post("/v1/tasks/anna/private?key=1", "{}");
  EXPECT_EQ(record(0).path, "/v1/tasks/anna/private");
  post("/v1/tasks/anna", "{}");
  EXPECT_EQ(record(1).path, "/v1/tasks/{name}");
}

TEST_F(ServerTest, WhatIsNotHttpGets400AndLongHeaders431) {
  start();
  TestClient noise(server_->port());
  noise.send("\x16\x03\x01 hello?\r\n\r\n");
  EXPECT_EQ(noise.read().status, 400);
  EXPECT_EQ(noise.receive(), "");
  TestClient talkative(server_->port());
  talkative.send("GET /health HTTP/1.1\r\nX: " + std::string(20'000, 'y') + "\r\n\r\n");
  EXPECT_EQ(talkative.read().status, 431);
}

TEST_F(ServerTest, SlowRequestsGet408AndIdleConnectionsEnd) {
  options_.read_timeout = 150ms;
  options_.idle_timeout = 150ms;
  start();
  TestClient slow(server_->port());
  slow.send("POST /chat HTTP/1.1\r\nHost: localhost\r\nContent-Le");
  EXPECT_EQ(slow.read().status, 408);
  EXPECT_EQ(slow.receive(), "");
  TestClient idle(server_->port());
  EXPECT_EQ(idle.get("/health").status, 200);
  EXPECT_EQ(idle.receive(), "");
  EXPECT_EQ(record(0).status, 408);
  EXPECT_EQ(record(1).status, 200);
}

TEST_F(ServerTest, IdleTimeIsNotReadTime) {
  start();
  TestClient keep(server_->port());
  EXPECT_EQ(keep.get("/health").status, 200);
  record(0);
  const TimeNs idle_ns = clock_.now_ns();
  EXPECT_EQ(keep.get("/health").status, 200);
  EXPECT_GE(record(1).lane.begin_ns(), idle_ns);
}

TEST_F(ServerTest, ManyConnectionsAreRefusedWith503) {
  options_.connections_max = 2;
  start();
  TestClient first(server_->port());
  TestClient second(server_->port());
  EXPECT_EQ(first.get("/health").status, 200);
  EXPECT_EQ(second.get("/health").status, 200);
  record(1);  // of the two
  const ClientResponse refused = post("/chat", kHello);
  EXPECT_EQ(refused.status, 503);
  const RequestRecord left = record(2);
  EXPECT_EQ(refused.headers.at("X-Request-Id"), left.request_id);
  EXPECT_EQ(refused.headers.at("traceresponse"), traceparent_text(left.trace));
  EXPECT_EQ(left.status, 503);
  EXPECT_EQ(left.error_code, "resource_exhausted");
  EXPECT_GT(left.lane.wall_ns(), 0);
  second.close();
  wait_until([&] { return server_->connections() <= 1; });
  EXPECT_EQ(client().get("/health").status, 200);
}

TEST_F(ServerTest, BrowsersAreToldWhosePagesMayCall) {
  options_.cors_origins = {"https://example.org"};
  start();
  const auto ask = [&](std::string_view method, std::string_view body) {
    return client().request(method, "/chat", body, "Origin: https://example.org\r\n");
  };
  const ClientResponse asked = ask("OPTIONS", {});
  EXPECT_EQ(asked.status, 200);
  EXPECT_EQ(asked.headers.at("Access-Control-Allow-Origin"), "https://example.org");
  EXPECT_THAT(asked.headers.at("Access-Control-Allow-Headers"), HasSubstr("Authorization"));
  for (const ClientResponse& each : {ask("POST", kHello), ask("POST", "{}")}) {
    EXPECT_EQ(each.headers.at("Access-Control-Allow-Origin"), "https://example.org");
    EXPECT_THAT(each.headers.at("Access-Control-Expose-Headers"), HasSubstr("X-Request-Id"));
  }
}

TEST_F(ServerTest, WithoutAnOptionBrowsersAreToldNothing) {
  start();
  EXPECT_EQ(client().request("OPTIONS", "/chat").status, 405);
  EXPECT_FALSE(post("/chat", kHello).headers.contains("Access-Control-Allow-Origin"));
}

TEST_F(ServerTest, ManyClientsOnSeveralThreads) {
  options_.io_threads = 3;
  start("ok", 200us);
  std::vector<std::thread> threads;
  threads.reserve(8);
  std::atomic<int> answered{0};
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      TestClient keep(server_->port());
      for (int n = 0; n < 10; ++n) answered += keep.post("/chat", kHello).status == 200 ? 1 : 0;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(answered, 80);
}

constexpr std::string_view kTrace = "4bf92f3577b34da6a3ce929d0e0e4736";
constexpr std::string_view kCaller = "00f067aa0ba902b7";

std::string traceparent(std::string_view flags) {
  return "Traceparent: 00-" + std::string(kTrace) + "-" + std::string(kCaller) + "-" +
         std::string(flags) + "\r\n";
}

TEST_F(ServerTest, ContinuesTheCallersTrace) {
  options_.export_traces = true;
  start();
  const ClientResponse response = client().request(
      "POST", "/chat", kHello, traceparent("01") + "tracestate: a=1\r\nTraceState: b=2\r\n");
  EXPECT_EQ(response.status, 200);
  const TraceContext trace = record(0).trace;
  EXPECT_EQ(trace_id_text(trace.trace_id), kTrace);
  EXPECT_EQ(span_id_text(trace.parent_span_id), kCaller);
  EXPECT_TRUE(trace.sampled);
  EXPECT_EQ(trace.state, "a=1,b=2");
  EXPECT_EQ(response.headers.at("traceresponse"), traceparent_text(trace));
}

TEST_F(ServerTest, TheCallerDecidesWhetherATraceIsExported) {
  options_.export_traces = true;
  start();
  client().request("POST", "/chat", kHello, traceparent("00"));
  EXPECT_FALSE(record(0).trace.sampled);
  EXPECT_EQ(trace_id_text(record(0).trace.trace_id), kTrace);
  post("/chat", kHello);
  EXPECT_TRUE(record(1).trace.sampled) << "without a caller's trace";
  client().get("/health");
  EXPECT_FALSE(record(2).trace.sampled) << "a probe";
  client().request("GET", "/health", {}, traceparent("01"));
  EXPECT_TRUE(record(3).trace.sampled) << "a probe that somebody follows";
}

TEST_F(ServerTest, NothingIsSampledThatNobodyTakes) {
  start();
  client().request("POST", "/chat", kHello, traceparent("01"));
  EXPECT_FALSE(record(0).trace.sampled);
  EXPECT_EQ(trace_id_text(record(0).trace.trace_id), kTrace);
}

TEST_F(ServerTest, AnInvalidParentBeginsATraceOfItsOwn) {
  start();
  size_t n = 0;
  for (const std::string& headers :
       {std::string(), std::string("traceparent: nonsense\r\n"),
        traceparent("01") + traceparent("01"),
        "traceparent: 00-" + std::string(kTrace) + "-0000000000000000-01\r\n"}) {
    const ClientResponse response = client().request("POST", "/chat", kHello, headers);
    EXPECT_EQ(response.status, 200);
    const TraceContext trace = record(n++).trace;
    EXPECT_TRUE(trace.trace_id.valid());
    EXPECT_NE(trace_id_text(trace.trace_id), kTrace) << headers;
    EXPECT_EQ(trace.parent_span_id, 0u);
    EXPECT_EQ(response.headers.at("traceresponse"), traceparent_text(trace));
  }
}

}  // namespace
}  // namespace qaio
