// The OpenAI endpoints: shapes, streams, and what clients may ask for.
#include <fmt/format.h>

#include <cmath>

#include "base/utf8.h"
#include "server/openai_fixture_for_test.h"

namespace qaio {
namespace {

using testing::HasSubstr;
using namespace std::chrono_literals;
namespace json = boost::json;

using OpenAiApiTest = OpenAiFixture;

TEST_F(OpenAiApiTest, AChatCompletionHasEveryMember) {
  start("fine, thanks", 1ms);
  const ClientResponse response = post(kChat, chat());
  ASSERT_EQ(response.status, 200) << response.body;
  const json::object answer = response.json();
  EXPECT_THAT(std::string(answer.at("id").as_string()), testing::StartsWith("chatcmpl-"));
  EXPECT_EQ(answer.at("object").as_string(), "chat.completion");
  EXPECT_EQ(answer.at("model").as_string(), "fake");
  EXPECT_TRUE(answer.at("system_fingerprint").is_string());
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

// The pass over the prompt made the first token: its time tells nothing of what generating takes.
TEST_F(OpenAiApiTest, TheSpeedIsThatOfTheTokensBehindTheFirst) {
  start("one two three", 2ms);
  const auto timings = [&](int tokens) {
    return post(kChat, chat(fmt::format(R"(,"max_tokens":{})", tokens)))
        .json()
        .at("timings")
        .as_object();
  };
  const auto number = [](const json::object& of, const char* name) {
    return of.at(name).to_number<double>();
  };
  const json::object one = timings(1);
  EXPECT_EQ(one.at("predicted_n").as_int64(), 1);
  for (const char* name : {"predicted_ms", "predicted_per_token_ms", "predicted_per_second"}) {
    EXPECT_EQ(number(one, name), 0) << name;
  }
  const json::object three = timings(3);
  EXPECT_EQ(three.at("predicted_n").as_int64(), 3);
  EXPECT_GE(number(three, "predicted_ms"), 4);  // two steps
  EXPECT_NEAR(number(three, "predicted_per_token_ms"), number(three, "predicted_ms") / 2, 0.01);
  EXPECT_NEAR(number(three, "predicted_per_second") * number(three, "predicted_ms"), 2000, 1);
  const RequestRecord left = record(1);
  EXPECT_NEAR(number(three, "predicted_ms"),
              static_cast<double>(left.tasks.at(0).counters.last_token_ns -
                                  left.tasks.at(0).counters.first_token_ns) /
                  1e6,
              0.01);
}

TEST_F(OpenAiApiTest, LogprobsOfBytesThatAreNoWholeCharacterAreJson) {
  const std::string reply = "a𝄞b𝄢";
  start(reply);
  const json::object answer =
      post(kCompletions, R"({"prompt":"Count: ","logprobs":3,"max_tokens":64})").json();
  ASSERT_EQ(choice(answer).at("text").as_string(), reply);
  const auto& logprobs = choice(answer).at("logprobs").as_object();
  const json::array& tokens = logprobs.at("tokens").as_array();
  const std::vector<TokenId> ids = tokenizer_->encode(reply);
  ASSERT_GE(tokens.size(), ids.size());
  size_t pieces = 0;
  for (size_t i = 0; i < ids.size(); ++i) {
    const std::string_view bytes = tokenizer_->token_bytes(ids[i]);
    const std::string name(tokens.at(i).as_string());
    EXPECT_TRUE(logprobs.at("top_logprobs").at(i).as_object().contains(name)) << name;
    if (valid_utf8_prefix(bytes) == bytes.size()) {
      EXPECT_EQ(name, bytes);
    } else {
      ++pieces;
      EXPECT_THAT(name, testing::StartsWith("bytes:\\x"));
      EXPECT_EQ(name.size(), 6 + 4 * bytes.size());
    }
    // How many characters are whole before it.
    const std::string before = tokenizer_->decode(std::span(ids).first(i));
    EXPECT_EQ(logprobs.at("text_offset").at(i).as_int64(),
              static_cast<int64_t>(count_code_points(before.substr(0, valid_utf8_prefix(before)))))
        << i;
  }
  EXPECT_GT(pieces, 2U) << "these characters are to be several tokens each";
}

TEST_F(OpenAiApiTest, TheRecordTilesLikeAnyOther) {
  start("a few words", 5ms);
  ASSERT_EQ(post(kChat, chat()).status, 200);
  const RequestRecord left = record(0);
  EXPECT_EQ(left.path, kChat);
  ASSERT_EQ(left.tasks.size(), 1U);
  EXPECT_EQ(left.tasks[0].task, "chat");
  EXPECT_EQ(left.tasks[0].response_id, "chatcmpl-" + left.request_id);
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
  EXPECT_EQ(record(0).tasks[0].label, "") << "a choice is the user's text";
  EXPECT_EQ(record(0).tasks[0].output_text, "负面");
  EXPECT_TRUE(record(0).tasks[0].score);

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

  // As at OpenAI's, 0 is the chosen tokens alone.
  answer = post(kCompletions, R"({"prompt":"Count: ","logprobs":0})").json();
  const auto& chosen = choice(answer).at("logprobs").as_object();
  EXPECT_EQ(chosen.at("token_logprobs").as_array().size(), tokens);
  EXPECT_TRUE(chosen.at("top_logprobs").is_null());

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
  use_template("qwen2");
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

TEST_F(OpenAiApiTest, TheNumberOfNewTokensFollowsTheContext) {
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

TEST_F(OpenAiApiTest, MoreNewTokensThanThereIsRoomForAreCutAndThatIsSaid) {
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

TEST_F(OpenAiApiTest, TheServersLimitOfNewTokensCutsToo) {
  limits_.new_tokens_max = 5;
  start("ok");
  for (const std::string_view asked : {R"("max_tokens":6)", R"("max_tokens":-1)", R"("n":1)"}) {
    const json::object answer =
        post(kChat, chat(R"(,"ignore_eos":true,)" + std::string(asked))).json();
    EXPECT_EQ(answer.at("usage").as_object().at("completion_tokens").as_int64(), 5) << asked;
    EXPECT_EQ(choice(answer).at("finish_reason").as_string(), "length");
  }
}

TEST_F(OpenAiApiTest, AModelHasSeveralNames) {
  start();
  auto backend = std::make_shared<Backend>(*slot_.get());
  backend->aliases = {"Qwen2.5-0.5B", "gpt-4o-mini"};
  slot_.set(backend);
  for (const std::string_view name : {"Qwen2.5-0.5B", "qwen2.5-0.5b", "qwen2.5-0.5b:latest",
                                      "GPT-4o-mini", "gpt-4o-mini:latest"}) {
    const ClientResponse answer = post(kChat, chat(fmt::format(R"(,"model":"{}")", name)));
    EXPECT_EQ(answer.status, 200) << name;
    EXPECT_EQ(answer.json().at("model").as_string(), "Qwen2.5-0.5B");
    EXPECT_EQ(client().get(fmt::format("/v1/models/{}", name)).status, 200);
  }
  const ClientResponse other = post(kChat, chat(R"(,"model":"fake")"));
  EXPECT_EQ(other.status, 404);
  EXPECT_THAT(other.error("message"), HasSubstr("'Qwen2.5-0.5B', 'gpt-4o-mini' is"));
  const json::object list = client().get("/v1/models").json();
  ASSERT_EQ(list.at("data").as_array().size(), 2U);
  EXPECT_EQ(list.at("data").at(1).at("id").as_string(), "gpt-4o-mini");
}

TEST_F(OpenAiApiTest, FieldsForOtherServersHaveNoEffectAndThatIsSaid) {
  start("one two three");
  const ClientResponse plain = post(kChat, chat(R"(,"seed":1)"));
  EXPECT_FALSE(plain.headers.contains("X-Ignored-Fields"));
  const ClientResponse answer = post(kChat, R"({"messages":[{"role":"user","colour":1,"content":[
          {"type":"text","text":"hello","cache_control":{"type":"ephemeral"},"shade":2}]}],
          "seed":1,"guided_json":null,"tenant":"a","x\r\ny":1})");
  EXPECT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(content(answer.json()), content(plain.json()));
  EXPECT_EQ(answer.headers.at("X-Ignored-Fields"),
            "tenant, x??y, messages[0].colour, messages[0].content[0].shade");
  const ClientResponse stream = post(kChat, chat(R"(,"stream":true,"tenant":1)"));
  EXPECT_EQ(stream.headers.at("X-Ignored-Fields"), "tenant");
  std::string many;
  for (int i = 0; i < 100; ++i) many += fmt::format(R"(,"member{}":1)", i);
  EXPECT_LT(post(kChat, chat(many)).headers.at("X-Ignored-Fields").size(), 1000U);
}

TEST_F(OpenAiApiTest, ANegativeSeedIsAnotherOneEveryTime) {
  start();
  size_t number = 0;
  const auto seed = [&](std::string_view path, const std::string& body) {
    EXPECT_EQ(post(path, body).status, 200) << body;
    return record(number++).tasks.at(0).settings.value().seed;
  };
  for (const std::string_view random : {"-1", "-1.0", "-9223372036854775808"}) {
    const std::string more = fmt::format(R"(,"seed":{}}})", random);
    for (const auto& [path, body] : std::vector<std::pair<std::string_view, std::string>>{
             {kChat, R"({"messages":[{"role":"user","content":"x"}])" + more},
             {kCompletions, R"({"prompt":"x")" + more},
             {"/v1/tasks/chat", R"({"input":"x")" + more}}) {
      EXPECT_NE(seed(path, body), seed(path, body)) << path << body;
    }
  }
  EXPECT_EQ(seed(kChat, chat(R"(,"seed":0)")), 0U);
  EXPECT_EQ(seed(kChat, chat(R"(,"seed":9223372036854775807)")), 9223372036854775807U);
}

TEST_F(OpenAiApiTest, TopPOfNothingIsGreedy) {
  start("one two three");
  for (const std::string_view greedy : {R"("top_p":0)", R"("top_p":0.0)", R"("top_p":1e-300)"}) {
    const json::object answer =
        post(kChat, chat(R"(,"temperature":10,)" + std::string(greedy))).json();
    EXPECT_EQ(content(answer), "one two three") << greedy;
  }
  EXPECT_EQ(
      post("/chat", R"({"input":"x","temperature":10,"top_p":0})").json().at("reply").as_string(),
      "one two three");
}

TEST_F(OpenAiApiTest, TakesWhatOtherServersClientsSend) {
  start("one two three");
  for (const std::string_view harmless :
       {R"("n":1.0)",
        R"("reasoning_effort":"low")",
        R"("verbosity":"low")",
        R"("prompt_cache_retention":"24h")",
        R"("cache_prompt":true)",
        R"("metadata":{"a":"b"})",
        R"("store":true)",
        R"("service_tier":"auto")",
        R"("parallel_tool_calls":true)",
        R"("min_tokens":0)",
        R"("stop_token_ids":[])",
        R"("timeout_ms":60000)",
        R"("user":"me")",
        R"("stream":true,"stream_options":{"continuous_usage_stats":true})",
        R"("stream_options":{"include_usage":true})",
        R"("user":5)",
        R"("tools":[])",
        R"("tool_choice":"auto")",
        R"("tool_choice":"none","tools":[{"type":"function"}])",
        R"("functions":[],"function_call":"auto")",
        R"("keep_alive":"5m")",
        R"("prediction":{"type":"content","content":"x"})",
        R"("response_format":null)",
        R"("max_tokens":2,"max_completion_tokens":2.0,"n_predict":2)",
        R"("repeat_penalty":1.1,"repetition_penalty":1.1)",
        R"("modalities":["text"])",
        R"("repeat_last_n":64)",
        R"("mirostat":0,"mirostat_tau":5,"typical_p":1,"tfs_z":1.0)",
        R"("dry_multiplier":0,"xtc_probability":0.0,"dynatemp_range":0)",
        R"("mode":"chat")",
        R"("use_beam_search":false,"skip_special_tokens":true,"n_probs":0)",
        R"("options":{})",
        R"("session_id":"a","chat_id":"b","tool_ids":[],"features":{"web_search":false})"}) {
    EXPECT_EQ(post(kChat, chat("," + std::string(harmless))).status, 200) << harmless;
  }
  for (const std::string_view two :
       {R"(,"n_predict":2)", R"(,"max_tokens":2.0,"repeat_penalty":1.1)"}) {
    const json::object answer = post(kChat, chat(two)).json();
    EXPECT_EQ(answer.at("usage").as_object().at("completion_tokens").as_int64(), 2) << two;
  }
  const json::object chosen =
      post(kChat, chat(R"(,"structured_outputs":{"choice":["正面","负面"]})")).json();
  EXPECT_EQ(content(chosen), "负面");
  const auto prompt_tokens = [&](std::string_view more) {
    return post(kChat, fmt::format(R"({{"messages":[{{"role":"user","content":"a"}},
        {{"role":"assistant","content":"b"{}}},{{"role":"user","content":"c"}}]}})",
                                   more))
        .json()
        .at("usage")
        .as_object()
        .at("prompt_tokens")
        .as_int64();
  };
  EXPECT_EQ(prompt_tokens(""), prompt_tokens(R"(,"reasoning_content":"let me think")"));
}

TEST_F(OpenAiApiTest, ARequestMayNameItsTime) {
  start("a long reply of many words that takes a while", 30ms);
  EXPECT_EQ(post(kChat, chat(R"(,"timeout_ms":40)")).status, 504);
  EXPECT_EQ(record(0).error_code, "deadline_exceeded");
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

}  // namespace
}  // namespace qaio
