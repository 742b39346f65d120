// The two shapes of an answer, to the byte where clients are strict.
#include "server/api/decision_answer.h"

#include <gmock/gmock.h>

#include <boost/json.hpp>

#include "base/json.h"
#include "server/api/decisions_request.h"
#include "server/api/systemone_request.h"

namespace qaio {
namespace {

std::string written(const Result<DecisionRequest>& request, std::vector<Answer> answers) {
  EXPECT_TRUE(request);
  std::string text;
  JsonWriter json(text);
  write_decision_answer(*request, "demo", "v1", answers, {.input_tokens = 120, .cached_tokens = 40},
                        json);
  EXPECT_TRUE(parse_json(text, "answer")) << text;
  return text;
}

TEST(DecisionAnswer, SystemOneIsAsTypeSafeHasIt) {
  const auto request = read_systemone(R"({"state":"s","questions":{
      "team":{"type":"choice","criteria":{"tech \"1\"":null,"sales":null}},
      "anger":{"type":"score","criteria":["calm",null,{"a":1.5}]},
      "urgent":{"type":"noul"}}})",
                                      ApiLimits());
  Answer urgent = make_answer(QuestionKind::kYesNo, {0.125, 0.875});
  urgent.label_mass = 0.5;
  EXPECT_EQ(written(request, {make_answer(QuestionKind::kChoice, {0.25, 0.75}),
                              make_answer(QuestionKind::kScore, {0, 0.5, 0.5}), urgent}),
            R"({"model":"demo","answers":{)"
            R"("team":{"type":"choice","choice":"sales",)"
            R"("probabilities":{"tech \"1\"":0.25,"sales":0.75},"confidence":0.5},)"
            R"("anger":{"type":"score","score":1.5,"legend":{"0":"calm","1":null,"2":{"a":1.5}},)"
            R"("probabilities":{"0":0,"1":0.5,"2":0.5},"confidence":0.25},)"
            R"("urgent":{"type":"noul","noul":0.125,"x_label_mass":0.5}},)"
            R"("usage":{"input_tokens":120,"output_tokens":0},"prompt_version":"v1"})");
}

TEST(DecisionAnswer, DecisionsAreAsOpenAiHasThem) {
  const auto request = read_decisions(R"({"input":"s","questions":[
      {"type":"choice","name":"team","instructions":"x","choices":[{"value":true},{"value":"true"}]},
      {"type":"score","instructions":"x","levels":[{"label":"low"},{"label":"high"}]},
      {"type":"predicate","name":"urgent","instructions":"x"}]})",
                                      ApiLimits());
  EXPECT_EQ(written(request, {make_answer(QuestionKind::kChoice, {0.75, 0.25}),
                              make_answer(QuestionKind::kScore, {0.25, 0.75}),
                              make_answer(QuestionKind::kYesNo, {0.125, 0.875})}),
            R"({"model":"demo","answers":[)"
            R"({"type":"choice","name":"team","choice":true,"confidence":0.5,"probabilities":[)"
            R"({"value":true,"probability":0.75},{"value":"true","probability":0.25}]},)"
            R"({"type":"score","name":null,"score":0.75,"confidence":0.5,"probabilities":[)"
            R"({"value":0,"label":"low","probability":0.25},)"
            R"({"value":1,"label":"high","probability":0.75}]},)"
            R"({"type":"predicate","name":"urgent","probability":0.125}],)"
            R"("usage":{"input_tokens":120,)"
            R"("input_tokens_details":{"cached_tokens":40,"cache_write_tokens":0},)"
            R"("output_tokens":0,"output_tokens_details":{"reasoning_tokens":0},)"
            R"("total_tokens":120}})");
}

// Of published samples.
TEST(DecisionAnswer, CheckValues) {
  const Answer score = make_answer(QuestionKind::kScore, {.0023, .116, .6753, .2064});
  EXPECT_NEAR(score.mean, 2.0858, 1e-4);
  EXPECT_NEAR(score.confidence, 0.673, 1e-3);
  EXPECT_NEAR(make_answer(QuestionKind::kChoice, {.9998, .0001, .0001}).confidence, 0.9997, 1e-4);
  EXPECT_NEAR(make_answer(QuestionKind::kChoice, {.7, .2, .1}).confidence, .55, 1e-12);
  EXPECT_NEAR(make_answer(QuestionKind::kScore, {.7, .2, .1}).confidence, .40, 1e-12);
  EXPECT_NEAR(make_answer(QuestionKind::kChoice, {.5, 0, .5}).confidence, .25, 1e-12);
  EXPECT_EQ(make_answer(QuestionKind::kScore, {.5, 0, .5}).confidence, 0);
  EXPECT_EQ(make_answer(QuestionKind::kChoice, {1}).confidence, 1);
  EXPECT_EQ(make_answer(QuestionKind::kScore, {0, 0, 1.0000000000000002}).mean, 2)
      << "never off the scale";
}

TEST(DecisionAnswer, ProbabilitiesReadBackTheSame) {
  const auto request = read_decisions(
      R"({"input":"s","questions":[{"type":"predicate","instructions":"x"}]})", ApiLimits());
  for (const double p : {1.0 / 3, 0.1 + 0.2, 1e-30, 5e-324, 0.9999999999999999, 1e-5}) {
    const std::string text = written(request, {make_answer(QuestionKind::kYesNo, {p, 1 - p})});
    const size_t at = text.find("\"probability\":") + 14;
    EXPECT_EQ(std::strtod(text.c_str() + at, nullptr), p) << text;
  }
}

}  // namespace
}  // namespace qaio
