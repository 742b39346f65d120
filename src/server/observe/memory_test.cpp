// An allocation that fails somewhere in the server: every client gets an answer or a closed
// connection, and the next one is served.
#include "base/failing_memory_for_test.h"
#include "server/observe/observe_fixture_for_test.h"

namespace qaio {
namespace {

class MemoryTest : public ObserveFixture {
 protected:
  // Asio does not survive failures of its own allocations (Boost 1.74: a strand's destructor reads
  // what was not set yet), so those of its thread succeed.
  void start_with_safe_io() {
    options_.io_threads = 1;
    add_routes_ = [](Router& router) {
      router.add("GET", "/safe", kPublic, [](const std::shared_ptr<Call>& call) {
        FailingMemory::make_safe();
        call->respond({});
      });
    };
    keep_archive();
    start_observed();
    ASSERT_EQ(client().get("/safe").status, 200);
  }

  const FailingMemory::Safe safe_;  // of the client and of what sets the server up
};

struct Asked {
  std::string_view method;
  std::string_view path;
  std::string_view body;
};

TEST_F(MemoryTest, NobodyWaitsForAnAnswerThatDoesNotCome) {
  start_with_safe_io();
  const std::vector<Asked> all = {
      {"POST", "/chat", R"({"input":"x"})"},
      {"POST", "/chat", R"({"input":"x","stream":true})"},
      {"POST", "/v1/chat/completions", R"({"messages":[{"role":"user","content":"x"}]})"},
      {"POST", "/v1/completions", R"({"prompt":"x","stream":true,"logprobs":2})"},
      {"POST", "/tokenize", R"({"content":"x"})"},
      {"GET", "/stats", ""},
      {"GET", "/requests", ""},
      {"GET", "/requests/none", ""},
      {"GET", "/report", ""},
      {"GET", "/compare", ""},
      {"GET", "/metrics", ""},
  };
  int answered = 0;
  int refused = 0;
  int closed = 0;
  for (const Asked& asked : all) {
    for (const int64_t count : {1, 3, 30}) {
      for (int64_t first = 0;; first += 1 + first / 25) {
        SCOPED_TRACE(fmt::format("{} {}, {} from {}", asked.path, asked.body, count, first));
        TestClient one(server_->port());
        FailingMemory::arm(first, count);
        const auto begin = std::chrono::steady_clock::now();
        one.send(TestClient::text(asked.method, asked.path, asked.body, "Connection: close\r\n"));
        const std::string answer = one.rest();
        const auto time = std::chrono::steady_clock::now() - begin;
        const int64_t seen = FailingMemory::disarm();
        ASSERT_LT(time, std::chrono::seconds(25)) << answer;  // less than the client waits
        if (answer.empty()) {
          ++closed;
        } else {
          ++(answer.starts_with("HTTP/1.1 503") ? refused : answered);
        }
        if (seen <= first) break;
      }
    }
    const ClientResponse after = client().request(asked.method, asked.path, asked.body);
    EXPECT_EQ(after.status, asked.path == "/requests/none" ? 404 : 200) << asked.path;
  }
  EXPECT_GT(answered, 50);
  EXPECT_GT(refused, 50);
  EXPECT_GT(closed, 0);
}

}  // namespace
}  // namespace qaio
