#include "report/evaluation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json.h"
#include "report/reliability_chart.h"

namespace qaio {
namespace {

using testing::HasSubstr;
using testing::Not;

// Four texts, three right; certain by 0.95, 0.95, 0.7 and 0.7, of which the last is wrong.
Evaluation four_texts() {
  Evaluation e;
  e.task = "topic";
  e.kind = "classify";
  e.labels = {"a<b", "c"};
  e.predictions = {
      {{0.95, 0.05}, 0, 0}, {{0.05, 0.95}, 1, 1}, {{0.7, 0.3}, 0, 0}, {{0.7, 0.3}, 0, 1}};
  e.mistakes = {{"x\x1b[2Jy", "c", "a<b"}};
  for (const int64_t ms : {1, 2, 3, 4}) e.latency.add(ms * 1'000'000);
  e.seconds = 0.5;
  e.prompt_tokens = 40;
  return e;
}

boost::json::object json_of(const Evaluation& e) {
  return parse_json(evaluation_json(e), "it").value().as_object();
}

TEST(Evaluation, FiguresOfFourTexts) {
  const auto json = json_of(four_texts());
  EXPECT_EQ(json.at("kind").as_string(), "classify");
  EXPECT_EQ(json.at("accuracy").to_number<double>(), 0.75);
  // a<b: precision 2/3, recall 1; c: 1 and 1/2
  EXPECT_NEAR(json.at("macro_f1").to_number<double>(), (0.8 + 2.0 / 3) / 2, 1e-5);
  // 2 * 0.05^2 twice, 2 * 0.3^2, 2 * 0.7^2
  EXPECT_NEAR(json.at("brier").to_number<double>(), (0.005 * 2 + 0.18 + 0.98) / 4, 1e-5);
  // |0.95 - 1| and |0.7 - 0.5|
  EXPECT_NEAR(json.at("ece").to_number<double>(), (0.05 + 0.2) / 2, 1e-5);
  EXPECT_EQ(json.at("answered_share_at_5_percent_error").to_number<double>(), 0.5);
  EXPECT_TRUE(json.at("flip_rate").is_null());
  EXPECT_TRUE(json.at("mean_absolute_error").is_null());
  EXPECT_EQ(json.at("texts_s").to_number<double>(), 8);
  EXPECT_FALSE(json.contains("calibration"));
  const auto& bins = json.at("reliability").as_array();
  ASSERT_EQ(bins.size(), 15u);
  EXPECT_EQ(bins[14].at("texts").to_number<int>(), 2);
  EXPECT_NEAR(bins[10].at("confidence").to_number<double>(), 0.7, 1e-6);
  EXPECT_EQ(bins[10].at("accuracy").to_number<double>(), 0.5);
  EXPECT_TRUE(bins[0].at("accuracy").is_null());
}

TEST(Evaluation, TextsThatFailAreNotAnsweredRight) {
  Evaluation e = four_texts();
  e.failed = 4;
  e.first_failure = {7, "too long"};
  const auto json = json_of(e);
  EXPECT_EQ(json.at("texts").to_number<int>(), 8);
  EXPECT_EQ(json.at("accuracy").to_number<double>(), 0.375);
  EXPECT_EQ(json.at("answered_share_at_5_percent_error").to_number<double>(), 0.25);
  EXPECT_THAT(evaluation_text(e, Language::kEnglish),
              HasSubstr("4 texts failed, the first in line 7: too long\n"));
}

TEST(Evaluation, ScalesAndChoicesHaveFiguresOfTheirOwn) {
  Evaluation e = four_texts();
  e.kind = "score";
  EXPECT_NEAR(json_of(e).at("mean_absolute_error").to_number<double>(),
              (0.05 + 0.05 + 0.3 + 0.7) / 4, 1e-5);
  EXPECT_THAT(evaluation_text(e, Language::kEnglish), HasSubstr("mean absolute error  0.2750"));
  e.kind = "choice";
  e.reversal = {.asked = 4, .changed = 1};
  EXPECT_EQ(json_of(e).at("flip_rate").to_number<double>(), 0.25);
  EXPECT_THAT(evaluation_text(e, Language::kEnglish), HasSubstr("flip rate      25.0 %"));
}

TEST(Evaluation, ManyLabelsAreRowsOnly) {
  Evaluation e;
  e.task = "topic";
  e.kind = "choice";
  for (int i = 0; i < 255; ++i) e.labels.push_back(fmt::format("option {}", i));
  e.predictions = {{std::vector<double>(255, 1.0 / 255), 7, 9}};
  e.seconds = 1;
  const std::string text = evaluation_text(e, Language::kEnglish);
  EXPECT_THAT(text, HasSubstr("\noption 9      1          -   0.0 %  0.0 %\n"));
  EXPECT_THAT(text, HasSubstr("\noption 7      0      0.0 %       -  0.0 %\n"));
  EXPECT_THAT(text, Not(HasSubstr("option 8")));
  EXPECT_EQ(json_of(e).at("labels").as_array().size(), 255u);
}

TEST(Evaluation, BothLanguagesSayTheSame) {
  const Evaluation e = four_texts();
  const std::string english = evaluation_text(e, Language::kEnglish);
  EXPECT_THAT(english, HasSubstr("topic: 4 texts, accuracy 75.0 %, macro F1 73.3 %\n"));
  EXPECT_THAT(english, HasSubstr("66.7 - 73.3 %      2           70.0 %    50.0 %\n"));
  EXPECT_THAT(english, HasSubstr("c taken for a<b: x?[2Jy\n")) << "a terminal obeys none of it";
  const std::string chinese = evaluation_text(e, Language::kChinese);
  EXPECT_THAT(chinese, HasSubstr("topic：4 条文本，准确率 75.0 %，宏平均 F1 73.3 %\n"));
  EXPECT_THAT(chinese, HasSubstr("c 被当作 a<b：x?[2Jy\n"));
}

TEST(Evaluation, TheHtmlHasItsPicture) {
  Evaluation e = four_texts();
  const std::string html = evaluation_html(e, Language::kEnglish);
  EXPECT_THAT(html, HasSubstr("<svg class=\"svg-chart\""));
  EXPECT_THAT(html, HasSubstr("2 texts: confidence 70.0 %, accuracy 50.0 %"));
  EXPECT_THAT(html, HasSubstr("a&lt;b"));
  EXPECT_THAT(html, Not(HasSubstr("a<b")));
  EXPECT_THAT(evaluation_html(e, Language::kChinese), HasSubstr("<html lang=\"zh-CN\">"));
  e.task = "<script>";
  EXPECT_THAT(evaluation_html(e, Language::kEnglish), Not(HasSubstr("<script>")));
}

TEST(Evaluation, PointsLieWhereTheirBinsAre) {
  const Chart chart = reliability_chart("Reliability", reliability_bins(four_texts().predictions),
                                        Language::kEnglish);
  // The plot is 360 wide and high, from (120, 12): 70 % across, 50 % upwards.
  EXPECT_THAT(chart.svg, HasSubstr("cx=\"372.0\" cy=\"192.0\""));
  EXPECT_THAT(chart.svg, HasSubstr("cx=\"462.0\" cy=\"12.0\""));
}

Evaluation calibrated(bool helps) {
  Evaluation e = four_texts();
  e.calibration.emplace();
  e.calibration->temperature = 1.43;
  e.calibration->fitted = e.calibration->unseen = 2;
  e.calibration->before = calibration_figures(e.predictions);
  e.calibration->after = e.calibration->before;
  if (helps) e.calibration->after.calibration_error = 0.1;
  if (helps) e.calibration_file = "out.toml";
  return e;
}

TEST(Evaluation, ATemperatureIsToldWithWhatItChanged) {
  const Evaluation e = calibrated(true);
  EXPECT_THAT(evaluation_text(e, Language::kEnglish),
              HasSubstr("temperature 1.4300, fitted on 2 texts: on 2 others the ECE goes from "
                        "0.1250 to 0.1000; written to out.toml\n"));
  const auto json = json_of(e).at("calibration").as_object();
  EXPECT_EQ(json.at("temperature").to_number<double>(), 1.43);
  EXPECT_TRUE(json.at("kept").as_bool());
  EXPECT_EQ(json.at("before").at("ece").to_number<double>(), 0.125);
  EXPECT_EQ(json.at("after").at("ece").to_number<double>(), 0.1);
  EXPECT_THAT(evaluation_html(e, Language::kEnglish), HasSubstr("The unseen half with it"));
}

TEST(Evaluation, ATemperatureThatDoesNotHelpIsToldToo) {
  Evaluation e = calibrated(false);
  EXPECT_THAT(evaluation_text(e, Language::kEnglish),
              HasSubstr("which is no better; nothing is written\n"));
  EXPECT_FALSE(json_of(e).at("calibration").at("kept").as_bool());
  e.calibration->temperature.reset();
  EXPECT_THAT(evaluation_text(e, Language::kEnglish), HasSubstr("no temperature was found"));
  EXPECT_TRUE(json_of(e).at("calibration").at("after").is_null());
  EXPECT_THAT(evaluation_html(e, Language::kChinese), HasSubstr("未找到温度"));
}

}  // namespace
}  // namespace qaio
