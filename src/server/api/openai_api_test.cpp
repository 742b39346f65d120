// The OpenAI endpoints: shapes of answers, and what decides them.
#include <fmt/format.h>

#include <cmath>

#include "base/utf8.h"
#include "server/api/openai_fixture_for_test.h"

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
                             {"role":"assistant","content":null},
                             {"role":"assistant"},
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

}  // namespace
}  // namespace qaio
