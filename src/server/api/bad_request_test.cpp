// Every bad request gets a 4xx that says what is wrong.
#include <array>
#include <map>

#include "config/toml_for_test.h"
#include "server/api/server_fixture_for_test.h"

namespace qaio {
namespace {

using testing::HasSubstr;

using BadRequestTest = ServerFixture;

struct BadRequest {
  std::string body;
  std::string field;
  std::string message;  // part of it
};

TEST_F(BadRequestTest, ChatSaysWhatIsWrong) {
  start();
  const std::vector<BadRequest> all = {
      {"", "", "no body"},
      {"hello", "", "not valid JSON at byte"},
      {R"({"input":"x")", "", "not valid JSON"},
      {"[1]", "", "must be a JSON object"},
      {"\"input\"", "", "must be a JSON object"},
      {"{\"input\":\"\xff\xfe\"}", "input", "not valid UTF-8 at byte 10"},
      {R"({"input":"\ud800"})", "input", "half of a surrogate pair"},
      {std::string(40, '[') + std::string(40, ']'), "", "not valid JSON"},
      {"{}", "input", "'input' is missing"},
      {R"({"input":null})", "input", "missing"},
      {R"({"input":""})", "input", "not blank"},
      {R"({"input":" \n"})", "input", "not blank"},
      {R"({"input":5})", "input", "must be a string"},
      {R"({"input":["x"]})", "input", "must be a string"},
      {R"({"input":"x","history":{}})", "history", "must be an array"},
      {R"({"input":"x","history":["y"]})", "history[0]", "must be an object with user, bot"},
      {R"({"input":"x","history":[{"user":"y"}]})", "history[0].bot", "missing"},
      {R"({"input":"x","history":[{"user":1,"bot":"y"}]})", "history[0].user", "string"},
      {R"({"input":"x","history":[{"user":"","bot":"","x":1}]})", "history[0].x", "unknown field"},
      {R"({"input":"x","system":5})", "system", "must be a string"},
      {R"({"input":"x","system":"y","tasks":["sentiment"]})", "system", "takes a history"},
      {R"({"input":"x","system":")" + std::string(20'000, 'x') + "\"}", "system", "limit is 512"},
      {R"({"input":"x","stream":"yes"})", "stream", "true or false"},
      {R"({"input":"x","max_new_tokens":0})", "max_new_tokens", "from 1 to"},
      {R"({"input":"x","timeout_ms":0})", "timeout_ms", "whole number from 1"},
      {R"({"input":"x","max_new_tokens":"8"})", "max_new_tokens", "whole number"},
      {R"({"input":"x","max_new_tokens":1.5})", "max_new_tokens", "whole number"},
      {R"({"input":"x","temperature":-0.1})", "temperature", "from 0 to 10"},
      {R"({"input":"x","temperature":1e999})", "temperature", "number"},
      {R"({"input":"x","temperature":"hot"})", "temperature", "number"},
      {R"({"input":"x","top_p":-0.1})", "top_p", "from 0"},
      {R"({"input":"x","top_p":1.01})", "top_p", "to 1"},
      {R"({"input":"x","top_k":-1})", "top_k", "whole number"},
      {R"({"input":"x","min_p":"x"})", "min_p", "number"},
      {R"({"input":"x","repetition_penalty":0})", "repetition_penalty", "from 0.01"},
      {R"({"input":"x","presence_penalty":3})", "presence_penalty", "from -2 to 2"},
      {R"({"input":"x","frequency_penalty":-3})", "frequency_penalty", "from -2 to 2"},
      {R"({"input":"x","stop":[1]})", "stop", "strings"},
      {R"({"input":"x","seed":0.5})", "seed", "whole number"},
      {R"({"input":"x","seed":99999999999999999999})", "seed", "whole number"},
      {R"({"input":"x","tasks":"chat"})", "tasks", "must be an array"},
      {R"({"input":"x","tasks":[]})", "tasks", "at least one"},
      {R"({"input":"x","tasks":[1]})", "tasks", "task names"},
      {R"({"input":"x","tasks":["chat","chat"]})", "tasks", "different"},
      {R"({"input":"x","tasks":["none"]})", "tasks", "known are sentiment, chat"},
      {R"({"input":"x","surprise":1})", "surprise", "unknown field 'surprise'; known are input"},
      {R"({"input":"x","surprise":{"a":[]}})", "surprise", "unknown field"},
      {R"({"input":")" + std::string(20'000, 'x') + "\"}", "input", "tokens, the limit is 512"},
  };
  TestClient keep(server_->port());
  for (size_t i = 0; i < all.size(); ++i) {
    SCOPED_TRACE(all[i].body.substr(0, 80));
    const ClientResponse response = keep.post("/chat", all[i].body);
    EXPECT_EQ(response.status, 400) << response.body;
    EXPECT_EQ(response.error("code"), "invalid_argument");
    EXPECT_EQ(response.error("field"), all[i].field);
    EXPECT_THAT(response.error("message"), HasSubstr(all[i].message));
    const RequestRecord left = record(i);
    EXPECT_EQ(left.status, 400);
    EXPECT_EQ(left.error_code, "invalid_argument");
  }
  EXPECT_EQ(keep.post("/chat", R"({"input":"still fine"})").status, 200);
}

TEST_F(BadRequestTest, TooManyTurnsOfHistory) {
  start();
  std::string body = R"({"input":"x","history":[)";
  for (int i = 0; i < 65; ++i) body += R"({"user":"a","bot":"b"},)";
  body.back() = ']';
  const ClientResponse response = post("/chat", body + "}");
  EXPECT_EQ(response.status, 400);
  EXPECT_THAT(response.error("message"), HasSubstr("at most 64 elements, it has 65"));
}

TEST_F(BadRequestTest, Tasks) {
  start();
  EXPECT_EQ(post("/v1/tasks/none", R"({"input":"x"})").status, 404);
  EXPECT_EQ(post("/v1/tasks/", R"({"input":"x"})").status, 404);
  EXPECT_EQ(post("/v1/tasks/a/b", R"({"input":"x"})").status, 404);
  EXPECT_EQ(client().get("/v1/tasks/chat").headers.at("Allow"), "POST");
  EXPECT_EQ(post("/v1/tasks/chat", R"({"input":"x","stream":true})").error("field"), "stream");
  EXPECT_EQ(post("/v1/tasks/chat", "{}").error("field"), "input");
  const ClientResponse useless = post("/v1/tasks/sentiment", R"({"input":"x","temperature":1})");
  EXPECT_EQ(useless.status, 400);
  EXPECT_THAT(useless.error("message"), HasSubstr("generates nothing"));
  EXPECT_EQ(post("/v1/tasks/sentiment", R"({"input":"x","history":[{"user":"a","bot":"b"}]})")
                .error("field"),
            "history");
}

// The engine says `prompt`; the endpoints have no such field.
TEST_F(BadRequestTest, WhatDoesNotFitIsNamedAsTheEndpointNamesIt) {
  ASSERT_TRUE(
      tasks_.add_toml(toml_of("[[task]]\nname='long'\nkind='generate'\nmax_prompt_tokens=5000\n"
                              "[[task]]\nname='choose'\nkind='classify'\nlabels=['a','b']\n"
                              "max_prompt_tokens=5000\n")));
  limits_.strict_lengths = true;
  start();
  EXPECT_THAT(post("/chat", R"({"input":"x","max_new_tokens":1024})").error("message"),
              HasSubstr("at most 1024 are possible"));
  EXPECT_EQ(post("/v1/tasks/chat", R"({"input":"x","max_new_tokens":1024})").error("field"),
            "max_new_tokens");
  std::string words;
  for (int i = 0; i < 1200; ++i) words += "word ";
  for (const std::string_view path : {"/v1/tasks/long", "/v1/tasks/choose"}) {
    const ClientResponse refused = post(path, "{\"input\":\"" + words + "\"}");
    EXPECT_EQ(refused.status, 400);
    EXPECT_EQ(refused.error("field"), "input") << path;
  }
}

TEST_F(BadRequestTest, TheServersLimitOfNewTokensIsNamed) {
  limits_.new_tokens_max = 10;
  limits_.strict_lengths = true;
  start();
  for (const auto& [path, body] : std::map<std::string, std::string>{
           {"/chat", R"({"input":"x","max_new_tokens":11})"},
           {"/v1/completions", R"({"prompt":"x","max_tokens":11})"}}) {
    EXPECT_THAT(post(path, body).error("message"), HasSubstr("to 10"));
  }
}

TEST_F(BadRequestTest, FaultsInsideStringsAreNamedByTheirField) {
  start();
  const std::vector<std::array<std::string, 4>> all = {
      {"/v1/chat/completions", R"({"messages":[{"role":"user","content":"hi \ud83d"}]})",
       "messages[0].content", "surrogate"},
      {"/v1/chat/completions",
       R"({"messages":[{"role":"user","content":"a"},{"role":"user","content":"\udc00!"}]})",
       "messages[1].content", "surrogate"},
      {"/v1/completions", R"({"stop":["a","\ud800\ud800"],"prompt":"x"})", "stop[1]", "surrogate"},
      {"/chat", R"({"tasks":["chat"],"input":"\ud83dx"})", "input", "surrogate"},
      {"/v1/tasks/sentiment", R"({"history":[{"user":"\ud83d\n","bot":"b"}],"input":"x"})",
       "history[0].user", "surrogate"},
      {"/tokenize", R"({"content":"\uDFFF"})", "content", "surrogate"},
      {"/chat", "{\"input\":\"two\nlines\"}", "input", "not valid JSON"},
      {"/chat", "{\"input\":\"\xed\xa0\xbd\"}", "input", "not valid UTF-8"},
  };
  for (const auto& [path, body, field, message] : all) {
    const ClientResponse refused = post(path, body);
    EXPECT_EQ(refused.status, 400) << body;
    EXPECT_EQ(refused.error("field"), field) << body;
    EXPECT_THAT(refused.error("message"), HasSubstr(message)) << body;
  }
  EXPECT_EQ(post("/chat", R"({"\ud83d":1})").status, 400);
  EXPECT_EQ(post("/chat", R"({"input":"\ud83d\ude00 \\ud83d"})").status, 200);
}

TEST_F(BadRequestTest, AByteOrderMarkIsSkipped) {
  start();
  EXPECT_EQ(post("/chat", "\xEF\xBB\xBF{\"input\":\"x\"}").status, 200);
  EXPECT_EQ(post("/v1/completions", "\xEF\xBB\xBF{\"prompt\":\"x\"}").status, 200);
  EXPECT_THAT(post("/chat", "\xEF\xBB\xBF").error("message"), HasSubstr("no body"));
}

TEST_F(BadRequestTest, AnEncodedBodyIs415) {
  start();
  for (const std::string_view coding : {"gzip", "br", "deflate", "zstd"}) {
    const ClientResponse refused = client().request(
        "POST", "/chat", "xyz", "Content-Encoding: " + std::string(coding) + "\r\n");
    EXPECT_EQ(refused.status, 415);
    EXPECT_EQ(refused.error("code"), "unsupported_media_type");
    EXPECT_THAT(refused.error("message"), HasSubstr(coding));
    EXPECT_EQ(refused.headers.at("Accept-Encoding"), "identity");
  }
  EXPECT_EQ(client()
                .request("POST", "/chat", R"({"input":"x"})", "Content-Encoding: identity\r\n")
                .status,
            200);
}

TEST_F(BadRequestTest, NearMissesOfPathsAreHinted) {
  start();
  for (const auto& [path, there] : std::map<std::string, std::string>{
           {"/chat/completions", "POST /v1/chat/completions"},
           {"/v1/chat/completions/", "POST /v1/chat/completions"},
           {"/v1//chat/completions", "POST /v1/chat/completions"},
           {"/v1/v1/chat/completions", "POST /v1/chat/completions"},
           {"/V1/Chat/Completions", "POST /v1/chat/completions"},
           {"/api/chat/completions", "POST /v1/chat/completions"},
           {"/api/v1/chat/completions", "POST /v1/chat/completions"},
           {"/openai/deployments/demo/chat/completions", "POST /v1/chat/completions"},
           {"/v1/chat", "POST /v1/chat/completions"},
           {"/api/chat", "POST /v1/chat/completions"},
           {"/v1/responses", "POST /v1/chat/completions"},
           {"/api/generate", "POST /v1/completions"},
           {"/completion", "POST /v1/completions"},
           {"/v1/engines/x/completions", "POST /v1/completions"},
           {"/decisions", "POST /v1/decisions"},
           {"/v1/decide", "POST /v1/decisions"},
           {"/api/v1/systemone", "POST /v1/systemone"},
           {"/v1/system_one", "POST /v1/systemone"},
           {"/chat/", "POST /chat"},
           {"/models", "GET /v1/models"},
           {"/models/fake", "GET /v1/models/{name}"},
           {"/api/tags", "GET /v1/models"},
           {"/tasks/sentiment", "POST /v1/tasks/{name}"},
           {"/v1/tasks/sentiment/", "POST /v1/tasks/{name}"},
           {"/v1/health", "GET /health"},
           {"/health/", "GET /health"},
           {"/healthz", "GET /health"},
           {"/v1/health/ready", "GET /health/ready"},
           {"/v1/tokenize", "POST /tokenize"},
           {"/", "GET /v1/models"},
           {"/v1", "GET /v1/models"},
           {"/nothing/like/it", "GET /v1/models"}}) {
    const ClientResponse missed = client().post(path, "{}");
    EXPECT_EQ(missed.status, 404) << path;
    EXPECT_EQ(missed.error("code"), "not_found");
    EXPECT_THAT(missed.error("message") + " ", HasSubstr(there)) << path;
    EXPECT_EQ(client().get(path).status, 404) << path;
  }
}

TEST_F(BadRequestTest, Texts) {
  start();
  EXPECT_EQ(post("/tokenize", "{}").error("field"), "content");
  EXPECT_EQ(post("/tokenize", R"({"content":"a","model":"any"})").status, 200);
  EXPECT_EQ(post("/detokenize", R"({"tokens":[1],"model":"any"})").status, 200);
  EXPECT_EQ(post("/tokenize", R"({"content":1})").error("field"), "content");
  EXPECT_EQ(post("/tokenize", R"({"content":"x","with_pieces":1})").error("field"), "with_pieces");
  EXPECT_EQ(post("/detokenize", "{}").error("field"), "tokens");
  EXPECT_EQ(post("/detokenize", R"({"tokens":"x"})").error("field"), "tokens");
  EXPECT_EQ(post("/detokenize", R"({"tokens":[1,-1]})").error("field"), "tokens");
  EXPECT_EQ(post("/detokenize", R"({"tokens":[99999999]})").status, 400);
}

}  // namespace
}  // namespace qaio
