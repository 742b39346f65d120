// What the OpenAI endpoints refuse, and what they then say.
#include <fmt/format.h>

#include "server/api/openai_fixture_for_test.h"

namespace qaio {
namespace {

using testing::HasSubstr;
using namespace std::chrono_literals;

using OpenAiRefusalsTest = OpenAiFixture;

TEST_F(OpenAiRefusalsTest, WhatDoesNotFitIsRefusedWithTheLimit) {
  start();
  std::string words;
  for (int i = 0; i < 1200; ++i) words += "word ";
  const ClientResponse chat_refused =
      post(kChat, R"({"messages":[{"role":"user","content":")" + words + R"("}]})");
  EXPECT_EQ(chat_refused.status, 400);
  EXPECT_EQ(chat_refused.error("param"), "messages");
  EXPECT_EQ(chat_refused.error("code"), "context_length_exceeded");
  EXPECT_THAT(chat_refused.error("message"), HasSubstr("maximum context length is 1024 tokens"));
  EXPECT_EQ(record(0).error_code, "context_length_exceeded");
  const ClientResponse refused = post(kCompletions, R"({"prompt":")" + words + R"("})");
  EXPECT_EQ(refused.error("param"), "prompt");
  EXPECT_EQ(refused.error("code"), "context_length_exceeded");
  const ClientResponse no_token = post(kCompletions, R"({"prompt":[99999999]})");
  EXPECT_EQ(no_token.error("param"), "prompt");
  EXPECT_EQ(no_token.error("code"), "invalid_argument");
}

TEST_F(OpenAiRefusalsTest, WhatFollowsAPromptThatFitsIsToBlame) {
  limits_.strict_lengths = true;
  start();
  for (const auto& [more, field] : std::vector<std::pair<std::string, std::string>>{
           {R"(,"max_tokens":1024)", "max_tokens"},
           {R"(,"max_completion_tokens":1024)", "max_completion_tokens"},
           {R"(,"n_predict":1024)", "n_predict"},
           {R"(,"guided_choice":[")" + std::string(9000, 'a') + R"(","b"])", "guided_choice"},
           {R"(,"structured_outputs":{"choice":[")" + std::string(9000, 'a') + R"(","b"]})",
            "structured_outputs.choice"}}) {
    const ClientResponse refused = post(kChat, chat(more));
    EXPECT_EQ(refused.status, 400);
    EXPECT_EQ(refused.error("param"), field);
    EXPECT_EQ(refused.error("code"), "context_length_exceeded");
    EXPECT_THAT(refused.error("message"), HasSubstr("reduce '" + field + "'"));
  }
}

TEST_F(OpenAiRefusalsTest, PastTheLimitRequestsAreRefusedAtOnce) {
  limits_.requests_max = 2;
  std::string words;  // for a second
  for (int i = 0; i < 50; ++i) words += "word ";
  start(words, 20ms);
  TestClient first(server_->port());
  TestClient second(server_->port());
  first.send(TestClient::text("POST", kChat, chat()));
  second.send(TestClient::text("POST", "/chat", R"({"input":"x"})"));
  wait_for_running(2);  // of three: one may be done already
  for (const std::string_view path : {kChat, std::string_view("/v1/tasks/chat")}) {
    const ClientResponse refused = post(path, "not even JSON");
    EXPECT_EQ(refused.status, 503);
    EXPECT_EQ(refused.error("code"), "resource_exhausted");
    EXPECT_EQ(refused.error("type"), "server_error");
    EXPECT_EQ(refused.headers.at("Retry-After"), "1");
  }
  EXPECT_EQ(record(0).status, 503);
  EXPECT_EQ(record(0).error_code, "resource_exhausted");
  EXPECT_EQ(record(0).requests_ahead, 2);
  EXPECT_EQ(client().get("/health").status, 200);
  EXPECT_EQ(first.read().status, 200);
  EXPECT_EQ(second.read().status, 200);
  EXPECT_EQ(post(kChat, chat()).status, 200);
}

TEST_F(OpenAiRefusalsTest, OneClientIsHeldToItsShare) {
  limits_.client_requests_max = 1;
  start("a long reply of many words", 20ms);
  TestClient first(server_->port());
  first.send(TestClient::text("POST", kChat, chat(R"(,"stream":true)")));
  first.receive();
  const ClientResponse refused = post(kChat, chat());
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(refused.error("type"), "rate_limit_error");
  EXPECT_TRUE(refused.headers.contains("Retry-After"));
  first.close();
  EXPECT_EQ(record(1).status, 499);
  EXPECT_EQ(post(kChat, chat()).status, 200);
}

struct Refused {
  std::string more;
  std::string param;
  std::string message;  // part of it
};

TEST_F(OpenAiRefusalsTest, BadRequestsSayWhatIsWrong) {
  start();
  const std::vector<Refused> all = {
      {R"(,"temperature":"hot")", "temperature", "a number"},
      {R"(,"temperature":-1)", "temperature", "from 0 to 10"},
      {R"(,"top_p":-1)", "top_p", "from 0"},
      {R"(,"top_k":1.5)", "top_k", "whole number"},
      {R"(,"min_p":2)", "min_p", "from 0 to 1"},
      {R"(,"repetition_penalty":0)", "repetition_penalty", "from 0.01 to 100"},
      {R"(,"presence_penalty":3)", "presence_penalty", "from -2 to 2"},
      {R"(,"frequency_penalty":-3)", "frequency_penalty", "from -2 to 2"},
      {R"(,"seed":"x")", "seed", "whole number"},
      {R"(,"max_tokens":0)", "max_tokens", "at least 1, or -1"},
      {R"(,"max_tokens":-2)", "max_tokens", "whole number"},
      {R"(,"max_tokens":1.5)", "max_tokens", "whole number"},
      {R"(,"max_tokens":1,"n_predict":2)", "n_predict", "absent beside 'max_tokens'"},
      {R"(,"repeat_penalty":0)", "repeat_penalty", "from 0.01 to 100"},
      {R"(,"repeat_penalty":1,"repetition_penalty":1.1)", "repeat_penalty", "absent beside"},
      {R"(,"structured_outputs":{"choice":["a"]})", "structured_outputs.choice", "2 to 1024"},
      {R"(,"structured_outputs":{"regex":"a"})", "structured_outputs.regex", "unknown field"},
      {R"(,"min_tokens":5)", "min_tokens", "must be 0"},
      {R"(,"stop_token_ids":[1])", "stop_token_ids", "'stop'"},
      {R"(,"timeout_ms":0)", "timeout_ms", "from 1"},
      {R"(,"max_tokens":1,"max_completion_tokens":2)", "max_tokens", "absent beside"},
      {R"(,"stream":1)", "stream", "true or false"},
      {R"(,"stream_options":5)", "stream_options", "an object"},
      {R"(,"stream":true,"stream_options":{"includeUsage":true})", "stream_options.includeUsage",
       "did you mean 'include_usage'"},
      {R"(,"stream":true,"stream_options":{"include_usage":1})", "stream_options.include_usage",
       "true or false"},
      {R"(,"stop":5)", "stop", "a string or an array"},
      {R"(,"stop":[""])", "stop", "1 to 1024 bytes"},
      {R"(,"stop":["a",1])", "stop", "strings"},
      {R"(,"logprobs":5)", "logprobs", "true or false"},
      {R"(,"top_logprobs":3)", "top_logprobs", "absent without"},
      {R"(,"logprobs":true,"top_logprobs":21)", "top_logprobs", "from 0 to 20"},
      {R"(,"logit_bias":[1])", "logit_bias", "an object"},
      {R"(,"logit_bias":{"x":1})", "logit_bias", "token id"},
      {R"(,"logit_bias":{"1":101})", "logit_bias", "from -100 to 100"},
      {R"(,"logit_bias":{"99999999":1})", "logit_bias", "outside the vocabulary"},
      {R"(,"guided_choice":"yes")", "guided_choice", "2 to 1024"},
      {R"(,"guided_choice":["a","a"])", "guided_choice", "different"},
      {R"(,"guided_choice":["a",""])", "guided_choice", "none empty"},
      {R"(,"guided_choice":["a","b"],"logprobs":true)", "logprobs", "guided_choice"},
      {R"(,"n":2)", "n", "must be 1"},
      {R"(,"tools":[{"type":"function"}])", "tools", "not called"},
      {R"(,"tools":[{"type":"function"}],"tool_choice":"auto")", "tools", "not called"},
      {R"(,"tool_choice":"required")", "tool_choice", "\"none\" or \"auto\""},
      {R"(,"guided_json":{"type":"object"})", "guided_json", "must be absent"},
      {R"(,"grammar":"root ::= x")", "grammar", "guided_choice"},
      {R"(,"chat_template":"{{ messages }}")", "chat_template", "the model's own template"},
      {R"(,"truncate_prompt_tokens":10)", "truncate_prompt_tokens", "never cut"},
      {R"(,"mirostat":2)", "mirostat", "must be 0"},
      {R"(,"typical_p":0.5)", "typical_p", "must be 1"},
      {R"(,"typ_p":0.5)", "typ_p", "must be 1"},
      {R"(,"min_length":1,"max_length":9)", "max_length", "'max_tokens'"},
      {R"(,"max_new_tokens":9)", "max_new_tokens", "'max_tokens'"},
      {R"(,"options":{"temperature":0})", "options", "beside 'model'"},
      {R"(,"repeat_last_n":64,"repeat_penalty":1.1)", "repeat_last_n", "all tokens"},
      {R"(,"system":"Be kind.")", "system", "role"},
      {R"(,"response_format":{"type":"json_object"})", "response_format", "guided_choice"},
      {R"(,"model":5)", "model", "a string"},
      {R"(,"temprature":1)", "temprature", "did you mean 'temperature'"},
      {R"(,"topP":0.5)", "topP", "did you mean 'top_p'"},
      {R"(,"maxTokens":5)", "maxTokens", "did you mean 'max_tokens'"},
      {R"(,"stops":["x"])", "stops", "did you mean 'stop'"},
      {R"(,"prompt":"x")", "prompt", "answers 'messages'"},
  };
  TestClient keep(server_->port());
  for (const Refused& each : all) {
    SCOPED_TRACE(each.more);
    const ClientResponse response = keep.post(kChat, chat(each.more));
    EXPECT_EQ(response.status, 400) << response.body;
    EXPECT_EQ(response.error("param"), each.param);
    EXPECT_EQ(response.error("field"), each.param);
    EXPECT_EQ(response.error("type"), "invalid_request_error");
    EXPECT_EQ(response.error("code"), "invalid_argument");
    EXPECT_THAT(response.error("message"), HasSubstr(each.message));
  }
  EXPECT_EQ(keep.post(kChat, chat(R"(,"n":1,"user":"u","tools":[],"stop":null,
      "response_format":{"type":"text"},"metadata":{"a":"b"},"store":false})"))
                .status,
            400);
  EXPECT_EQ(keep.post(kChat, chat(R"(,"n":1,"user":"u","tools":[],"stop":null,
      "response_format":{"type":"text"},"metadata":{"a":"b"},"store":false)"))
                .status,
            200);
}

TEST_F(OpenAiRefusalsTest, BadMessagesAreNamedByTheirPlace) {
  start();
  const std::vector<Refused> all = {
      {"null", "messages", "at least one"},
      {"[]", "messages", "at least one"},
      {"\"hi\"", "messages", "an array"},
      {"[1]", "messages[0]", "an object"},
      {R"([{"role":"user"}])", "messages[0].content", "missing"},
      {R"([{"content":"x"}])", "messages[0].role", "missing"},
      {R"([{"role":"tool","content":"x"}])", "messages[0].role", "system, developer, user"},
      {R"([{"role":"user","content":5}])", "messages[0].content", "a string or an array"},
      {R"([{"role":"user","content":[]}])", "messages[0].content", "1 to 64 parts"},
      {R"([{"role":"user","content":["x"]}])", "messages[0].content[0]", "an object"},
      {R"([{"role":"user","content":"a"},{"role":"user","content":[{"type":"image_url"}]}])",
       "messages[1].content[0].type", "text only"},
      {R"([{"role":"user","content":[{"type":"text"}]}])", "messages[0].content[0].text",
       "missing"},
      {R"([{"role":"user","content":[{"text":"x"}]}])", "messages[0].content[0].type", "missing"},
      {R"([{"role":"assistant","content":"x","tool_calls":[{}]}])", "messages[0].tool_calls",
       "must be []"},
      {R"([{"role":"user","content":"x","images":["aGk="]}])", "messages[0].images", "text only"},
      {R"([{"role":"user","content":"x"},{"role":"assistant","content":"y","prefix":true}])",
       "messages[1].prefix", "must be false"},
      {R"([{"role":"user","contents":"x"}])", "messages[0].contents", "did you mean 'content'"},
  };
  for (const Refused& each : all) {
    SCOPED_TRACE(each.more);
    const ClientResponse response = post(kChat, "{\"messages\":" + each.more + "}");
    EXPECT_EQ(response.status, 400) << response.body;
    EXPECT_EQ(response.error("param"), each.param);
    EXPECT_THAT(response.error("message"), HasSubstr(each.message));
  }
  std::string many = R"({"messages":[)";
  for (int i = 0; i < 131; ++i) many += R"({"role":"user","content":"x"},)";
  many.back() = ']';
  EXPECT_THAT(post(kChat, many + "}").error("message"), HasSubstr("at most 130 elements"));
  for (const std::string_view prompt :
       {R"("")", "[]", "5", R"(["a","b"])", "[[1],[2]]", "[-1]", "[1.5]", "null", R"([1,"a"])"}) {
    const ClientResponse response = post(kCompletions, fmt::format(R"({{"prompt":{}}})", prompt));
    EXPECT_EQ(response.status, 400) << prompt;
    EXPECT_EQ(response.error("param"), "prompt") << prompt;
  }
  EXPECT_EQ(post(kCompletions, R"({"prompt":"x","echo":true})").error("param"), "echo");
  EXPECT_EQ(post(kCompletions, R"({"prompt":"x","messages":[]})").error("param"), "messages");
  EXPECT_EQ(post(kCompletions, R"({"prompt":"x","best_of":2})").error("param"), "best_of");
  EXPECT_EQ(post(kCompletions, R"({"prompt":"x","logprobs":true})").error("param"), "logprobs");
}

}  // namespace
}  // namespace qaio
