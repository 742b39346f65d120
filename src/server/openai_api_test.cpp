// The OpenAI endpoints: shapes, streams, what clients may ask for and what they are refused.
#include <fmt/format.h>

#include <cmath>

#include "server/server_fixture_for_test.h"

namespace qaio {
namespace {

using testing::HasSubstr;
using namespace std::chrono_literals;
namespace json = boost::json;

class OpenAiApiTest : public ServerFixture {
 protected:
  static constexpr std::string_view kChat = "/v1/chat/completions";
  static constexpr std::string_view kCompletions = "/v1/completions";

  // A chat request with `more` members.
  static std::string chat(std::string_view more = "") {
    return R"({"messages":[{"role":"user","content":"hello"}])" + std::string(more) + "}";
  }
  static const json::object& choice(const json::object& answer) {
    return answer.at("choices").as_array().at(0).as_object();
  }
  static std::string content(const json::object& answer) {
    return std::string(choice(answer).at("message").as_object().at("content").as_string());
  }
  // The data of a stream; the last must be [DONE] and is left out.
  static std::vector<json::object> chunks(const ClientResponse& response) {
    EXPECT_EQ(response.headers.at("Content-Type"), "text/event-stream");
    std::vector<json::object> all;
    std::string last;
    for (size_t at = 0; at < response.body.size();) {
      const size_t end = response.body.find("\n\n", at);
      EXPECT_EQ(response.body.substr(at, 6), "data: ");
      last = response.body.substr(at + 6, end - at - 6);
      if (last != "[DONE]") all.push_back(json::parse(last).as_object());
      at = end + 2;
    }
    EXPECT_EQ(last, "[DONE]");
    return all;
  }
};

TEST_F(OpenAiApiTest, AChatCompletionHasEveryMember) {
  start("fine, thanks", 1ms);
  const ClientResponse response = post(kChat, chat());
  ASSERT_EQ(response.status, 200) << response.body;
  const json::object answer = response.json();
  EXPECT_THAT(std::string(answer.at("id").as_string()), testing::StartsWith("chatcmpl-"));
  EXPECT_EQ(answer.at("object").as_string(), "chat.completion");
  EXPECT_EQ(answer.at("model").as_string(), "fake");
  EXPECT_GT(answer.at("created").as_int64(), 1'700'000'000);
  EXPECT_EQ(content(answer), "fine, thanks");
  EXPECT_EQ(choice(answer).at("message").as_object().at("role").as_string(), "assistant");
  EXPECT_EQ(choice(answer).at("finish_reason").as_string(), "stop");
  EXPECT_TRUE(choice(answer).at("logprobs").is_null());
  const auto& usage = answer.at("usage").as_object();
  EXPECT_EQ(usage.at("total_tokens").as_int64(),
            usage.at("prompt_tokens").as_int64() + usage.at("completion_tokens").as_int64());
  EXPECT_TRUE(usage.at("prompt_tokens_details").as_object().contains("cached_tokens"));
  const auto& timings = answer.at("timings").as_object();
  for (const char* name :
       {"cache_n", "prompt_n", "prompt_ms", "prompt_per_token_ms", "prompt_per_second",
        "predicted_n", "predicted_ms", "predicted_per_token_ms", "predicted_per_second"}) {
    ASSERT_TRUE(timings.contains(name)) << name;
    EXPECT_TRUE(timings.at(name).is_number()) << name;
  }
  EXPECT_EQ(timings.at("prompt_n").as_int64() + timings.at("cache_n").as_int64(),
            usage.at("prompt_tokens").as_int64());
  EXPECT_GT(timings.at("predicted_per_second").to_number<double>(), 0);
  EXPECT_THAT(response.headers.at("Server-Timing"), HasSubstr("chat.decode;dur="));
}

TEST_F(OpenAiApiTest, TheRecordTilesLikeAnyOther) {
  start("a few words", 5ms);
  ASSERT_EQ(post(kChat, chat()).status, 200);
  const RequestRecord left = record(0);
  EXPECT_EQ(left.path, kChat);
  ASSERT_EQ(left.tasks.size(), 1U);
  EXPECT_EQ(left.tasks[0].task, "chat");
  EXPECT_EQ(left.tasks[0].finish_reason, "stop");
  EXPECT_GT(left.tasks[0].lane.stage_ns(Stage::kTokenize), 0);
  EXPECT_GT(left.tasks[0].lane.stage_ns(Stage::kDecode), 0);
  EXPECT_GE(left.tasks[0].lane.unattributed_ns(), 0);
  EXPECT_GE(left.lane.unattributed_ns(), 0);
  EXPECT_GE(left.lane.stage_ns(Stage::kTasks), left.tasks[0].lane.wall_ns());
}

TEST_F(OpenAiApiTest, StreamsChunksUsageAndDone) {
  start("one two three", 2ms);
  const auto all =
      chunks(post(kChat, chat(R"(,"stream":true,"stream_options":{"include_usage":true})")));
  ASSERT_GT(all.size(), 3U);
  std::string text;
  for (size_t i = 0; i + 1 < all.size(); ++i) {
    EXPECT_EQ(all[i].at("object").as_string(), "chat.completion.chunk");
    EXPECT_EQ(all[i].at("id").as_string(), all[0].at("id").as_string());
    EXPECT_TRUE(all[i].at("usage").is_null());
    const auto& delta = choice(all[i]).at("delta").as_object();
    EXPECT_EQ(delta.contains("role"), i == 0);
    if (const auto* piece = delta.if_contains("content")) text += piece->as_string();
    EXPECT_EQ(choice(all[i]).at("finish_reason").is_null(), i + 2 < all.size());
  }
  EXPECT_EQ(text, "one two three");
  EXPECT_TRUE(all.back().at("choices").as_array().empty());
  EXPECT_GT(all.back().at("usage").as_object().at("completion_tokens").as_int64(), 3);
  EXPECT_TRUE(all.back().contains("timings"));
}

TEST_F(OpenAiApiTest, AStreamWithoutUsageEndsWithTimings) {
  start("one two", 1ms);
  const auto all = chunks(post(kChat, chat(R"(,"stream":true)")));
  EXPECT_FALSE(all.front().contains("usage"));
  EXPECT_EQ(choice(all.back()).at("finish_reason").as_string(), "stop");
  EXPECT_TRUE(all.back().contains("timings"));
}

TEST_F(OpenAiApiTest, TheFirstTokenIsSentAtOnce) {
  start("one two three four five six seven", 60ms);
  TestClient slow(server_->port());
  const auto begin = std::chrono::steady_clock::now();
  slow.send(TestClient::text("POST", kChat, chat(R"(,"stream":true)")));
  std::string seen;
  while (seen.find("\"content\"") == std::string::npos) {
    const std::string more = slow.receive();
    ASSERT_FALSE(more.empty());
    seen += more;
  }
  const auto first = std::chrono::steady_clock::now() - begin;
  while (seen.find("[DONE]") == std::string::npos) {
    const std::string more = slow.receive();
    ASSERT_FALSE(more.empty());
    seen += more;
  }
  EXPECT_LT(first * 2, std::chrono::steady_clock::now() - begin);
}

TEST_F(OpenAiApiTest, AnEmptyAnswerIsStillAStream) {
  start("");
  const auto all = chunks(post(kChat, chat(R"(,"stream":true)")));
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(choice(all[0]).at("delta").as_object().at("role").as_string(), "assistant");
  EXPECT_EQ(choice(all[0]).at("delta").as_object().at("content").as_string(), "");
}

TEST_F(OpenAiApiTest, MaxTokensAndStopEndTheAnswer) {
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

TEST_F(OpenAiApiTest, IgnoreEosGoesOnToTheLimit) {
  start("ok");
  const json::object answer =
      post(kChat, chat(R"(,"ignore_eos":true,"max_tokens":12,"temperature":0)")).json();
  EXPECT_EQ(choice(answer).at("finish_reason").as_string(), "length");
  EXPECT_EQ(answer.at("usage").as_object().at("completion_tokens").as_int64(), 12);
}

TEST_F(OpenAiApiTest, LogprobsNameEveryToken) {
  start("one two");
  const json::object answer = post(kChat, chat(R"(,"logprobs":true,"top_logprobs":2)")).json();
  const auto& tokens = choice(answer).at("logprobs").as_object().at("content").as_array();
  ASSERT_GT(tokens.size(), 1U);
  std::string text;
  for (const json::value& token : tokens) {
    text += token.at("token").as_string();
    EXPECT_EQ(token.at("bytes").as_array().size(), token.at("token").as_string().size());
    EXPECT_LE(token.at("logprob").to_number<double>(), 0);
    ASSERT_EQ(token.at("top_logprobs").as_array().size(), 2U);
    EXPECT_EQ(token.at("top_logprobs").at(0).at("token"), token.at("token"));
  }
  EXPECT_EQ(text, "one two");

  size_t streamed = 0;
  for (const json::object& chunk : chunks(post(kChat, chat(R"(,"logprobs":true,"stream":true)")))) {
    if (const auto* some = choice(chunk).at("logprobs").if_object()) {
      streamed += some->at("content").as_array().size();
    }
  }
  EXPECT_EQ(streamed, tokens.size());
}

TEST_F(OpenAiApiTest, LogitBiasDecides) {
  start("one");
  const std::string bias =
      fmt::format(R"(,"temperature":0,"max_tokens":1,"logit_bias":{{"{}":-100,"{}":50}})",
                  tokenizer_->encode("one").front(), tokenizer_->encode("z").front());
  EXPECT_EQ(content(post(kChat, chat(bias)).json()), "z");
}

TEST_F(OpenAiApiTest, GuidedChoiceIsScored) {
  start();  // prefers 负面 by 2 in logits
  const std::string body = chat(R"(,"guided_choice":["正面","负面"])");
  const json::object answer = post(kChat, body).json();
  EXPECT_EQ(content(answer), "负面");
  EXPECT_EQ(choice(answer).at("finish_reason").as_string(), "stop");
  const auto& scores = choice(answer).at("scores").as_object();
  EXPECT_NEAR(scores.at("负面").to_number<double>(), 1 / (1 + std::exp(-2.0)), 1e-4);
  EXPECT_NEAR(scores.at("正面").to_number<double>(), 1 / (1 + std::exp(2.0)), 1e-4);
  EXPECT_EQ(record(0).tasks[0].label, "负面");

  const auto all = chunks(post(kChat, chat(R"(,"stream":true,"guided_choice":["正面","负面"])")));
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(choice(all[0]).at("delta").as_object().at("content").as_string(), "负面");
  EXPECT_TRUE(choice(all[1]).contains("scores"));
}

TEST_F(OpenAiApiTest, CompletionsContinueTextOrTokens) {
  start("one two");
  json::object answer = post(kCompletions, R"({"prompt":"Count: ","logprobs":1})").json();
  EXPECT_EQ(answer.at("object").as_string(), "text_completion");
  EXPECT_THAT(std::string(answer.at("id").as_string()), testing::StartsWith("cmpl-"));
  EXPECT_EQ(choice(answer).at("text").as_string(), "one two");
  const auto& logprobs = choice(answer).at("logprobs").as_object();
  const size_t tokens = logprobs.at("tokens").as_array().size();
  EXPECT_EQ(logprobs.at("token_logprobs").as_array().size(), tokens);
  EXPECT_EQ(logprobs.at("top_logprobs").as_array().size(), tokens);
  EXPECT_EQ(logprobs.at("text_offset").at(0).as_int64(), 0);
  EXPECT_EQ(logprobs.at("text_offset").at(tokens - 1).as_int64(),
            static_cast<int64_t>(7 - logprobs.at("tokens").at(tokens - 1).as_string().size()));
  EXPECT_EQ(record(0).tasks[0].task, "completion");

  answer = post(kCompletions, R"({"prompt":[10,11,12]})").json();
  EXPECT_EQ(answer.at("usage").as_object().at("prompt_tokens").as_int64(), 3);
  answer = post(kCompletions, R"({"prompt":["<|im_start|>"]})").json();
  EXPECT_EQ(answer.at("usage").as_object().at("prompt_tokens").as_int64(), 1);
  std::string text;
  for (const json::object& chunk : chunks(post(kCompletions, R"({"prompt":"x","stream":true})"))) {
    text += choice(chunk).at("text").as_string();
  }
  EXPECT_EQ(text, "one two");
}

TEST_F(OpenAiApiTest, RolesPartsAndTheMissingSystemMessage) {
  start();
  const auto prompt_tokens = [&](std::string_view messages) {
    const ClientResponse response = post(kChat, fmt::format(R"({{"messages":{}}})", messages));
    EXPECT_EQ(response.status, 200) << response.body;
    return response.json().at("usage").as_object().at("prompt_tokens").as_int64();
  };
  const int64_t implied = prompt_tokens(R"([{"role":"user","content":"hi"}])");
  EXPECT_EQ(implied, prompt_tokens(
                         R"([{"role":"system","content":"You are a helpful assistant."},
                             {"role":"user","content":[{"type":"text","text":"hi"}]}])"));
  EXPECT_EQ(implied, prompt_tokens(
                         R"([{"role":"developer","content":"You are a helpful assistant."},
                             {"role":"user","name":"Ann","content":"hi"}])"));
  EXPECT_LT(implied, prompt_tokens(
                         R"([{"role":"user","content":"hi"},
                             {"role":"assistant","content":"ho","refusal":null,"tool_calls":[]},
                             {"role":"user","content":[{"type":"text","text":"a"},
                                                       {"type":"text","text":"b"}]}])"));
}

TEST_F(OpenAiApiTest, ModelsAreListedAndNamed) {
  start();
  const json::object list = client().get("/v1/models").json();
  EXPECT_EQ(list.at("object").as_string(), "list");
  ASSERT_EQ(list.at("data").as_array().size(), 1U);
  EXPECT_EQ(list.at("data").at(0).at("id").as_string(), "fake");
  EXPECT_EQ(list.at("data").at(0).at("object").as_string(), "model");
  EXPECT_EQ(client().get("/v1/models/fake").json().at("id").as_string(), "fake");
  EXPECT_EQ(client().get("/v1/models/f%61ke").status, 200);
  EXPECT_EQ(client().get("/v1/models/gpt").error("code"), "model_not_found");
  EXPECT_EQ(post(kChat, chat(R"(,"model":"fake")")).status, 200);
  const ClientResponse refused = post(kChat, chat(R"(,"model":"gpt")"));
  EXPECT_EQ(refused.status, 404);
  EXPECT_EQ(refused.error("code"), "model_not_found");
  EXPECT_EQ(refused.error("param"), "model");
  EXPECT_EQ(refused.error("type"), "invalid_request_error");
}

TEST_F(OpenAiApiTest, WhatDoesNotFitIsRefusedWithTheLimit) {
  start();
  std::string words;
  for (int i = 0; i < 1200; ++i) words += "word ";
  const ClientResponse chat_refused =
      post(kChat, R"({"messages":[{"role":"user","content":")" + words + R"("}]})");
  EXPECT_EQ(chat_refused.status, 400);
  EXPECT_EQ(chat_refused.error("param"), "messages");
  EXPECT_THAT(chat_refused.error("message"), HasSubstr("the limit is 1024"));
  const ClientResponse refused = post(kCompletions, R"({"prompt":")" + words + R"("})");
  EXPECT_EQ(refused.error("param"), "prompt");
  EXPECT_THAT(refused.error("message"), HasSubstr("at most 1024 are possible"));
  EXPECT_EQ(post(kCompletions, R"({"prompt":[99999999]})").error("param"), "prompt");
  EXPECT_EQ(post(kChat, chat(R"(,"max_tokens":1024)")).error("param"), "messages");
}

TEST_F(OpenAiApiTest, AClientThatLeavesFreesItsSequence) {
  start("a long reply of many words that takes a while", 20ms);
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
    EXPECT_LT(model_->steps() - steps, 6);
  }
}

TEST_F(OpenAiApiTest, PastTheLimitRequestsAreRefusedAtOnce) {
  limits_.requests_max = 2;
  start("a long reply of many words", 20ms);
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

TEST_F(OpenAiApiTest, OneClientIsHeldToItsShare) {
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

TEST_F(OpenAiApiTest, ARequestEndsAtItsDeadline) {
  limits_.request_time = 50ms;
  start("a long reply of many words that takes a while", 30ms);
  EXPECT_EQ(post(kChat, chat()).status, 504);
  EXPECT_EQ(record(0).error_code, "deadline_exceeded");
  const ClientResponse stream = post("/chat", R"({"input":"x","stream":true})");
  EXPECT_THAT(stream.body, HasSubstr("deadline_exceeded"));
  EXPECT_EQ(record(1).status, 200);
  EXPECT_EQ(record(1).error_code, "deadline_exceeded");
}

struct Refused {
  std::string more;
  std::string param;
  std::string message;  // part of it
};

TEST_F(OpenAiApiTest, BadRequestsSayWhatIsWrong) {
  start();
  const std::vector<Refused> all = {
      {R"(,"temperature":"hot")", "temperature", "a number"},
      {R"(,"temperature":-1)", "temperature", "from 0 to 10"},
      {R"(,"top_p":0)", "top_p", "above 0"},
      {R"(,"top_k":1.5)", "top_k", "whole number"},
      {R"(,"min_p":2)", "min_p", "from 0 to 1"},
      {R"(,"repetition_penalty":0)", "repetition_penalty", "from 0.01 to 100"},
      {R"(,"presence_penalty":3)", "presence_penalty", "from -2 to 2"},
      {R"(,"frequency_penalty":-3)", "frequency_penalty", "from -2 to 2"},
      {R"(,"seed":"x")", "seed", "whole number"},
      {R"(,"max_tokens":0)", "max_tokens", "from 1"},
      {R"(,"max_completion_tokens":99999)", "max_completion_tokens", "to 2048"},
      {R"(,"max_tokens":1,"max_completion_tokens":1)", "max_tokens", "absent beside"},
      {R"(,"stream":1)", "stream", "true or false"},
      {R"(,"stream_options":{"include_usage":true})", "stream_options", "absent without"},
      {R"(,"stream":true,"stream_options":{"usage":true})", "stream_options.usage", "unknown"},
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
      {R"(,"response_format":{"type":"json_object"})", "response_format", "guided_choice"},
      {R"(,"model":5)", "model", "a string"},
      {R"(,"temprature":1)", "temprature", "unknown field"},
      {R"(,"prompt":"x")", "prompt", "unknown field"},
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

TEST_F(OpenAiApiTest, BadMessagesAreNamedByTheirPlace) {
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
       "absent"},
      {R"([{"role":"user","content":"x","colour":1}])", "messages[0].colour", "unknown field"},
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
  EXPECT_EQ(post(kCompletions, R"({"prompt":"x","best_of":2})").error("param"), "best_of");
  EXPECT_EQ(post(kCompletions, R"({"prompt":"x","logprobs":true})").error("param"), "logprobs");
}

}  // namespace
}  // namespace qaio
