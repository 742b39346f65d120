// What TypeSafe's clients send, and what is wrong with what others do.
#include "server/api/systemone_request.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <array>
#include <boost/json.hpp>

namespace qaio {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Result<DecisionRequest> read(std::string_view body) { return read_systemone(body, ApiLimits()); }

// A request with these questions.
std::string asking(std::string_view questions, std::string_view more = "") {
  return fmt::format(R"({{"state":"s","questions":{}{}}})", questions, more);
}

TEST(SystemOneRequest, TakesEveryKindOfQuestion) {
  const auto got = read(R"({"model":"jev-latest","state":"I was charged twice.","questions":{
      "team":{"type":"choice","instructions":"Which team?",
              "criteria":{"billing":"Money","tech":null,"sales":{"who":["new"]}}},
      "anger":{"type":"score","instructions":null,"criteria":["calm",null,{"level":"furious"}]},
      "urgent":{"type":"noul","instructions":{"ask":"Today?"},"criteria":{"true":"now","false":null}},
      "is_refund":{"type":"noul","instructions":null},
      "spam":{"type":"noul","criteria":null}}})");
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(got->api, DecisionApi::kSystemOne);
  EXPECT_EQ(got->model, "jev-latest");
  EXPECT_EQ(got->state, "I was charged twice.");
  EXPECT_EQ(got->system, "");
  EXPECT_THAT(got->ignored, IsEmpty());
  ASSERT_EQ(got->questions.size(), 5U);
  const Question& team = got->questions[0];
  EXPECT_EQ(team.kind, QuestionKind::kChoice);
  EXPECT_EQ(team.instructions, "Which team?");
  ASSERT_EQ(team.options.size(), 3U);
  EXPECT_EQ(team.options[0].name, "billing");
  EXPECT_EQ(team.options[0].description, "Money");
  EXPECT_EQ(team.options[1].description, "");
  EXPECT_EQ(team.options[2].description, R"({"who":["new"]})");
  EXPECT_EQ(team.permutations, 1);
  EXPECT_FALSE(team.label_mass);
  EXPECT_THAT(got->echoes[0].values, ElementsAre("billing", "tech", "sales"));
  EXPECT_EQ(got->echoes[0].name, "team");
  const Question& anger = got->questions[1];
  EXPECT_EQ(anger.kind, QuestionKind::kScore);
  EXPECT_EQ(anger.instructions, "");
  EXPECT_EQ(anger.options[0].description, "calm");
  EXPECT_EQ(anger.options[1].description, "1") << "a level that is not described is its number";
  EXPECT_EQ(anger.options[2].description, R"({"level":"furious"})");
  EXPECT_TRUE(got->echoes[1].values[1].is_null());
  const Question& urgent = got->questions[2];
  EXPECT_EQ(urgent.kind, QuestionKind::kYesNo);
  EXPECT_EQ(urgent.instructions, R"({"ask":"Today?"})");
  ASSERT_EQ(urgent.options.size(), 2U);
  EXPECT_EQ(urgent.options[0].description, "now");
  EXPECT_EQ(urgent.options[1].description, "");
  EXPECT_EQ(got->questions[3].instructions, "is_refund") << "the id is the question";
  EXPECT_THAT(got->questions[3].options, IsEmpty());
  EXPECT_EQ(got->questions[4].instructions, "spam");
}

TEST(SystemOneRequest, TakesEveryFormOfState) {
  for (const auto& [state, text] : std::vector<std::array<std::string, 2>>{
           {R"("plain")", "plain"},
           {R"({"b": 1, "a": {"x": [1.5, true]}})", R"({"b":1,"a":{"x":[1.5,true]}})"},
           {R"([{"role": "user"}, "x"])", R"([{"role":"user"},"x"])"},
           {R"("<|im_end|>\n")", "<|im_end|>\n"}}) {
    const auto got =
        read(fmt::format(R"({{"state":{},"questions":{{"q":{{"type":"noul"}}}}}})", state));
    ASSERT_TRUE(got) << got.error().message;
    EXPECT_EQ(got->state, text);
  }
  std::string deep = std::string(64, '[') + "1" + std::string(64, ']');
  EXPECT_TRUE(read(fmt::format(R"({{"state":{},"questions":{{"q":{{"type":"noul"}}}}}})", deep)));
  deep = std::string(90, '[') + "1" + std::string(90, ']');
  const auto refused =
      read(fmt::format(R"({{"state":{},"questions":{{"q":{{"type":"noul"}}}}}})", deep));
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("more than 72 levels"));
}

TEST(SystemOneRequest, TakesExtensions) {
  const auto got = read(asking(R"({"q":{"type":"choice","criteria":{"a":null,"b":null}}})",
                               R"(,"permutations":3,"label_mass":true,"timeout_ms":250,
                                   "instructions":"Be strict.","chat_template_kwargs":
                                   {"enable_thinking":false},"temperature":1,"foo":{},"user":"u",
                                   "images":[],"stream":false)"));
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(got->questions[0].permutations, 3);
  EXPECT_TRUE(got->questions[0].label_mass);
  EXPECT_EQ(got->time, std::chrono::milliseconds(250));
  EXPECT_EQ(got->system, "Be strict.");
  EXPECT_THAT(got->ignored, ElementsAre("temperature", "foo"));
}

TEST(SystemOneRequest, OptionsKeepWhatTheyAreCalled) {
  const auto got = read(asking(R"({"q":{"type":"choice","criteria":{" 是 ":null,"no":""}}})"));
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(got->questions[0].options[0].name, "是") << "the model says it without white space";
  EXPECT_EQ(got->echoes[0].values[0], " 是 ");
  EXPECT_TRUE(read(asking(R"({"":{"type":"choice","criteria":{"a":null}}})"))) << "any id";
}

TEST(SystemOneRequest, TakesUpToItsLimits) {
  std::string questions, options;
  for (size_t i = 0; i < kDecisionQuestionsMax; ++i) {
    questions += fmt::format(R"({}"q{}":{{"type":"noul"}})", i > 0 ? "," : "", i);
  }
  for (size_t i = 0; i < kChoiceOptionsMax; ++i) {
    options += fmt::format(R"({}"o{}":null)", i > 0 ? "," : "", i);
  }
  const auto choice = [](const std::string& all) {
    return asking(fmt::format(R"({{"q":{{"type":"choice","criteria":{{{}}}}}}})", all));
  };
  EXPECT_TRUE(read(asking("{" + questions + "}")));
  EXPECT_TRUE(read(choice(options)));
  const auto many = read(asking("{" + questions + R"(,"q":{"type":"noul"}})"));
  ASSERT_FALSE(many);
  EXPECT_EQ(many.error().field, "questions");
  EXPECT_THAT(many.error().message, HasSubstr("1 to 64 questions, not 65"));
  const auto wide = read(choice(options + R"(,"o":null)"));
  ASSERT_FALSE(wide);
  EXPECT_EQ(wide.error().field, "questions.q.criteria");
  EXPECT_THAT(wide.error().message, HasSubstr("1 to 255 options, not 256"));
}

TEST(SystemOneRequest, SaysWhatIsWrong) {
  const std::string noul = R"({"q":{"type":"noul"}})";
  const std::vector<std::array<std::string, 3>> all = {
      {"", "", "no body"},
      {"{", "", "not valid JSON"},
      {"[]", "", "must be a JSON object"},
      {"{}", "questions", "an object with a question for every id"},
      {R"({"state":"s"})", "questions", "an object"},
      {R"({"questions":)" + noul + "}", "state", "says something"},
      {R"({"state":null,"questions":)" + noul + "}", "state", "says something"},
      {R"({"state":"","questions":)" + noul + "}", "state", "says something"},
      {R"({"state":" \t","questions":)" + noul + "}", "state", "says something"},
      {R"({"state":{},"questions":)" + noul + "}", "state", "says something"},
      {R"({"state":[],"questions":)" + noul + "}", "state", "says something"},
      {R"({"state":5,"questions":)" + noul + "}", "state", "a string, an object or an array"},
      {R"({"state":true,"questions":)" + noul + "}", "state", "a string, an object or an array"},
      {asking("{}"), "questions", "1 to 64 questions, not 0"},
      {asking("[]"), "questions", "/v1/decisions"},
      {asking(R"([{"type":"predicate"}])"), "questions", "/v1/decisions"},
      {asking(R"({"q":"x"})"), "questions.q", "an object"},
      {asking(R"({"q":{}})"), "questions.q.type", "missing"},
      {asking(R"({"q":{"type":"yes_no"}})"), "questions.q.type", "choice, score or noul"},
      {asking(R"({"q":{"type":5}})"), "questions.q.type", "a string"},
      {asking(R"({"q":{"type":"noul","question":"x"}})"), "questions.q.question", "unknown field"},
      {asking(R"({"q":{"type":"noul","instructions":5}})"), "questions.q.instructions", "a string"},
      {asking(R"({"q":{"type":"noul","criteria":{"yes":"x"}}})"), "questions.q.criteria.yes",
       "known are true, false"},
      {asking(R"({"q":{"type":"noul","criteria":["x"]}})"), "questions.q.criteria", "an object"},
      {asking(R"({"q":{"type":"noul","criteria":{"true":1}}})"), "questions.q.criteria.true",
       "a string"},
      {asking(R"({"":{"type":"noul"}})"), "questions..instructions", "asks nothing"},
      {asking(R"({"q":{"type":"choice"}})"), "questions.q.criteria", "for every option"},
      {asking(R"({"q":{"type":"choice","criteria":["a","b"]}})"), "questions.q.criteria", "object"},
      {asking(R"({"q":{"type":"choice","criteria":{}}})"), "questions.q.criteria", "not 0"},
      {asking(R"({"q":{"type":"choice","criteria":{"a":1}}})"), "questions.q.criteria.a", "string"},
      {asking(R"({"q":{"type":"choice","criteria":{" ":null}}})"), "questions.q.criteria", "blank"},
      {asking(R"({"q":{"type":"choice","criteria":{"a\nb":null}}})"), "questions.q.criteria",
       "line break"},
      {asking(R"({"q":{"type":"choice","criteria":{"a":null," a":null}}})"), "questions.q.criteria",
       "'a' twice"},
      {asking(R"({"q":{"type":"choice","criteria":{"a":null,"b":null,"\u0061":1}}})"),
       "questions.q.criteria.a", "twice"},
      {asking(R"({"q":{"type":"noul"},"r":{"type":"noul"},"q":{"type":"noul"}})"), "questions.q",
       "twice"},
      {asking(R"({"q":{"type":"score"}})"), "questions.q.criteria", "2 to 10 levels"},
      {asking(R"({"q":{"type":"score","criteria":{"a":1}}})"), "questions.q.criteria", "array"},
      {asking(R"({"q":{"type":"score","criteria":["a"]}})"), "questions.q.criteria", "not 1"},
      {asking(R"({"q":{"type":"score","criteria":[1,2,3,4,5,6,7,8,9,10,11]}})"),
       "questions.q.criteria", "at most 10 elements, it has 11"},
      {asking(R"({"q":{"type":"score","criteria":["a",5]}})"), "questions.q.criteria[1]", "string"},
      {asking(R"({"q":{"type":"score","criteria":["a"," "]}})"), "questions.q.criteria",
       "without a description"},
      {asking(noul, R"(,"model":"")"), "model", "a name"},
      {asking(noul, R"(,"model":7)"), "model", "a string"},
      {asking(noul, R"(,"permutations":0)"), "permutations", "from 1 to 16"},
      {asking(noul, R"(,"permutations":17)"), "permutations", "from 1 to 16"},
      {asking(noul, R"(,"label_mass":"yes")"), "label_mass", "true or false"},
      {asking(noul, R"(,"timeout_ms":0)"), "timeout_ms", "from 1"},
      {asking(noul, R"(,"instructions":{"a":1})"), "instructions", "a string"},
      {asking(noul, R"(,"images":["data:,"])"), "images", "text only"},
      {asking(noul, R"(,"files":["data:,"])"), "files", "text only"},
      {asking(noul, R"(,"stream":true)"), "stream", "all answers come at once"},
      {asking(noul, R"(,"chat_template_kwargs":{"enable_thinking":true})"),
       "chat_template_kwargs.enable_thinking", "think first"},
      {asking(noul, R"(,"permutation":2)"), "permutation", "did you mean 'permutations'"},
  };
  for (const auto& [body, field, message] : all) {
    const auto got = read(body);
    ASSERT_FALSE(got) << body;
    EXPECT_EQ(got.error().code, ErrorCode::kInvalidArgument);
    EXPECT_EQ(got.error().field, field) << body;
    EXPECT_THAT(got.error().message, HasSubstr(message)) << body;
  }
}

TEST(SystemOneRequest, HostileNamesAreNotEchoedAtLength) {
  const std::string name(10'000, 'x');
  for (const std::string& body :
       {asking("{\"" + name + R"(":{"type":"none"}})"),
        asking(R"({"q":{"type":"choice","criteria":{")" + name + R"(":1}}})"),
        asking(fmt::format(R"({{"{0}":{{"{0}":1}}}})", name))}) {
    const auto got = read(body);
    ASSERT_FALSE(got);
    EXPECT_LT(got.error().message.size(), 400U);
    EXPECT_LT(got.error().field.size(), 400U);
  }
}

}  // namespace
}  // namespace qaio
