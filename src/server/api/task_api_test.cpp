// Tasks that are questions, over HTTP.
#include "config/toml_for_test.h"
#include "server/api/server_fixture_for_test.h"

namespace qaio {
namespace {

using testing::DoubleNear;
using testing::ElementsAre;

constexpr std::string_view kTasks = R"(
[[task]]
name = "topic"
kind = "choice"
question = "What is it about?"
options = ["invoice", {name = "bug", description = "something does not work"}, "other"]

[[task]]
name = "anger"
kind = "score"
levels = ["calm", "annoyed", "furious"]

[[task]]
name = "urgent"
kind = "yes_no"
question = "Must it be answered today?"
yes = "names a day"
)";

std::vector<std::string> keys(const boost::json::value& value) {
  std::vector<std::string> names;
  for (const auto& [name, member] : value.as_object()) names.emplace_back(name);
  return names;
}

class TaskApiTest : public ServerFixture {
 protected:
  void SetUp() override {
    const auto added = tasks_.add_toml(toml_of(kTasks));
    ASSERT_TRUE(added) << added.error().message;
  }
  boost::json::object ask(const std::string& task) {
    const ClientResponse response = post("/v1/tasks/" + task, R"({"input":"It broke."})");
    EXPECT_EQ(response.status, 200) << response.body;
    return response.json();
  }
};

TEST_F(TaskApiTest, AChoiceHasAProbabilityForEveryOption) {
  start("bug");
  const boost::json::object answer = ask("topic");
  EXPECT_EQ(answer.at("task").as_string(), "topic");
  EXPECT_EQ(answer.at("label").as_string(), "bug");
  EXPECT_THAT(keys(answer.at("scores")), ElementsAre("invoice", "bug", "other"));
  double sum = 0;
  for (const auto& [name, score] : answer.at("scores").as_object())
    sum += score.to_number<double>();
  EXPECT_THAT(sum, DoubleNear(1, 1e-12)) << "no digit is cut";
  EXPECT_EQ(answer.at("scores").as_object().at("bug"), answer.at("score"));
  EXPECT_GT(answer.at("confidence").to_number<double>(), 0.9);
  EXPECT_EQ(answer.at("prompt_version").as_string(), "qaio-1");
  EXPECT_EQ(answer.at("finish_reason").as_string(), "scored");
  EXPECT_FALSE(answer.contains("text"));
}

TEST_F(TaskApiTest, AScaleHasANumberALevelAndAMean) {
  start("2");
  const boost::json::object answer = ask("anger");
  EXPECT_EQ(answer.at("label").as_string(), "2");
  EXPECT_EQ(answer.at("level").as_string(), "furious");
  EXPECT_THAT(keys(answer.at("scores")), ElementsAre("0", "1", "2"));
  EXPECT_THAT(answer.at("mean").to_number<double>(), DoubleNear(2, 1e-6));
  EXPECT_GT(answer.at("confidence").to_number<double>(), 0.9);
}

TEST_F(TaskApiTest, AYesNoQuestionHasTheProbabilityOfYes) {
  start("No");
  const boost::json::object answer = ask("urgent");
  EXPECT_EQ(answer.at("label").as_string(), "no");
  EXPECT_GT(answer.at("score").to_number<double>(), 0.9);
  EXPECT_LT(answer.at("probability").to_number<double>(), 0.1);
  EXPECT_EQ(answer.at("scores").as_object().at("yes"), answer.at("probability"));
  EXPECT_FALSE(answer.contains("confidence"));
}

TEST_F(TaskApiTest, TheListDescribesQuestions) {
  start();
  const boost::json::array list = client().get("/v1/tasks").json().at("tasks").as_array();
  ASSERT_EQ(list.size(), 5U);
  const boost::json::object& topic = list[2].as_object();
  EXPECT_EQ(topic.at("kind").as_string(), "choice");
  EXPECT_EQ(topic.at("question").as_string(), "What is it about?");
  EXPECT_EQ(boost::json::serialize(topic.at("options")),
            R"([{"name":"invoice","description":null},)"
            R"({"name":"bug","description":"something does not work"},)"
            R"({"name":"other","description":null}])");
  EXPECT_EQ(boost::json::serialize(topic.at("labels")), R"(["invoice","bug","other"])");
  EXPECT_EQ(topic.at("permutations").as_int64(), 1);
  EXPECT_EQ(topic.at("prompt_version").as_string(), "qaio-1");
  EXPECT_FALSE(topic.contains("temperature"));
  const boost::json::object& anger = list[3].as_object();
  EXPECT_EQ(anger.at("kind").as_string(), "score");
  EXPECT_TRUE(anger.at("question").is_null());
  EXPECT_EQ(boost::json::serialize(anger.at("levels")), R"(["calm","annoyed","furious"])");
  const boost::json::object& urgent = list[4].as_object();
  EXPECT_EQ(urgent.at("kind").as_string(), "yes_no");
  EXPECT_EQ(urgent.at("yes").as_string(), "names a day");
  EXPECT_TRUE(urgent.at("no").is_null());
}

TEST_F(TaskApiTest, ChatRunsThemBesideTheReply) {
  start("2");
  const boost::json::object answer =
      post("/chat", R"({"input":"It broke.","tasks":["chat","topic","anger","urgent"]})").json();
  EXPECT_EQ(answer.at("reply").as_string(), "2");
  const boost::json::object& results = answer.at("results").as_object();
  EXPECT_THAT(keys(results.at("topic")),
              ElementsAre("label", "score", "confidence", "prompt_version"));
  EXPECT_THAT(keys(results.at("anger")),
              ElementsAre("label", "score", "level", "mean", "confidence", "prompt_version"));
  EXPECT_THAT(keys(results.at("urgent")),
              ElementsAre("label", "score", "probability", "prompt_version"));
  const RequestRecord left = record(0);
  ASSERT_EQ(left.tasks.size(), 4U);
  EXPECT_EQ(left.tasks[0].prompt_version, "");
  EXPECT_EQ(left.tasks[2].prompt_version, "qaio-1");
  EXPECT_EQ(left.tasks[2].label, "2");
  EXPECT_TRUE(left.tasks[2].score);
  EXPECT_FALSE(left.tasks[2].settings);
}

TEST_F(TaskApiTest, WhatHasNoEffectOnAQuestionIsRefused) {
  start();
  for (const char* field : {R"("temperature":1)", R"("max_new_tokens":1)", R"("seed":1)"}) {
    const ClientResponse refused =
        post("/v1/tasks/topic", std::string(R"({"input":"x",)") + field + "}");
    EXPECT_EQ(refused.status, 400);
    EXPECT_THAT(refused.error("message"), testing::HasSubstr("answers a question"));
  }
  EXPECT_EQ(
      post("/v1/tasks/topic", R"({"input":"x","history":[{"user":"a","bot":"b"}]})").error("field"),
      "history");
  EXPECT_EQ(post("/v1/tasks/topic", R"({"input":"  "})").error("field"), "input");
  const ClientResponse long_one =
      post("/v1/tasks/topic", R"({"input":")" + std::string(30'000, 'x') + "\"}");
  EXPECT_EQ(long_one.status, 400);
  EXPECT_EQ(long_one.error("field"), "input");
}

// Usage counts what a question's prompts begin with in each of them, and what was computed once
// as cached in the others.
TEST_F(TaskApiTest, UsageCountsEveryPromptOfAQuestion) {
  ASSERT_TRUE(tasks_.add_toml(
      toml_of("[[task]]\nname='thrice'\nkind='choice'\nquestion='What is it about?'\n"
              "options=['red','green','blue']\npermutations=3\n")));
  start("red");
  const boost::json::object usage = ask("thrice").at("usage").as_object();
  const TaskCounters counters = record(0).tasks[0].counters;
  EXPECT_EQ(counters.questions, 3U);
  EXPECT_EQ(usage.at("prompt_tokens").as_int64(),
            3 * counters.prompt_tokens + counters.question_tokens);
  EXPECT_EQ(usage.at("cached_tokens").as_int64(), 2 * counters.prompt_tokens);
  EXPECT_EQ(usage.at("completion_tokens").as_int64(), 0);
}

}  // namespace
}  // namespace qaio
