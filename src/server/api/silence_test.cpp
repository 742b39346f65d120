// What a client hears while the model has nothing to say yet.
#include <algorithm>

#include "server/api/openai_fixture_for_test.h"

namespace qaio {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using namespace std::chrono_literals;

constexpr std::string_view kComment = ": keep-alive\n\n";

class SilenceTest : public OpenAiFixture {
 protected:
  // Each step of the model takes several times what a client may go without a byte.
  void start_slow() {
    options_.stream_silence_max = 10ms;
    options_.answer_silence_max = 10ms;
    start("ok", 150ms);
  }

  // What no stage covers of a request, the least share of several: on a loaded machine a thread
  // that is handed a result may wait for its turn on a processor.
  double least_unattributed(std::string_view path, const std::string& body) {
    double least = 1;
    for (int i = 0; i < 50 && least >= 0.01; ++i) {
      const std::string id = std::to_string(i);
      client().request("POST", path, body, "X-Request-Id: " + id + "\r\n");
      const StageLane lane = record_of(id).lane;
      least = std::min(
          least, static_cast<double>(lane.unattributed_ns()) / static_cast<double>(lane.wall_ns()));
    }
    return least;
  }
  RequestRecord record_of(const std::string& id) {
    for (size_t n = 0;; ++n) {
      const RequestRecord one = record(n);
      if (one.request_id == id || HasFailure()) return one;
    }
  }

  static constexpr std::string_view kTask = "/v1/tasks/chat";
  static constexpr std::string_view kInput = R"({"input":"x"})";
};

TEST_F(SilenceTest, AStreamBeginsWhenItsRequestIsAdmitted) {
  start("ok", 500ms);
  for (const auto& [path, body] : std::vector<std::pair<std::string_view, std::string>>{
           {kChat, chat(R"(,"stream":true)")},
           {kChat, chat(R"(,"stream":true,"guided_choice":["a","b"])")},
           {kCompletions, R"({"prompt":"x","stream":true})"},
           {"/chat", R"({"input":"x","stream":true})"}}) {
    TestClient patient(server_->port());
    patient.send(TestClient::text("POST", path, body));
    const std::string head = patient.receive();
    EXPECT_THAT(head, HasSubstr("text/event-stream; charset=utf-8\r\n")) << path;
    EXPECT_THAT(head, HasSubstr("X-Accel-Buffering: no\r\n")) << path;
    EXPECT_THAT(head, HasSubstr("Cache-Control: no-cache, no-transform\r\n")) << path;
    EXPECT_THAT(head, Not(HasSubstr("data:"))) << path;
  }
}

TEST_F(SilenceTest, AStreamThatIsSilentSendsComments) {
  start_slow();
  const ClientResponse answer = post(kChat, chat(R"(,"stream":true)"));
  EXPECT_THAT(answer.body, StartsWith(kComment));
  std::string events;
  for (size_t at = 0; at < answer.body.size();) {
    const size_t end = answer.body.find("\n\n", at) + 2;
    const std::string event = answer.body.substr(at, end - at);
    if (event != kComment) events += event;
    at = end;
  }
  EXPECT_THAT(events, StartsWith("data: {"));
  EXPECT_THAT(events, Not(HasSubstr("keep-alive")));
  EXPECT_TRUE(events.ends_with("data: [DONE]\n\n"));
  EXPECT_THAT(post("/chat", R"({"input":"x","stream":true})").body, StartsWith(kComment));
  EXPECT_EQ(record(0).status, 200);
  EXPECT_LT(least_unattributed(kChat, chat(R"(,"stream":true)")), 0.01);
}

// Some readers take a comment for the end of what came together with it.
TEST_F(SilenceTest, CommentsAreWrittenAlone) {
  start_slow();
  TestClient patient(server_->port());
  patient.send(TestClient::text("POST", kChat, chat(R"(,"stream":true)")));
  std::string all = patient.receive();
  all += patient.receive();
  EXPECT_THAT(all, HasSubstr("\r\n\r\ne\r\n: keep-alive\n\n\r\n"));  // a chunk of 14 bytes
}

TEST_F(SilenceTest, AnAnswerThatTakesLongIsPrecededByWhiteSpace) {
  start_slow();
  TestClient same(server_->port());
  for (const auto& [path, body] : std::vector<std::pair<std::string_view, std::string>>{
           {kChat, chat()},
           {kCompletions, R"({"prompt":"x"})"},
           {"/chat", std::string(kInput)},
           {kTask, std::string(kInput)},
           {"/v1/tasks/sentiment", std::string(kInput)}}) {
    const ClientResponse answer = same.post(path, body);
    EXPECT_EQ(answer.status, 200) << path;
    EXPECT_THAT(answer.body, StartsWith(" ")) << path;
    EXPECT_EQ(answer.headers.at("Content-Type"), "application/json");
    EXPECT_EQ(answer.headers.at("X-Accel-Buffering"), "no");
    EXPECT_TRUE(answer.headers.contains("X-Request-Id"));
    EXPECT_FALSE(answer.json().contains("error")) << answer.body;
  }
  const RequestRecord first = record(0);
  EXPECT_EQ(first.status, 200);
  EXPECT_EQ(first.error_code, "");
  EXPECT_LT(least_unattributed("/v1/tasks/sentiment", std::string(kInput)), 0.01);
}

TEST_F(SilenceTest, AnOldClientGetsTheSameUntilTheConnectionEnds) {
  start_slow();
  TestClient old(server_->port());
  old.send("POST /v1/tasks/chat HTTP/1.0\r\nContent-Length: 13\r\n\r\n" + std::string(kInput));
  const std::string answer = old.rest();
  EXPECT_THAT(answer, Not(HasSubstr("chunked")));
  EXPECT_THAT(answer, HasSubstr("\r\n\r\n  "));
  EXPECT_THAT(answer, HasSubstr(R"("text":"ok")"));
}

TEST_F(SilenceTest, AnErrorBehindWhiteSpaceIsToldByTheBody) {
  start_slow();
  const ClientResponse late = post(kChat, chat(R"(,"timeout_ms":100)"));
  EXPECT_EQ(late.status, 200);
  EXPECT_THAT(late.body, StartsWith(" "));
  EXPECT_EQ(late.error("code"), "deadline_exceeded");
  EXPECT_EQ(late.error("type"), "server_error");
  EXPECT_EQ(record(0).status, 200);  // as the client was told
  EXPECT_EQ(record(0).error_code, "deadline_exceeded");
  EXPECT_EQ(post(kTask, R"({"input":"x","timeout_ms":100})").error("code"), "deadline_exceeded");
  EXPECT_EQ(record(1).error_code, "deadline_exceeded");
}

TEST_F(SilenceTest, AnErrorBehindTheHeadOfAStreamIsAnEvent) {
  start("ok", 150ms);
  std::string words;  // of a prompt that takes two steps
  for (int i = 0; i < 400; ++i) words += "word ";
  const std::string more = R"(","stream":true,"timeout_ms":100})";
  const ClientResponse late = post(kCompletions, R"({"prompt":")" + words + more);
  EXPECT_EQ(late.status, 200);
  EXPECT_THAT(late.body, StartsWith(R"(data: {"error":{"code":"deadline_exceeded")"));
  EXPECT_EQ(record(0).status, 200);
  EXPECT_EQ(record(0).error_code, "deadline_exceeded");
  EXPECT_THAT(post("/chat", R"({"input":"x)" + more).body,
              HasSubstr("event: error\ndata: {\"error\":"));
}

TEST_F(SilenceTest, WhatIsRefusedBeforehandKeepsItsStatus) {
  options_.stream_silence_max = 10ms;
  options_.answer_silence_max = 10ms;
  start("ok", 150ms);
  std::string words;
  for (int i = 0; i < 1200; ++i) words += "word ";
  for (const std::string_view stream : {"true", "false"}) {
    const std::string too_long = R"({"messages":[{"role":"user","content":")" + words +
                                 R"("}],"stream":)" + std::string(stream) + "}";
    EXPECT_EQ(post(kChat, too_long).status, 400);
    EXPECT_EQ(post("/chat", R"({"input":")" + words + R"(","stream":)" + std::string(stream) + "}")
                  .status,
              400);
  }
}

TEST_F(SilenceTest, WhoLeavesMeanwhileFreesTheSequence) {
  start_slow();
  size_t number = 0;
  for (const std::string_view more : {"", R"(,"stream":true)"}) {
    TestClient leaver(server_->port());
    leaver.send(TestClient::text("POST", kChat, chat(more)));
    leaver.receive();
    leaver.close();
    EXPECT_EQ(record(number++).status, 499);
    EXPECT_EQ(engine_->load().running, 0);
  }
}

}  // namespace
}  // namespace qaio
