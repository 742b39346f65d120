#include "tasks/question.h"

#include <gmock/gmock.h>

#include "tasks/decision_wording.h"

namespace qaio {
namespace {

using testing::HasSubstr;

Question choice(std::vector<std::string> names) {
  Question question;
  question.instructions = "What is it about?";
  for (std::string& name : names) question.options.push_back({std::move(name), ""});
  return question;
}

Question scale(std::vector<std::string> levels) {
  Question question;
  question.kind = QuestionKind::kScore;
  for (std::string& level : levels) question.options.push_back({"", std::move(level)});
  return question;
}

std::string refusal(const Question& question) {
  const auto result = check_question(question);
  return result ? std::string() : result.error().message;
}

TEST(QuestionTest, ConfidenceIsByThePublishedFormulas) {
  EXPECT_NEAR(score_confidence(std::vector{.0023, .116, .6753, .2064}), 0.673, 5e-4);
  EXPECT_NEAR(make_answer(QuestionKind::kScore, {.0023, .116, .6753, .2064}).mean, 2.0858, 1e-9);
  EXPECT_NEAR(choice_confidence(std::vector{.9998, .0001, .0001}), 0.9997, 1e-9);
  EXPECT_NEAR(choice_confidence(std::vector{.7, .2, .1}), .55, 1e-12);
  EXPECT_NEAR(score_confidence(std::vector{.7, .2, .1}), .40, 1e-12);
  EXPECT_NEAR(choice_confidence(std::vector{.5, .0, .5}), .25, 1e-12);
  EXPECT_NEAR(score_confidence(std::vector{.5, .0, .5}), 0, 1e-12);
  EXPECT_EQ(choice_confidence(std::vector{1.0}), 1);
  EXPECT_EQ(choice_confidence(std::vector{.25, .25, .25, .25}), 0);
}

TEST(QuestionTest, TheBestOfEqualsIsTheFirst) {
  EXPECT_EQ(make_answer(QuestionKind::kChoice, {.2, .4, .4}).best, 1U);
}

TEST(QuestionTest, WhatCannotBeAskedIsRefusedInWords) {
  EXPECT_EQ(refusal(choice({"a"})), "");
  EXPECT_THAT(refusal(choice({})), HasSubstr("1 to 255 options, not 0"));
  EXPECT_EQ(refusal(choice(std::vector<std::string>(1, "x"))), "");
  std::vector<std::string> many;
  for (int i = 0; i < 256; ++i) many.push_back("o" + std::to_string(i));
  EXPECT_THAT(refusal(choice(many)), HasSubstr("not 256"));
  many.pop_back();
  EXPECT_EQ(refusal(choice(many)), "");
  EXPECT_THAT(refusal(choice({"a", "　"})), HasSubstr("blank"));
  EXPECT_THAT(refusal(choice({"a", "b "})), HasSubstr("white space around its name: 'b '"));
  EXPECT_THAT(refusal(choice({"a", "b\nc"})), HasSubstr("line break"));
  EXPECT_THAT(refusal(choice({"a", "b", "a"})), HasSubstr("the option 'a' twice"));
  EXPECT_EQ(refusal(scale({"low", "high"})), "");
  EXPECT_THAT(refusal(scale({"low"})), HasSubstr("2 to 10 levels, not 1"));
  EXPECT_THAT(refusal(scale(std::vector<std::string>(11, "x"))), HasSubstr("not 11"));
  EXPECT_THAT(refusal(scale({"low", " "})), HasSubstr("without a description"));
  Question yes_no;
  yes_no.kind = QuestionKind::kYesNo;
  EXPECT_THAT(refusal(yes_no), HasSubstr("asks nothing"));
  yes_no.options = {{"", "it rains"}, {"", ""}};
  EXPECT_EQ(refusal(yes_no), "");
  yes_no.permutations = 17;
  EXPECT_THAT(refusal(yes_no), HasSubstr("permutations from 1 to 16"));
}

TEST(QuestionTest, ACalibrationKnowsKindsAndHowManyOptions) {
  Calibration calibration;
  calibration.buckets[static_cast<size_t>(QuestionKind::kChoice)] = {{2, 1.5}, {10, 2.0}};
  EXPECT_EQ(calibration.temperature(QuestionKind::kChoice, 2), 1.5);
  EXPECT_EQ(calibration.temperature(QuestionKind::kChoice, 3), 2.0);
  EXPECT_EQ(calibration.temperature(QuestionKind::kChoice, 11), 1.0);
  EXPECT_EQ(calibration.temperature(QuestionKind::kScore, 2), 1.0);
}

// A change of the wording is a new version.
TEST(DecisionWordingTest, IsThatOfItsVersion) {
  ASSERT_EQ(kDecisionPromptVersion, "qaio-1");
  Question one = choice({"refund", "other"});
  one.options[0].description = "wants money back";
  EXPECT_EQ(question_text(one, 0, 1),
            "Question: What is it about?\nOptions:\n- refund: wants money back\n- other\n"
            "Reply with one of the options, exactly as it is written.");
  one.instructions = " ";
  EXPECT_EQ(question_text(one, 1, 2),
            "Options:\n- other\n- refund: wants money back\n"
            "Reply with one of the options, exactly as it is written.");
  EXPECT_EQ(question_text(scale({"bad", "good"}), 0, 1),
            "Levels:\n0: bad\n1: good\nReply with the number of one level.");
  Question yes_no;
  yes_no.kind = QuestionKind::kYesNo;
  yes_no.instructions = "Does it rain?";
  EXPECT_EQ(question_text(yes_no, 0, 1), "Question: Does it rain?\nReply with yes or no.");
  yes_no.options = {{"", "it rains"}, {"", "it is dry"}};
  EXPECT_EQ(question_text(yes_no, 0, 1),
            "Question: Does it rain?\nyes: it rains\nno: it is dry\nReply with yes or no.");
}

TEST(DecisionWordingTest, RotationsBeginAtEvenDistances) {
  Question question = choice({"a", "b", "c", "d", "e"});
  question.permutations = 3;
  EXPECT_EQ(rotations_of(question), 3);
  const auto first = [&](int rotation) {
    const std::string text = question_text(question, rotation, 3);
    return text[text.find("- ") + 2];
  };
  EXPECT_EQ(first(0), 'a');
  EXPECT_EQ(first(1), 'b');
  EXPECT_EQ(first(2), 'd');
  question.permutations = 16;
  EXPECT_EQ(rotations_of(question), 5);
  Question levels = scale({"a", "b"});
  levels.permutations = 2;
  EXPECT_EQ(rotations_of(levels), 1);
  Question yes_no;
  yes_no.kind = QuestionKind::kYesNo;
  yes_no.permutations = 2;
  EXPECT_EQ(rotations_of(yes_no), 1);
}

}  // namespace
}  // namespace qaio
