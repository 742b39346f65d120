// Tasks that are questions, and what temperatures do to answers.
#include <gmock/gmock.h>

#include <cmath>
#include <future>
#include <numeric>

#include "config/toml_for_test.h"
#include "tasks/pipeline.h"
#include "tasks/scripted_model.h"
#include "tasks/tokenizer_for_test.h"

namespace qaio {
namespace {

using testing::AllOf;
using testing::DoubleNear;
using testing::ElementsAre;
using testing::HasSubstr;
using namespace std::chrono_literals;

constexpr std::string_view kTasks = R"(
[[task]]
name = "topic"
kind = "choice"
question = "What is it about?"
options = ["invoice", {name = "bug", description = "something does not work"}, "other"]

[[task]]
name = "anger"
kind = "score"
question = "How angry is the writer?"
levels = ["calm", "annoyed", "furious"]

[[task]]
name = "urgent"
kind = "yes_no"
question = "Must it be answered today?"
)";

class PipelineQuestionTest : public testing::Test {
 protected:
  void SetUp() override {
    tokenizer_ = tokenizer_for_test();
    ASSERT_TRUE(tokenizer_);
    add(kTasks);
  }

  void add(std::string_view toml) {
    const auto added = tasks_.add_toml(toml_of(toml));
    ASSERT_TRUE(added) << added.error().message;
  }

  Result<std::unique_ptr<Pipeline>> create(std::string_view reply,
                                           const CalibrationTables& temperatures) {
    ScriptedModel::Script script;
    script.reply = tokenizer_->encode(reply);
    script.end = *tokenizer_->special("<|im_end|>");
    pipeline_.reset();
    engine_.reset();
    model_ = std::make_unique<ScriptedModel>(script, tokenizer_->size());
    EngineOptions options;
    options.end_tokens = {script.end};
    engine_ = std::make_unique<Engine>(*model_, *tokenizer_, clock_, options);
    return Pipeline::create(tasks_, *engine_, *tokenizer_, clock_, ChatTemplate::chatml(),
                            temperatures);
  }
  void start(std::string_view reply, const CalibrationTables& temperatures = {}) {
    auto pipeline = create(reply, temperatures);
    ASSERT_TRUE(pipeline) << pipeline.error().message;
    pipeline_ = std::move(*pipeline);
  }

  RequestOutcome run(std::vector<std::string> tasks, std::string input = "It broke again.") {
    PipelineRequest request;
    request.tasks = std::move(tasks);
    request.input = std::move(input);
    std::promise<RequestOutcome> promise;
    PipelineCallbacks callbacks;
    callbacks.on_done = [&](RequestOutcome outcome) { promise.set_value(std::move(outcome)); };
    const auto handle = pipeline_->run(request, std::move(callbacks));
    auto future = promise.get_future();
    EXPECT_EQ(future.wait_for(20s), std::future_status::ready);
    return future.get();
  }
  TaskOutcome answer(const std::string& task) {
    RequestOutcome outcome = run({task});
    EXPECT_FALSE(outcome.error) << outcome.error->message;
    return outcome.tasks.front();
  }

  const SteadyClock& clock_ = SteadyClock::instance();
  TaskRegistry tasks_ = TaskRegistry::built_in();
  std::unique_ptr<Tokenizer> tokenizer_;
  std::unique_ptr<ScriptedModel> model_;
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<Pipeline> pipeline_;
};

TEST_F(PipelineQuestionTest, AnswersEveryKind) {
  start("other");
  const TaskOutcome topic = answer("topic");
  EXPECT_EQ(topic.kind, TaskKind::kDecide);
  EXPECT_EQ(topic.question, QuestionKind::kChoice);
  EXPECT_EQ(topic.label, "other");
  EXPECT_EQ(topic.answer.best, 2U);
  EXPECT_GT(topic.answer.confidence, 0.9);
  EXPECT_EQ(topic.label_probabilities, topic.answer.probabilities);
  EXPECT_FLOAT_EQ(topic.score.value(), static_cast<float>(topic.label_probabilities[2]));
  EXPECT_THAT(std::reduce(topic.label_probabilities.begin(), topic.label_probabilities.end()),
              DoubleNear(1, 1e-12));
  EXPECT_EQ(topic.text, "");
  EXPECT_GT(topic.input_tokens, 0);

  start("1");
  const TaskOutcome anger = answer("anger");
  EXPECT_EQ(anger.question, QuestionKind::kScore);
  EXPECT_EQ(anger.label, "1");
  EXPECT_EQ(anger.level, "annoyed");
  EXPECT_THAT(anger.answer.mean, DoubleNear(1, 1e-6));

  for (const auto& [said, label] :
       {std::pair("yes", "yes"), {"Yes", "yes"}, {"no", "no"}, {"No", "no"}}) {
    start(said);
    const TaskOutcome urgent = answer("urgent");
    EXPECT_EQ(urgent.question, QuestionKind::kYesNo);
    EXPECT_EQ(urgent.label, label) << said;
    EXPECT_GT(urgent.score.value(), 0.9F);
  }
}

TEST_F(PipelineQuestionTest, RunsBesideOtherTasksAndAccountsForItsTime) {
  start("other");
  const RequestOutcome outcome = run({"sentiment", "topic", "chat", "urgent"});
  ASSERT_FALSE(outcome.error) << outcome.error->message;
  for (const size_t i : {1, 3}) {
    const TaskOutcome& task = outcome.tasks[i];
    EXPECT_EQ(task.finish_reason, FinishReason::kScored);
    EXPECT_EQ(task.counters.completion_tokens, 0U);
    EXPECT_EQ(task.counters.questions, 1U);
    EXPECT_GT(task.lane.stage_ns(Stage::kPromptBuild), 0);
    EXPECT_GT(task.lane.stage_ns(Stage::kTokenize), 0);
    EXPECT_GT(task.lane.stage_ns(Stage::kOutputParse), 0);
    EXPECT_EQ(task.lane.unattributed_ns(), 0);
  }
  EXPECT_FALSE(outcome.tasks[0].question);
  EXPECT_EQ(outcome.tasks[2].text, "other");
}

TEST_F(PipelineQuestionTest, PermutationsAreSeveralPromptsOfOneTask) {
  add("[[task]]\nname='topic'\npermutations=3\n");
  start("bug");
  const TaskOutcome topic = answer("topic");
  EXPECT_EQ(topic.counters.questions, 3U);
  EXPECT_GT(topic.counters.question_tokens, 0U);
  EXPECT_EQ(topic.label, "bug");
}

TEST_F(PipelineQuestionTest, SystemPromptsAreWarmFromTheStart) {
  add("[[task]]\nname='topic'\nsystem='" + std::string(300, 'z') + "'\n");
  start("bug");
  EXPECT_GE(engine_->load().kv_blocks_pinned, 2);
  EXPECT_GE(answer("topic").counters.cached_tokens, 64U);
}

TEST_F(PipelineQuestionTest, WhatIsNoStateIsRefused) {
  add("[[task]]\nname='anger'\nmax_prompt_tokens=100\n");
  start("1");
  for (const auto& [input, reason] : {std::pair<std::string, const char*>(" \n ", "empty"),
                                      {std::string(30'000, 'x'), "at most 100"}}) {
    const RequestOutcome outcome = run({"anger"}, input);
    ASSERT_TRUE(outcome.error);
    EXPECT_EQ(outcome.error->code, ErrorCode::kInvalidArgument);
    EXPECT_EQ(outcome.error->field, "input");
    EXPECT_THAT(outcome.error->message, AllOf(HasSubstr("task 'anger': "), HasSubstr(reason)));
  }
}

TEST_F(PipelineQuestionTest, QuestionsThatThisModelCannotBeAskedAreFoundAtTheStart) {
  add("[[task]]\nname='accent'\nkind='choice'\noptions=['caf\u00e9', 'cafe\u0301']\n");
  EXPECT_THAT(create("1", {}).error().message,
              AllOf(HasSubstr("task 'accent'"), HasSubstr("the same")));
  add("[[task]]\nname='accent'\noptions=['a','b']\nmax_prompt_tokens=30\n"
      "question='" +
      std::string(100, 'q') + "'\n");
  EXPECT_THAT(create("1", {}).error().message,
              AllOf(HasSubstr("task 'accent'"), HasSubstr("at most 30")));
}

// e^(log p / T), normalized.
std::vector<double> tempered(std::vector<double> probabilities, double temperature) {
  double sum = 0;
  for (double& p : probabilities) sum += p = std::pow(p, 1 / temperature);
  for (double& p : probabilities) p /= sum;
  return probabilities;
}

TEST_F(PipelineQuestionTest, ATasksTemperatureCountsBeforeItsKinds) {
  start("1");
  const std::vector<double> topic = answer("topic").label_probabilities;
  const std::vector<double> anger = answer("anger").label_probabilities;
  const std::vector<double> urgent = answer("urgent").label_probabilities;
  CalibrationTables temperatures;
  temperatures.kinds = Calibration::of(QuestionKind::kScore, 20);
  temperatures.kinds.complete_by(Calibration::of(QuestionKind::kYesNo, 3));
  temperatures.tasks = {{"urgent", 5}};
  start("1", temperatures);
  EXPECT_EQ(answer("topic").label_probabilities, topic);
  const TaskOutcome softer = answer("anger");
  const auto expected = tempered(anger, 20);
  for (size_t i = 0; i < 3; ++i)
    EXPECT_THAT(softer.label_probabilities[i], DoubleNear(expected[i], 1e-9)) << i;
  EXPECT_EQ(softer.label, "1");
  EXPECT_LT(softer.score.value(), 0.9F);
  EXPECT_THAT(answer("urgent").label_probabilities,
              ElementsAre(DoubleNear(tempered(urgent, 5)[0], 1e-9),
                          DoubleNear(tempered(urgent, 5)[1], 1e-9)));
}

// A classify task is a choice in its own words: temperatures of questions are not fitted to it.
TEST_F(PipelineQuestionTest, AClassifyTaskHasItsOwnTemperatureOrNone) {
  start("负面");
  const std::vector<double> raw = answer("sentiment").label_probabilities;
  CalibrationTables temperatures;
  temperatures.kinds = Calibration::of(QuestionKind::kChoice, 9);
  start("负面", temperatures);
  EXPECT_EQ(answer("sentiment").label_probabilities, raw);
  temperatures.tasks = {{"sentiment", 20}};
  start("负面", temperatures);
  const TaskOutcome softer = answer("sentiment");
  EXPECT_EQ(softer.label, "负面");
  EXPECT_THAT(softer.label_probabilities[1], DoubleNear(tempered(raw, 20)[1], 1e-4));
  EXPECT_LT(softer.score.value(), 0.99F);
}

}  // namespace
}  // namespace qaio
