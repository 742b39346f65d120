// Where answers of the OpenAI endpoints end: lengths, stop strings, deadlines, clients that leave.
#include "server/api/openai_fixture_for_test.h"

namespace qaio {
namespace {

using testing::HasSubstr;
using namespace std::chrono_literals;
namespace json = boost::json;

using OpenAiLimitsTest = OpenAiFixture;

TEST_F(OpenAiLimitsTest, MaxTokensAndStopEndTheAnswer) {
  start("one two three four five");
  json::object answer = post(kChat, chat(R"(,"max_tokens":2)")).json();
  EXPECT_EQ(choice(answer).at("finish_reason").as_string(), "length");
  EXPECT_EQ(answer.at("usage").as_object().at("completion_tokens").as_int64(), 2);
  answer = post(kChat, chat(R"(,"max_completion_tokens":1)")).json();
  EXPECT_EQ(answer.at("usage").as_object().at("completion_tokens").as_int64(), 1);
  answer = post(kChat, chat(R"(,"stop":[" three","never"])")).json();
  EXPECT_EQ(choice(answer).at("finish_reason").as_string(), "stop");
  EXPECT_EQ(content(answer), "one two");
  answer = post(kChat, chat(R"(,"stop":"wo th")")).json();
  EXPECT_EQ(content(answer), "one t");
}

TEST_F(OpenAiLimitsTest, IgnoreEosGoesOnToTheLimit) {
  start("ok");
  const json::object answer =
      post(kChat, chat(R"(,"ignore_eos":true,"max_tokens":12,"temperature":0)")).json();
  EXPECT_EQ(choice(answer).at("finish_reason").as_string(), "length");
  EXPECT_EQ(answer.at("usage").as_object().at("completion_tokens").as_int64(), 12);
}

TEST_F(OpenAiLimitsTest, TheNumberOfNewTokensFollowsTheContext) {
  limits_.new_tokens_default = 700;
  start("ok");
  const auto completion_tokens = [&](std::string_view path, const std::string& body) {
    const ClientResponse response = post(path, body);
    EXPECT_EQ(response.status, 200) << response.body;
    return response.json().at("usage").as_object().at("completion_tokens").as_int64();
  };
  EXPECT_EQ(completion_tokens(kChat, chat(R"(,"ignore_eos":true)")), 700);
  EXPECT_EQ(completion_tokens(kChat, chat(R"(,"ignore_eos":true,"max_tokens":900)")), 900);
  EXPECT_EQ(completion_tokens(kCompletions, R"({"prompt":"x","ignore_eos":true})"), 16);
  EXPECT_EQ(
      completion_tokens(kCompletions, R"({"prompt":[1,2,3],"ignore_eos":true,"max_tokens":-1})"),
      1024 - 3);
  std::string words;
  for (int i = 0; i < 400; ++i) words += "word ";
  EXPECT_LT(completion_tokens(kChat, R"({"messages":[{"role":"user","content":")" + words +
                                         R"("}],"ignore_eos":true})"),
            500);
}

TEST_F(OpenAiLimitsTest, MoreNewTokensThanThereIsRoomForAreCutAndThatIsSaid) {
  start("ok");
  for (const std::string_view most :
       {R"("max_tokens":1022)", R"("max_tokens":8192)", R"("max_completion_tokens":1e6)",
        R"("n_predict":9223372036854775807)"}) {
    const ClientResponse answer = post(kChat, chat(R"(,"ignore_eos":true,)" + std::string(most)));
    EXPECT_EQ(answer.status, 200) << answer.body;
    EXPECT_EQ(choice(answer.json()).at("finish_reason").as_string(), "length");
    const json::object usage = answer.json().at("usage").as_object();
    EXPECT_EQ(usage.at("total_tokens").as_int64(), 1024) << most;
  }
}

TEST_F(OpenAiLimitsTest, TheServersLimitOfNewTokensCutsToo) {
  limits_.new_tokens_max = 5;
  start("ok");
  for (const std::string_view asked : {R"("max_tokens":6)", R"("max_tokens":-1)", R"("n":1)"}) {
    const json::object answer =
        post(kChat, chat(R"(,"ignore_eos":true,)" + std::string(asked))).json();
    EXPECT_EQ(answer.at("usage").as_object().at("completion_tokens").as_int64(), 5) << asked;
    EXPECT_EQ(choice(answer).at("finish_reason").as_string(), "length");
  }
}

TEST_F(OpenAiLimitsTest, ARequestMayNameItsTime) {
  start("a long reply of many words that takes a while", 30ms);
  EXPECT_EQ(post(kChat, chat(R"(,"timeout_ms":40)")).status, 504);
  EXPECT_EQ(record(0).error_code, "deadline_exceeded");
}

TEST_F(OpenAiLimitsTest, AClientThatLeavesFreesItsSequence) {
  std::string words;
  for (int i = 0; i < 200; ++i) words += "word ";
  start(words, 20ms);
  size_t number = 0;
  for (const std::string_view more : {R"(,"stream":true)", ""}) {
    const int steps = model_->steps();
    TestClient leaver(server_->port());
    leaver.send(TestClient::text("POST", kChat, chat(more)));
    wait_for_running(1);
    leaver.close();
    const RequestRecord left = record(number++);
    EXPECT_EQ(left.status, 499);
    EXPECT_EQ(left.error_code, "cancelled");
    EXPECT_EQ(engine_->load().running, 0);
    EXPECT_LT(model_->steps() - steps, 200);
  }
}

TEST_F(OpenAiLimitsTest, ARequestEndsAtItsDeadline) {
  limits_.request_time = 50ms;
  start("a long reply of many words that takes a while", 30ms);
  EXPECT_EQ(post(kChat, chat()).status, 504);
  EXPECT_EQ(record(0).error_code, "deadline_exceeded");
  const ClientResponse stream = post("/chat", R"({"input":"x","stream":true})");
  EXPECT_THAT(stream.body, HasSubstr("deadline_exceeded"));
  EXPECT_EQ(record(1).status, 200);
  EXPECT_EQ(record(1).error_code, "deadline_exceeded");
}

}  // namespace
}  // namespace qaio
