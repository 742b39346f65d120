// What one more question and one more option cost, with records that support it and with others.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "record/records_for_test.h"
#include "report/findings_for_test.h"

namespace qaio {
namespace {

TEST(QuestionCosts, AreLearntFromRequestsWithSeveral) {
  const auto finding = find(findings_of(asking_set(400).set), "question_costs");
  ASSERT_TRUE(finding);
  // With its three options.
  EXPECT_NEAR(figure(*finding, "per_question_ms"), 2.9, 0.1) << finding->statement;
  EXPECT_NEAR(figure(*finding, "per_option_ms"), 0.3, 0.1);
  EXPECT_NEAR(figure(*finding, "options_per_question"), 3, 0.1);
  EXPECT_NEAR(figure(*finding, "single_ms"), 1 + 25 + 0.2 + 2.9, 3);
  EXPECT_GT(figure(*finding, "explained"), 0.95);
  EXPECT_THAT(finding->statement, testing::StartsWith("decision: one more question, of "));
  EXPECT_THAT(finding->statement, testing::HasSubstr("(95 % interval "));
  EXPECT_EQ(finding->advice, "Ask all about a text in one request.");
}

TEST(QuestionCosts, IntervalsHoldWhatIsTrueNearlyAlways) {
  constexpr int kRepeats = 40;
  int questions_within = 0;
  int options_within = 0;
  for (uint64_t seed = 0; seed < kRepeats; ++seed) {
    const auto finding = find(findings_of(asking_set(400, 3, seed).set), "question_costs");
    ASSERT_TRUE(finding);
    // Of a question with as many options as these have on average.
    const double question_ms = 2 + 0.3 * figure(*finding, "options_per_question");
    questions_within += figure(*finding, "per_question_low_ms") < question_ms &&
                        figure(*finding, "per_question_high_ms") > question_ms;
    options_within +=
        figure(*finding, "per_option_low_ms") < 0.3 && figure(*finding, "per_option_high_ms") > 0.3;
  }
  EXPECT_GE(questions_within, kRepeats * 8 / 10);
  EXPECT_GE(options_within, kRepeats * 8 / 10);
}

TEST(QuestionCosts, OptionsThatDoNotVaryHaveNone) {
  const auto finding = find(findings_of(asking_set(100, 1).set), "question_costs");
  ASSERT_TRUE(finding);
  EXPECT_NEAR(figure(*finding, "per_question_ms"), 2.6, 0.1);
  EXPECT_EQ(figure(*finding, "options_per_question"), 2);
  EXPECT_THAT(finding->evidence[0], testing::HasSubstr("cannot be told"));
  for (const auto& [name, value] : finding->figures) EXPECT_NE(name, "per_option_ms");
}

TEST(QuestionCosts, OutliersBendNothing) {
  TestSet test = asking_set(200);
  Random random(12);
  for (int i = 0; i < 10; ++i) {
    RequestSpec spec = asking(random);
    spec.decode_ms += 500;
    test.add(spec);
  }
  const auto finding = find(findings_of(test.set), "question_costs");
  ASSERT_TRUE(finding);
  EXPECT_NEAR(figure(*finding, "per_question_ms"), 2.9, 0.1);
}

TEST(QuestionCosts, NoneWhereRecordsDoNotSupportThem) {
  EXPECT_FALSE(find(findings_of(asking_set(29).set), "question_costs")) << "too few";
  Random random(13);
  TestSet alike;  // of one, of two questions: could be any two kinds of requests
  for (int i = 0; i < 100; ++i) {
    RequestSpec spec = asking(random, 1);
    spec.questions = 1 + static_cast<uint32_t>(i % 2);
    spec.question_tokens = i % 2 ? 40 : 0;
    spec.options = 2 * spec.questions;
    spec.decode_ms = 1 + 2.0 * (i % 2);
    alike.add(spec);
  }
  EXPECT_FALSE(find(findings_of(alike.set), "question_costs"));
  TestSet noise;
  for (int i = 0; i < 100; ++i) {
    RequestSpec spec = asking(random);
    spec.prefill_ms = 5 + 10 * random.uniform();
    spec.decode_ms = 5 + 50 * random.uniform();
    noise.add(spec);
  }
  EXPECT_FALSE(find(findings_of(noise.set), "question_costs"));
  TestSet generating;
  for (int i = 0; i < 100; ++i) generating.add({.decode_ms = 1.0 + i % 7});
  EXPECT_FALSE(find(findings_of(generating.set), "question_costs")) << "nobody asked";
}

TEST(Tail, ManyQuestionsAreACause) {
  Random random(15);
  TestSet test = asking_set(95);
  for (int i = 0; i < 5; ++i) {
    RequestSpec spec = asking(random);
    spec.questions = 60;
    spec.question_tokens = 20 * spec.questions;
    spec.options = 3 * spec.questions;
    spec.decode_ms = noisy(0.2 + 2.9 * spec.questions, 0.02, random);
    test.add(spec);
  }
  const auto finding = find(findings_of(test.set), "tail_causes");
  ASSERT_TRUE(finding);
  ASSERT_EQ(finding->figures.size(), 1u) << finding->statement;
  EXPECT_EQ(finding->figures[0], (std::pair<std::string, double>("many_questions", 5)));
  EXPECT_THAT(finding->meaning, testing::HasSubstr("they ask many questions"));
}

TEST(Bottleneck, OfQuestionsIsTheirsNotThatOfLabels) {
  TestSet test;
  for (int i = 0; i < 40; ++i) {
    test.add({.task = "decision",
              .output = 0,
              .questions = 16,
              .question_tokens = 320,
              .options = 64,
              .prefill_ms = 10,
              .decode_ms = 90});
  }
  const auto finding = find(findings_of(test.set), "bottleneck");
  ASSERT_TRUE(finding);
  EXPECT_THAT(finding->meaning, testing::StartsWith("Answering the questions of decision decides"));
  EXPECT_THAT(finding->advice, testing::HasSubstr("fewer or shorter questions"));
}

}  // namespace
}  // namespace qaio
