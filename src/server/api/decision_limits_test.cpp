// What cannot be decided, or not now: what clients are told, and that they do not ask in vain.
#include <fmt/format.h>

#include "server/api/decision_fixture_for_test.h"

namespace qaio {
namespace {

using testing::HasSubstr;
using namespace std::chrono_literals;

using DecisionLimitsTest = DecisionFixture;

TEST_F(DecisionLimitsTest, ATextThatIsTooLongIs400) {
  start();
  std::string words;
  for (int i = 0; i < 1200; ++i) words += "word ";
  const std::string megabyte((1 << 20) - 200, 'x');
  for (const std::string& text : {words, megabyte}) {
    for (const std::string& body :
         {fmt::format(R"({{"state":"{}","questions":{{"q":{{"type":"noul"}}}}}})", text),
          fmt::format(R"({{"state":{{"a":"{}"}},"questions":{{"q":{{"type":"noul"}}}}}})", text)}) {
      const ClientResponse refused = post(kSystemOne, body);
      EXPECT_EQ(refused.status, 400);
      EXPECT_EQ(refused.error("code"), "context_length_exceeded");
      EXPECT_EQ(refused.error("field"), "state");
      EXPECT_THAT(refused.error("message"), HasSubstr("at most 1024 are possible"));
      EXPECT_EQ(refused.headers.at("X-Should-Retry"), "false");
    }
    const ClientResponse refused = post(
        kDecisions,
        fmt::format(R"({{"input":"{}","questions":[{{"type":"predicate","instructions":"x"}}]}})",
                    text));
    EXPECT_EQ(refused.status, 400);
    EXPECT_EQ(refused.error("param"), "input");
  }
  EXPECT_EQ(post(kSystemOne, systemone()).status, 200);
}

// Who sends a long question about a short text shortens the question.
TEST_F(DecisionLimitsTest, AQuestionThatIsTooLongIs400OfItsOwn) {
  start();
  std::string words;
  for (int i = 0; i < 1200; ++i) words += "word ";
  const std::vector<std::array<std::string, 3>> all = {
      {std::string(kSystemOne),
       fmt::format(R"({{"state":"s","questions":{{"a":{{"type":"noul"}},
                      "q":{{"type":"noul","instructions":"{}"}}}}}})",
                   words),
       "questions.q"},
      {std::string(kDecisions),
       fmt::format(R"({{"input":"s","questions":[{{"type":"predicate","instructions":"{}"}}]}})",
                   words),
       "questions[0]"}};
  for (const auto& [path, body, field] : all) {
    const ClientResponse refused = post(path, body);
    EXPECT_EQ(refused.status, 400);
    EXPECT_EQ(refused.error("code"), "context_length_exceeded");
    EXPECT_EQ(refused.error("field"), field);
    EXPECT_THAT(refused.error("message"), HasSubstr("'" + field + "': state and question are"));
    EXPECT_THAT(refused.error("message"), HasSubstr("at most 1024 are possible"));
  }
}

TEST_F(DecisionLimitsTest, ALabelMayBeWhatDoesNotFit) {
  start();
  std::string words;
  for (int i = 0; i < 900; ++i) words += "word ";
  const ClientResponse refused = post(
      kSystemOne,
      fmt::format(
          R"({{"state":"{}","questions":{{"q":{{"type":"choice","criteria":{{"{}a":null,"b":null}}}}}}}})",
          words.substr(0, 400), words));
  EXPECT_EQ(refused.status, 400) << refused.body;
  EXPECT_EQ(refused.error("code"), "context_length_exceeded");
  EXPECT_EQ(refused.error("field"), "questions.q");
  EXPECT_THAT(refused.error("message"), HasSubstr("'questions.q': "));
}

// It stands once in the prompt, and once more behind it where it is scored.
TEST_F(DecisionLimitsTest, TwiceALabelMayBeWhatDoesNotFit) {
  start();
  std::string words;
  for (int i = 0; i < 300; ++i) words += "word ";
  const std::string question =
      fmt::format(R"({{"type":"choice","criteria":{{"{}a":null,"b":null}}}})", words);
  for (const auto& [more, field] :
       {std::pair("", "questions.q"), std::pair(R"(,"p":{"type":"noul"})", "questions")}) {
    const ClientResponse refused = post(
        kSystemOne, fmt::format(R"({{"state":"s","questions":{{"q":{}{}}}}})", question, more));
    EXPECT_EQ(refused.status, 400) << refused.body;
    EXPECT_EQ(refused.error("code"), "context_length_exceeded");
    EXPECT_EQ(refused.error("field"), field);
    EXPECT_THAT(refused.error("message"), HasSubstr("at most 1024 are possible"));
  }
}

TEST_F(DecisionLimitsTest, BadRequestsAre400WithTheirField) {
  start();
  std::string many, wide;
  for (int i = 0; i < 65; ++i) many += fmt::format(R"({}"q{}":{{"type":"noul"}})", i ? "," : "", i);
  for (int i = 0; i < 256; ++i) wide += fmt::format(R"({}"o{}":null)", i ? "," : "", i);
  const std::vector<std::array<std::string, 3>> all = {
      {std::string(kSystemOne), fmt::format(R"({{"state":"s","questions":{{{}}}}})", many),
       "questions"},
      {std::string(kSystemOne),
       fmt::format(R"({{"state":"s","questions":{{"q":{{"type":"choice","criteria":{{{}}}}}}}}})",
                   wide),
       "questions.q.criteria"},
      {std::string(kSystemOne), R"({"state":" ","questions":{"q":{"type":"noul"}}})", "state"},
      {std::string(kSystemOne), R"({"state":"\ud800","questions":{}})", "state"},
      // The answer repeats a level's description, and infinity is no JSON.
      {std::string(kSystemOne), R"({"state":{"a":[0,1e999]},"questions":{"q":{"type":"noul"}}})",
       "state.a[1]"},
      {std::string(kSystemOne),
       R"({"state":"s","questions":{"q":{"type":"score","criteria":[{"x":-1e999},"b"]}}})",
       "questions.q.criteria[0].x"},
      {std::string(kDecisions),
       R"({"input":[{"role":"user","content":[{"type":"input_json","data":{"a":1e400}}]}],
           "questions":[{"type":"predicate","instructions":"x"}]})",
       "input[0].content[0].data.a"},
      {std::string(kDecisions), R"({"input":"s","questions":[{"type":"yes_no","question":"x"}]})",
       "questions"},
      {std::string(kDecisions),
       R"({"input":"s","questions":[{"type":"predicate","instructions":"x","y":1}]})",
       "questions[0].y"},
  };
  for (const auto& [path, body, field] : all) {
    const ClientResponse refused = post(path, body);
    EXPECT_EQ(refused.status, 400) << body;
    EXPECT_EQ(refused.error("code"), "invalid_argument");
    EXPECT_EQ(refused.error("type"), "invalid_request_error");
    EXPECT_EQ(refused.error("param"), field);
    EXPECT_EQ(refused.headers.at("X-Should-Retry"), "false");
    EXPECT_TRUE(refused.headers.contains("X-Request-Id"));
    EXPECT_EQ(refused.headers.at("Content-Type"), "application/json");
  }
}

TEST_F(DecisionLimitsTest, TooManyPermutationsOfTooManyQuestions) {
  start();
  std::string all;
  for (int i = 0; i < 64; ++i) {
    all +=
        fmt::format(R"({}"q{}":{{"type":"choice","criteria":{{"0":null,"1":null,"2":null,"3":null,
                          "4":null,"5":null,"6":null,"7":null,"8":null,"9":null}}}})",
                    i ? "," : "", i);
  }
  const ClientResponse refused =
      post(kSystemOne, fmt::format(R"({{"state":"s","permutations":10,"questions":{{{}}}}})", all));
  EXPECT_EQ(refused.status, 400);
  EXPECT_EQ(refused.error("field"), "permutations");
  EXPECT_THAT(refused.error("message"), HasSubstr("640 prompts"));
}

TEST_F(DecisionLimitsTest, IgnoredFieldsAreNamed) {
  start();
  for (const std::string_view path : {kSystemOne, kDecisions}) {
    const ClientResponse answer = post(path, asking(path, R"(,"temperature":1,"foo":2)"));
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.headers.at("X-Ignored-Fields"), "temperature, foo");
  }
}

TEST_F(DecisionLimitsTest, WhoComesTooEarlyOrTooLateIsToldWhenToComeAgain) {
  listen();
  const ClientResponse early = post(kSystemOne, systemone());
  EXPECT_EQ(early.status, 503);
  EXPECT_EQ(early.error("code"), "not_ready");
  EXPECT_EQ(early.headers.at("Retry-After-Ms"), "1000");
  EXPECT_FALSE(early.headers.contains("X-Should-Retry"));
  server_->stop(0ms);

  limits_.requests_max = 1;
  std::string words;  // for seconds
  for (int i = 0; i < 200; ++i) words += "word ";
  start(words, 20ms);
  TestClient busy(server_->port());
  busy.send(TestClient::text("POST", "/v1/tasks/chat", R"({"input":"x"})"));
  wait_for_running(1);
  const ClientResponse full = post(kDecisions, decisions());
  EXPECT_EQ(full.status, 503);
  EXPECT_EQ(full.error("code"), "resource_exhausted");
  EXPECT_EQ(full.headers.at("Retry-After"), "1");
  EXPECT_EQ(full.headers.at("Retry-After-Ms"), "1000");
}

TEST_F(DecisionLimitsTest, ARequestMayNameItsTime) {
  start("ok", 100ms);
  for (const std::string_view path : {kSystemOne, kDecisions}) {
    const ClientResponse late = post(path, asking(path, R"(,"timeout_ms":20)"));
    EXPECT_EQ(late.status, 504);
    EXPECT_EQ(late.error("code"), "deadline_exceeded");
    EXPECT_EQ(late.headers.at("X-Should-Retry"), "false");
  }
  EXPECT_EQ(record(0).error_code, "deadline_exceeded");
  EXPECT_EQ(record(0).tasks.at(0).prompt_version, "qaio-1");
}

TEST_F(DecisionLimitsTest, AClientThatLeavesCancelsTheWork) {
  start("ok", 500ms);  // a step
  size_t number = 0;
  for (const std::string_view path : {kSystemOne, kDecisions}) {
    TestClient leaver(server_->port());
    leaver.send(TestClient::text("POST", path, asking(path)));
    wait_for_running(1);
    leaver.close();
    const RequestRecord left = record(number++);
    EXPECT_EQ(left.status, 499);
    EXPECT_EQ(left.error_code, "cancelled");
    EXPECT_EQ(engine_->load().running, 0);
  }
}

}  // namespace
}  // namespace qaio
