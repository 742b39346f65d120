// The two routes of decisions: shapes of answers, and that numbers depend on nothing but the
// question.
#include <fmt/format.h>

#include <boost/json.hpp>
#include <thread>

#include "server/api/decision_fixture_for_test.h"

namespace qaio {
namespace {

using testing::HasSubstr;
namespace json = boost::json;

using DecisionsApiTest = DecisionFixture;

double sum_of(const json::value& probabilities) {
  double sum = 0;
  if (const auto* object = probabilities.if_object()) {
    for (const auto& member : *object) sum += member.value().to_number<double>();
  } else {
    for (const json::value& one : probabilities.as_array()) {
      sum += one.at("probability").to_number<double>();
    }
  }
  return sum;
}

TEST_F(DecisionsApiTest, BothRoutesSayTheSame) {
  start_demo();
  const ClientResponse map = post(kSystemOne, R"({"model":"jev-latest","state":"今天天气真好",
      "questions":{
        "mood":{"type":"choice","instructions":"Mood?","criteria":{"正面":"good","负面":null,"x y":null}},
        "stars":{"type":"score","instructions":"Stars?","criteria":["none","some","all"]},
        "sunny":{"type":"noul","instructions":"Is it sunny?"}}})");
  const ClientResponse array = post(kDecisions, R"({"model":"demo",
      "input":[{"role":"user","content":"今天天气真好"}],"questions":[
        {"type":"choice","name":"mood","instructions":"Mood?","choices":[
          {"value":"正面","description":"good"},{"value":"负面"},{"value":"x y"}]},
        {"type":"score","instructions":"Stars?","levels":[{"label":"none"},{"label":"some"},{"label":"all"}]},
        {"type":"predicate","name":"sunny","instructions":"Is it sunny?"}]})");
  ASSERT_EQ(map.status, 200) << map.body;
  ASSERT_EQ(array.status, 200) << array.body;
  EXPECT_EQ(map.headers.at("X-Prompt-Version"), "qaio-1");
  EXPECT_EQ(array.headers.at("X-Prompt-Version"), "qaio-1");
  EXPECT_EQ(map.json().at("model"), "demo");
  EXPECT_EQ(map.json().at("prompt_version"), "qaio-1");
  EXPECT_FALSE(array.json().contains("prompt_version"));
  const json::object one = map.json().at("answers").as_object();
  const json::array two = array.json().at("answers").as_array();
  ASSERT_EQ(two.size(), 3U);
  const auto probability = [](const json::value& answer, size_t i) {
    return answer.at("probabilities").at(i).at("probability");
  };
  EXPECT_EQ(one.at("mood").at("probabilities").at("正面"), probability(two[0], 0));
  EXPECT_EQ(one.at("mood").at("probabilities").at("x y"), probability(two[0], 2));
  EXPECT_EQ(one.at("mood").at("choice"), two[0].at("choice"));
  EXPECT_EQ(one.at("mood").at("confidence"), two[0].at("confidence"));
  EXPECT_EQ(one.at("stars").at("probabilities").at("1"), probability(two[1], 1));
  EXPECT_EQ(one.at("stars").at("score"), two[1].at("score"));
  EXPECT_EQ(one.at("sunny").at("noul"), two[2].at("probability"));
  EXPECT_EQ(two[0].at("name"), "mood");
  EXPECT_TRUE(two[1].at("name").is_null());
  for (const json::value* answer : {&one.at("mood"), &one.at("stars"), &two[0], &two[1]}) {
    EXPECT_NEAR(sum_of(answer->at("probabilities")), 1, 1e-12);
  }
  double mean = 0;
  for (size_t i = 0; i < 3; ++i) {
    mean += static_cast<double>(i) * probability(two[1], i).to_number<double>();
  }
  EXPECT_NEAR(two[1].at("score").to_number<double>(), mean, 1e-12);
}

// Whatever is asked beside it, runs beside it, was asked before, and however it is computed.
TEST_F(DecisionsApiTest, TheSameQuestionHasTheSameBits) {
  const auto question = [](int i) {
    return fmt::format(R"("q{}":{{"type":"choice","instructions":"Which of these {}?",)"
                       R"("criteria":{{"red":"warm","blue or green":null,"{}":null}}}})",
                       i, i, i);
  };
  const auto body = [&](int from, int to, std::string_view more = "") {
    std::string all;
    for (int i = from; i < to; ++i) all += (i > from ? "," : "") + question(i);
    return fmt::format(R"({{"state":"The sky over the sea at noon, seen from a ship.",)"
                       R"("questions":{{{}}}{}}})",
                       all, more);
  };
  constexpr int kQuestions = 16;
  start_demo(false);
  std::vector<std::string> alone;
  for (int i = 0; i < kQuestions; ++i) {
    const std::string text = answers(post(kSystemOne, body(i, i + 1)));
    alone.push_back(text.substr(text.find('{') + 1));
    alone.back().pop_back();
  }
  const std::string first = post(kSystemOne, body(0, kQuestions)).body;
  for (const std::string& one : alone) EXPECT_THAT(first, HasSubstr(one));
  TearDown();
  start_demo();
  const ClientResponse computed = post(kSystemOne, body(0, kQuestions));
  const ClientResponse cached = post(kSystemOne, body(0, kQuestions));
  EXPECT_EQ(answers(computed), answers(cached));
  for (const std::string& one : alone) EXPECT_THAT(cached.body, HasSubstr(one));
  std::vector<std::thread> clients;
  clients.reserve(kQuestions);
  std::vector<std::string> beside(kQuestions);
  for (int i = 0; i < kQuestions; ++i) {
    clients.emplace_back([&, i] { beside[i] = answers(post(kSystemOne, body(i, i + 1))); });
  }
  for (std::thread& client : clients) client.join();
  for (int i = 0; i < kQuestions; ++i) EXPECT_THAT(beside[i], HasSubstr(alone[i]));
}

TEST_F(DecisionsApiTest, UsageCountsTheTextForEachQuestion) {
  start_demo();
  const auto body = [](int questions) {
    std::string all;
    for (int i = 0; i < questions; ++i) {
      all += fmt::format(R"({}{{"type":"predicate","instructions":"x"}})", i > 0 ? "," : "");
    }
    return fmt::format(R"({{"input":"{}","questions":[{}]}})", std::string(200, 'y'), all);
  };
  const ClientResponse one = post(kDecisions, body(1));
  const ClientResponse four = post(kDecisions, body(4));
  const int64_t tokens = usage(one, "input_tokens");
  EXPECT_GT(tokens, 50);
  EXPECT_EQ(usage(four, "input_tokens"), 4 * tokens);
  EXPECT_EQ(usage(four, "total_tokens"), 4 * tokens);
  EXPECT_EQ(usage(four, "output_tokens"), 0);
  const auto cached = [](const ClientResponse& response) {
    return response.json().at("usage").at("input_tokens_details").at("cached_tokens").as_int64();
  };
  EXPECT_EQ(cached(one), 0);
  EXPECT_GE(cached(four), 3 * 50) << "the text is computed at most once";
  EXPECT_LT(cached(four), 4 * tokens);
  const RequestRecord left = record(1);
  EXPECT_EQ(left.path, kDecisions);
  ASSERT_EQ(left.tasks.size(), 1U);
  EXPECT_EQ(left.tasks[0].task, "decision");
  EXPECT_EQ(left.tasks[0].prompt_version, "qaio-1");
  EXPECT_EQ(left.tasks[0].finish_reason, "scored");
  EXPECT_EQ(left.tasks[0].counters.questions, 4U);
  EXPECT_THAT(left.tasks[0].output_text, HasSubstr("questions[3]: 0."));
  EXPECT_EQ(left.input_chars, 200);
  EXPECT_GT(left.input_tokens, 50);
  EXPECT_GE(left.lane.unattributed_ns(), 0);
  EXPECT_GE(left.tasks[0].lane.unattributed_ns(), 0);
  EXPECT_GT(left.tasks[0].lane.stage_ns(Stage::kTokenize), 0);
}

TEST_F(DecisionsApiTest, ExtensionsAreHeeded) {
  start_demo();
  const auto ask = [&](std::string_view options, std::string_view more) {
    const ClientResponse response =
        post(kSystemOne, fmt::format(R"({{"state":"The sea.","questions":{{"q":{{"type":"choice",)"
                                     R"("criteria":{}}}}}{}}})",
                                     options, more));
    EXPECT_EQ(response.status, 200) << response.body;
    return response.json().at("answers").at("q").as_object();
  };
  constexpr std::string_view kForwards = R"({"red":null,"blue":null})";
  constexpr std::string_view kBackwards = R"({"blue":null,"red":null})";
  const auto red = [](const json::object& answer) {
    return answer.at("probabilities").at("red").to_number<double>();
  };
  EXPECT_NE(red(ask(kForwards, "")), red(ask(kBackwards, ""))) << "the order has its say";
  constexpr std::string_view kBoth = R"(,"permutations":2)";
  EXPECT_NEAR(red(ask(kForwards, kBoth)), red(ask(kBackwards, kBoth)), 1e-12);

  EXPECT_FALSE(ask(kForwards, "").contains("x_label_mass"));
  const json::object with_mass = ask(kForwards, R"(,"label_mass":true)");
  EXPECT_GT(with_mass.at("x_label_mass").to_number<double>(), 0);
  EXPECT_LT(with_mass.at("x_label_mass").to_number<double>(), 1);
  EXPECT_EQ(red(with_mass), red(ask(kForwards, "")));
}

TEST_F(DecisionsApiTest, CalibrationTempersAnswers) {
  start_demo();
  const double plain = post(kDecisions, decisions())
                           .json()
                           .at("answers")
                           .at(0)
                           .at("probability")
                           .to_number<double>();
  auto backend = std::make_shared<Backend>(*slot_.get());
  backend->calibration.buckets[static_cast<size_t>(QuestionKind::kYesNo)] = {{2, 3.0}};
  slot_.set(backend);
  const double tempered = post(kDecisions, decisions())
                              .json()
                              .at("answers")
                              .at(0)
                              .at("probability")
                              .to_number<double>();
  EXPECT_LT(std::abs(tempered - 0.5), std::abs(plain - 0.5));
  EXPECT_EQ(tempered > 0.5, plain > 0.5);
}

TEST_F(DecisionsApiTest, WhatNeedsNoModelIsAnsweredToo) {
  start();
  const ClientResponse response = post(
      kSystemOne, R"({"state":"s","questions":{"q":{"type":"choice","criteria":{"only":null}}}})");
  EXPECT_EQ(answers(response),
            R"("answers":{"q":{"type":"choice","choice":"only","probabilities":{"only":1},)"
            R"("confidence":1}})");
  EXPECT_EQ(usage(response, "input_tokens"), 0);
  EXPECT_EQ(record(0).tasks.at(0).finish_reason, "scored");
}

TEST_F(DecisionsApiTest, ModelsAreCalledAsTheirClientsDo) {
  start();
  for (const std::string_view name : {"jev-latest", "fake", "any"}) {
    const ClientResponse answer =
        post(kSystemOne, systemone(fmt::format(R"(,"model":"{}")", name)));
    ASSERT_EQ(answer.status, 200) << answer.body;
    EXPECT_EQ(answer.json().at("model"), "fake");
  }
  EXPECT_EQ(post(kDecisions, decisions()).status, 200);
  EXPECT_EQ(post(kDecisions, decisions(R"(,"model":"FAKE:latest")")).status, 200);
  const ClientResponse refused = post(kDecisions, decisions(R"(,"model":"gpt-6-luna")"));
  EXPECT_EQ(refused.status, 404);
  EXPECT_EQ(refused.error("code"), "model_not_found");
  EXPECT_EQ(refused.error("param"), "model");
  EXPECT_EQ(refused.headers.at("X-Should-Retry"), "false");
}

TEST_F(DecisionsApiTest, ModelsSayThatTheyDecide) {
  start();
  const json::object list = client().get("/v1/models").json();
  const json::value& entry = list.at("data").at(0);
  EXPECT_EQ(entry.at("output_modalities"), (json::array{"text", "decisions"}));
  const json::object& card = list.at("models").at(0).as_object();
  EXPECT_EQ(card.at("name"), "fake");
  EXPECT_THAT(std::string(card.at("description").as_string()), HasSubstr("qwen2"));
  EXPECT_THAT(std::string(card.at("release_date").as_string()),
              testing::MatchesRegex("[0-9]{4}-[0-9]{2}-[0-9]{2}"));
  EXPECT_EQ(card.size(), 3U);
}

TEST_F(DecisionsApiTest, ThoughtsAreClosed) {
  for (const char* name : {"qwen3", "qwen3-2507-thinking"}) {
    use_template(name);
    listen();
    load();
    for (const std::string_view path : {kSystemOne, kDecisions}) {
      EXPECT_EQ(post(path, asking(path)).status, 200) << name;
      const ClientResponse refused =
          post(path, asking(path, R"(,"chat_template_kwargs":{"enable_thinking":true})"));
      EXPECT_EQ(refused.status, 400);
      EXPECT_EQ(refused.error("field"), "chat_template_kwargs.enable_thinking");
    }
    TearDown();
  }
}

}  // namespace
}  // namespace qaio
