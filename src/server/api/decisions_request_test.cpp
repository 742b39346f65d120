// What OpenAI's clients send to Decisions, and what is wrong with what others do.
#include "server/api/decisions_request.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <array>
#include <boost/json.hpp>

namespace qaio {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Result<DecisionRequest> read(std::string_view body) { return read_decisions(body, ApiLimits()); }

std::string asking(std::string_view questions, std::string_view more = "") {
  return fmt::format(R"({{"model":"m","input":"s","questions":{}{}}})", questions, more);
}

TEST(DecisionsRequest, TakesEveryKindOfQuestion) {
  const auto got = read(asking(R"([
      {"type":"predicate","name":"urgent","instructions":"Is it urgent?"},
      {"type":"choice","instructions":[{"type":"input_text","text":"Which team?"},
                                       {"type":"input_json","data":{"n": 1}}],
       "choices":[{"value":"billing","description":"Money"},{"value":"tech","description":null}]},
      {"type":"score","name":null,"instructions":"How angry?",
       "levels":[{"label":"calm"},{"label":"cross","description":"raises the voice"}]}])"));
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(got->api, DecisionApi::kDecisions);
  EXPECT_EQ(got->model, "m");
  EXPECT_EQ(got->state, "s");
  ASSERT_EQ(got->questions.size(), 3U);
  EXPECT_EQ(got->questions[0].kind, QuestionKind::kYesNo);
  EXPECT_EQ(got->questions[0].instructions, "Is it urgent?");
  EXPECT_EQ(got->echoes[0].name, "urgent");
  EXPECT_EQ(got->questions[1].instructions, "Which team?\n{\"n\":1}");
  EXPECT_EQ(got->questions[1].options[0].description, "Money");
  EXPECT_EQ(got->questions[1].options[1].name, "tech");
  EXPECT_THAT(got->echoes[1].values, ElementsAre("billing", "tech"));
  EXPECT_EQ(got->echoes[1].name, std::nullopt);
  EXPECT_EQ(got->questions[2].options[0].description, "calm");
  EXPECT_EQ(got->questions[2].options[1].description, "cross - raises the voice");
  EXPECT_THAT(got->echoes[2].values, ElementsAre("calm", "cross"));
  EXPECT_EQ(got->echoes[2].name, std::nullopt);
}

// Levels by number with the text in the description, a choice without instructions.
TEST(DecisionsRequest, TakesWhatTheAiSdkSends) {
  const auto got = read(R"({"model":"m","input":[{"role":"user","content":[
      {"type":"input_json","data":{"text":"Where is it?"}}]}],"questions":[
      {"type":"choice","name":"a","choices":[{"value":"x"},{"value":"y"}]},
      {"type":"choice","name":"b","instructions":null,"choices":[{"value":"x"},{"value":"y"}]},
      {"type":"score","name":"c","instructions":"How?",
       "levels":[{"label":"0","description":"bad"},{"label":"1","description":"good"}]},
      {"type":"predicate","name":"is_lost"}]})");
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(got->state, R"({"text":"Where is it?"})");
  EXPECT_EQ(got->questions[0].instructions, "");
  EXPECT_EQ(got->questions[1].instructions, "");
  EXPECT_EQ(got->questions[2].options[1].description, "good");
  EXPECT_THAT(got->echoes[2].values, ElementsAre("0", "1"));
  EXPECT_EQ(got->questions[3].instructions, "is_lost") << "the name is the question";
}

TEST(DecisionsRequest, BooleansAndTheirTextsAreDifferentValues) {
  const auto names_of = [](std::string_view choices) {
    const auto got = read(
        asking(fmt::format(R"([{{"type":"choice","instructions":"?","choices":{}}}])", choices)));
    std::vector<std::string> names;
    if (!got) {
      ADD_FAILURE() << got.error().message;
      return names;
    }
    for (const QuestionOption& option : got->questions[0].options) names.push_back(option.name);
    return names;
  };
  EXPECT_THAT(names_of(R"([{"value":true},{"value":false}])"), ElementsAre("true", "false"));
  EXPECT_THAT(names_of(R"([{"value":"true"},{"value":"no"}])"), ElementsAre("true", "no"));
  EXPECT_THAT(names_of(R"([{"value":true},{"value":"no"}])"), ElementsAre("true", "no"));
  EXPECT_THAT(names_of(R"([{"value":true},{"value":"true"}])"), ElementsAre("true", "\"true\""));
  EXPECT_THAT(names_of(R"([{"value":"false"},{"value":false},{"value":"\"false\""}])"),
              ElementsAre("\"false\"", "false", R"("\"false\"")"));
}

TEST(DecisionsRequest, TakesWhatElseClientsSend) {
  const auto got = read(asking(R"([{"type":"predicate","instructions":"x"}])",
                               R"(,"safety_identifier":"u1","prompt_cache_key":"k","permutations":4,
                                   "prompt_cache_options":{"mode":"explicit","ttl":"30m"},
                                   "label_mass":true,"metadata":{},"timeout_ms":9)"));
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_THAT(got->ignored, ElementsAre("label_mass"));
  EXPECT_EQ(got->questions[0].permutations, 4);
  EXPECT_FALSE(got->questions[0].label_mass) << "the answer has no place for it";
  EXPECT_EQ(got->time, std::chrono::milliseconds(9));
}

TEST(DecisionsRequest, SglangsRequestsAreRecognized) {
  for (const std::string_view body :
       {R"({"input":"x","questions":[{"id":"a","type":"choice","question":"?",
            "options":[{"name":"b","description":"c"},{"name":"d"}]}]})",
        R"({"input":{"a":1},"questions":[{"id":"a","type":"score","question":"?",
            "levels":["b","c"]}],"temperature":2})",
        R"({"input":"x","questions":[{"id":"a","type":"yes_no","question":"?"}]})",
        R"({"questions":[{"type":"yes_no"}]})"}) {
    const auto got = read(body);
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().field, "questions");
    EXPECT_THAT(got.error().message, HasSubstr("SGLang's own API"));
  }
}

TEST(DecisionsRequest, TakesUpToItsLimits) {
  std::string questions, choices;
  for (size_t i = 0; i < kDecisionQuestionsMax; ++i) {
    questions += R"({"type":"predicate","instructions":"x"},)";
  }
  for (size_t i = 0; i < kChoiceOptionsMax; ++i) {
    choices += fmt::format(R"({{"value":"o{}"}},)", i);
  }
  const auto array = [](std::string all) {
    all.back() = ']';
    return "[" + all;
  };
  const auto choice = [&](const std::string& all) {
    return asking(
        fmt::format(R"([{{"type":"choice","instructions":"?","choices":{}}}])", array(all)));
  };
  EXPECT_TRUE(read(asking(array(questions))));
  EXPECT_TRUE(read(choice(choices)));
  const auto many = read(asking(array(questions + R"({"type":"predicate","instructions":"x"},)")));
  ASSERT_FALSE(many);
  EXPECT_EQ(many.error().field, "questions");
  EXPECT_THAT(many.error().message, HasSubstr("1 to 64 questions, not 65"));
  const auto wide = read(choice(choices + R"({"value":"o"},)"));
  ASSERT_FALSE(wide);
  EXPECT_EQ(wide.error().field, "questions[0].choices");
  EXPECT_THAT(wide.error().message, HasSubstr("at most 255 elements, it has 256"));
}

TEST(DecisionsRequest, SaysWhatIsWrong) {
  const std::string one = R"([{"type":"predicate","instructions":"x"}])";
  const auto question = [](std::string_view members) {
    return asking(fmt::format(R"([{{"instructions":"x",{}}}])", members));
  };
  const std::vector<std::array<std::string, 3>> all = {
      {"", "", "no body"},
      {"{}", "questions", "an array of questions"},
      {R"({"model":"m","questions":)" + one + "}", "input", "missing"},
      {R"({"input":"","questions":)" + one + "}", "input", "something to judge"},
      {asking("[]"), "questions", "1 to 64 questions, not 0"},
      {asking("{}"), "questions", "/v1/systemone"},
      {asking("[5]"), "questions[0]", "an object"},
      {asking("[{}]"), "questions[0].type", "missing"},
      {question(R"("type":"noul")"), "questions[0].type", "predicate, choice or score"},
      {question(R"("type":"predicate","choices":[])"), "questions[0].choices", "unknown field"},
      {question(R"("type":"predicate","criteria":{})"), "questions[0].criteria", "unknown field"},
      {question(R"("type":"predicate","name":5)"), "questions[0].name", "a string"},
      {asking(R"([{"type":"predicate"}])"), "questions[0].instructions", "asks nothing"},
      {asking(R"([{"type":"predicate","instructions":" "}])"), "questions[0].instructions",
       "asks nothing"},
      {asking(R"([{"type":"predicate","instructions":{}}])"), "questions[0].instructions",
       "a string or an array"},
      {asking(R"([{"type":"predicate","instructions":[{"type":"input_image","image_url":"x"}]}])"),
       "questions[0].instructions[0].type", "reads text only"},
      {asking(R"([{"type":"predicate","instructions":"x","name":"a"},
                  {"type":"predicate","instructions":"y","name":"a"}])"),
       "questions[1].name", "another than that of a question before it"},
      {question(R"("type":"choice")"), "questions[0].choices", "2 to 255"},
      {question(R"("type":"choice","choices":[{"value":"a"}])"), "questions[0].choices",
       "2 to 255"},
      {question(R"("type":"choice","choices":["a","b"])"), "questions[0].choices[0]", "an object"},
      {question(R"("type":"choice","choices":[{"value":"a"},{"value":1}])"),
       "questions[0].choices[1].value", "a string, true or false"},
      {question(R"("type":"choice","choices":[{"value":"a"},{"description":"x"}])"),
       "questions[0].choices[1].value", "a string, true or false"},
      {question(R"("type":"choice","choices":[{"value":"a","x":1},{"value":"b"}])"),
       "questions[0].choices[0].x", "unknown field"},
      {question(R"("type":"choice","choices":[{"value":"a","description":{}},{"value":"b"}])"),
       "questions[0].choices[0].description", "a string"},
      {question(R"("type":"choice","choices":[{"value":"a"},{"value":"a"}])"),
       "questions[0].choices", "'a' twice"},
      {question(R"("type":"choice","choices":[{"value":true},{"value":true}])"),
       "questions[0].choices", "'true' twice"},
      {question(R"("type":"choice","choices":[{"value":"a"},{"value":""}])"),
       "questions[0].choices", "blank"},
      {question(R"("type":"choice","choices":[{"value":"a","value":"b"},{"value":"c"}])"),
       "questions[0].choices[0].value", "twice"},
      {question(R"("type":"score")"), "questions[0].levels", "2 to 10"},
      {question(R"("type":"score","levels":[{"label":"a"}])"), "questions[0].levels", "not 1"},
      {question(R"("type":"score","levels":["a","b"])"), "questions[0].levels[0]", "an object"},
      {question(R"("type":"score","levels":[{"label":"a"},{"description":"b"}])"),
       "questions[0].levels[1].label", "missing"},
      {question(R"("type":"score","levels":[{"label":"a"},{"label":" "}])"), "questions[0].levels",
       "without a description"},
      {asking(one, R"(,"permutations":99)"), "permutations", "from 1 to 16"},
      {asking(one, R"(,"stream":true)"), "stream", "all answers come at once"},
      {asking(one, R"(,"instructions":"Be strict.")"), "instructions", "system message first"},
      {asking(one, R"(,"enable_thinking":true)"), "enable_thinking", "think first"},
      {asking(one, R"(,"inputs":"x")"), "inputs", "did you mean 'input'"},
  };
  for (const auto& [body, field, message] : all) {
    const auto got = read(body);
    ASSERT_FALSE(got) << body;
    EXPECT_EQ(got.error().code, ErrorCode::kInvalidArgument);
    EXPECT_EQ(got.error().field, field) << body;
    EXPECT_THAT(got.error().message, HasSubstr(message)) << body;
  }
}

}  // namespace
}  // namespace qaio
