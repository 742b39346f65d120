// What clients may say to the OpenAI endpoints without harm, and which of it counts.
#include <fmt/format.h>

#include "server/api/openai_fixture_for_test.h"

namespace qaio {
namespace {

namespace json = boost::json;

using OpenAiFieldsTest = OpenAiFixture;

TEST_F(OpenAiFieldsTest, FieldsForOtherServersHaveNoEffectAndThatIsSaid) {
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

TEST_F(OpenAiFieldsTest, ANegativeSeedIsAnotherOneEveryTime) {
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

TEST_F(OpenAiFieldsTest, TopPOfNothingIsGreedy) {
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

// What llama.cpp's web UI adds to every request: until late 2025 all of its settings, since then
// those that its user changed, and a few more.
TEST_F(OpenAiFieldsTest, TakesWhatTheWebUiOfLlamaCppSends) {
  start("one two three");
  for (const std::string_view more :
       {R"("stream":false,"reasoning_format":"auto","temperature":0.8,"max_tokens":-1,
           "dynatemp_range":0,"dynatemp_exponent":1,"top_k":40,"top_p":0.95,"min_p":0.05,
           "xtc_probability":0,"xtc_threshold":0.1,"typ_p":1,"repeat_last_n":64,
           "repeat_penalty":1,"presence_penalty":0,"frequency_penalty":0,"dry_multiplier":0,
           "dry_base":1.75,"dry_allowed_length":2,"dry_penalty_last_n":-1,
           "samplers":["top_k","typ_p","top_p","min_p","temperature"],"backend_sampling":false,
           "timings_per_token":true)",
        R"("cache_prompt":true,"typical_p":1,
           "samplers":["top_k","tfs_z","typical_p","top_p","min_p","temperature"])",
        R"("samplers":[],"return_progress":true,"sse_ping_interval":1,"reasoning_control":true,
           "reasoning_format":"none","thinking_budget_tokens":0,
           "chat_template_kwargs":{"enable_thinking":false})",
        R"("samplers":["penalties","dry","top_n_sigma","top_k","typ_p","top_p","min_p","xtc",
           "temperature","adaptive_p"],"adaptive_target":-1.0)"}) {
    const ClientResponse answer = post(kChat, chat("," + std::string(more)));
    EXPECT_EQ(answer.status, 200) << answer.body;
    EXPECT_EQ(content(answer.json()), "one two three");
  }
}

TEST_F(OpenAiFieldsTest, SamplersThatAreNotListedHaveNoSay) {
  start("one two three");
  size_t number = 0;
  const auto settings = [&](std::string_view more) {
    EXPECT_EQ(
        post(kChat, chat(fmt::format(R"(,"temperature":0.5,"top_p":0.25,"samplers":{})", more)))
            .status,
        200)
        << more;
    return record(number++).tasks.at(0).settings.value();
  };
  EXPECT_EQ(settings("[]").temperature, 0.5F);
  EXPECT_EQ(settings(R"(["top_k","top_p"])").temperature, 1.0F);
  EXPECT_EQ(settings(R"(["top_k","top_p"])").top_p, 0.25F);
  EXPECT_EQ(settings(R"(["temperature"])").top_p, 1.0F);
  EXPECT_EQ(settings(R"(["temperature"])").temperature, 0.5F);
  // Penalties on the last 64 tokens are refused, but not where there are to be none.
  const std::string window = R"(,"repeat_penalty":1.1,"repeat_last_n":64,"samplers":)";
  EXPECT_EQ(post(kChat, chat(window + R"(["temperature"])")).status, 200);
  EXPECT_EQ(post(kChat, chat(window + R"(["penalties"])")).error("param"), "repeat_last_n");
  for (const std::string_view other : {R"(["top_k","infill"])", R"("kypmt")", "[1]", "{}"}) {
    const ClientResponse refused = post(kChat, chat(fmt::format(R"(,"samplers":{})", other)));
    EXPECT_EQ(refused.status, 400) << other;
    EXPECT_EQ(refused.error("param"), "samplers");
  }
}

TEST_F(OpenAiFieldsTest, OneOfSeveralModelsWillDo) {
  start("ok");
  for (const std::string_view served :
       {R"("models":["gpt","fake"])", R"("model":"gpt","models":["fake:latest"])",
        R"("model":"fake","models":["gpt"],"route":"fallback","provider":{"order":["a"]})",
        R"("models":[])"}) {
    const ClientResponse answer = post(kChat, chat("," + std::string(served)));
    EXPECT_EQ(answer.status, 200) << answer.body;
    EXPECT_EQ(answer.json().at("model").as_string(), "fake");
  }
  const ClientResponse none = post(kChat, chat(R"(,"models":["gpt","claude"])"));
  EXPECT_EQ(none.status, 404);
  EXPECT_EQ(none.error("param"), "models");
  EXPECT_EQ(none.error("code"), "model_not_found");
  EXPECT_EQ(post(kChat, chat(R"(,"model":"gpt","models":["x"])")).error("param"), "model");
  EXPECT_EQ(post(kChat, chat(R"(,"models":[5])")).status, 400);
}

TEST_F(OpenAiFieldsTest, TakesWhatOtherServersClientsSend) {
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

}  // namespace
}  // namespace qaio
