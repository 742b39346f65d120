// The charts of reports and comparisons, and the points behind them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "base/json.h"
#include "record/records_for_test.h"
#include "report/compare_chart.h"
#include "report/report_charts.h"
#include "report/report_html.h"
#include "report/report_json.h"
#include "report/svg.h"

namespace qaio {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

using Alter = std::function<void(RequestSpec&, int)>;

// 0.1 ms per prompt token and 2 ms per generated one.
TestSet typical_set(const Alter& alter, uint64_t seed = 1) {
  Random random(seed);
  TestSet test;
  for (int i = 0; i < 100; ++i) {
    RequestSpec spec;
    spec.prompt = 30 + static_cast<uint32_t>(random.below(100));
    spec.output = 10 + static_cast<uint32_t>(random.below(30));
    spec.prefill_ms = noisy(1 + 0.1 * spec.prompt, 0.02, random);
    spec.decode_ms = noisy(2.0 * spec.output, 0.02, random);
    alter(spec, i);
    test.add(spec);
  }
  return test;
}

Report report_of(const Alter& alter) { return make_report(typical_set(alter).set, {}); }

const Chart* find_chart(const std::vector<Chart>& charts, std::string_view name) {
  const auto it = std::ranges::find(charts, name, &Chart::name);
  return it == charts.end() ? nullptr : &*it;
}

size_t count(std::string_view text, std::string_view what) {
  size_t times = 0;
  for (size_t at = text.find(what); at != text.npos; at = text.find(what, at + 1)) ++times;
  return times;
}

TEST(Lengths, FollowTheFitAndNameOutliersInTheirStage) {
  const Report report = report_of([](RequestSpec& spec, int i) {
    if (i == 40) spec.decode_ms += 200;
    if (i == 70) spec.prefill_ms += 300;
  });
  ASSERT_EQ(report.lengths.size(), 2u);
  const LengthPlot& reads = report.lengths[0];
  const LengthPlot& writes = report.lengths[1];
  EXPECT_EQ(reads.stage, Stage::kPrefill);
  EXPECT_NEAR(reads.ms_per_token, 0.1, 0.01);
  EXPECT_NEAR(reads.ms_at_zero, 1, 0.3);
  ASSERT_EQ(reads.outliers.size(), 1u);
  EXPECT_EQ(reads.outliers[0].request_id, "r70");
  EXPECT_NEAR(reads.outliers[0].beyond_ms, 300, 1);
  EXPECT_EQ(reads.points.size(), 99u);
  EXPECT_EQ(writes.stage, Stage::kDecode);
  EXPECT_NEAR(writes.ms_per_token, 2, 0.05);
  ASSERT_EQ(writes.outliers.size(), 1u);
  EXPECT_EQ(writes.outliers[0].request_id, "r40");
}

TEST(Lengths, AnOutlierOfBothStagesStandsWhereMostIsNotExplained) {
  const Report report = report_of([](RequestSpec& spec, int i) {
    spec.output += 100;
    spec.decode_ms += 200;
    if (i != 70) return;
    spec.prefill_ms += 300;  // more of it than the rest of both together
    spec.decode_ms -= 170;
  });
  ASSERT_EQ(report.lengths.size(), 2u);
  ASSERT_EQ(report.lengths[0].outliers.size(), 1u);
  EXPECT_EQ(report.lengths[0].outliers[0].request_id, "r70");
  EXPECT_TRUE(report.lengths[1].outliers.empty());
  EXPECT_EQ(report.lengths[1].points.size(), 100u);
}

TEST(Lengths, NeighboursAreTakenOff) {
  Random random(3);
  const Report report = report_of([&](RequestSpec& spec, int i) {
    spec.neighbours = static_cast<uint32_t>(i % 4);
    spec.decode_ms = noisy((2 + 0.5 * spec.neighbours) * spec.output, 0.01, random);
  });
  const LengthPlot& writes = report.lengths.back();
  EXPECT_NEAR(writes.ms_per_token, 2, 0.1);
  for (const LengthPoint& point : writes.points)
    EXPECT_NEAR(point.ms, 2 * point.tokens, 0.1 * point.ms + 3) << "on the line";
}

TEST(Lengths, AreBounded) {
  TestSet test;
  Random random(4);
  for (int i = 0; i < 3000; ++i) {
    const auto output = 10 + static_cast<uint32_t>(random.below(30));
    test.add(
        {.output = output, .decode_ms = noisy(2.0 * output, 0.02, random) + (i % 50 ? 0 : 500)});
  }
  const LengthPlot plot = make_report(test.set, {}).lengths.back();
  EXPECT_LE(plot.points.size(), LengthPlot::kPointsMax);
  EXPECT_EQ(plot.outliers.size(), LengthPlot::kOutliersMax);
  EXPECT_EQ(plot.outliers_all, 60u);
}

TEST(Charts, AFarOutlierDoesNotHideTheRest) {
  const Report report = report_of([](RequestSpec& spec, int i) {
    if (i == 40) spec.decode_ms += 20'000;
  });
  const Chart chart = length_chart(report.lengths.back(), Language::kEnglish);
  EXPECT_THAT(chart.svg, HasSubstr("<path class=\"slow\""));
  EXPECT_THAT(chart.svg, HasSubstr(">r40 +"));
  EXPECT_THAT(chart.svg, HasSubstr(">100</text>")) << "an axis of the usual times";
  EXPECT_THAT(chart.svg, Not(HasSubstr(">10000</text>")));
}

TEST(Charts, AllThatTheReportHas) {
  ReportOptions options;
  options.trend = TrendBy::kDay;
  const Report report = make_report(
      typical_set([](RequestSpec& spec, int i) { spec.decode_ms += i == 9 ? 500 : 0; }).set,
      options);
  const std::vector<Chart> charts = report_charts(report);
  std::vector<std::string> names;
  names.reserve(charts.size());
  for (const Chart& chart : charts) names.push_back(chart.name);
  EXPECT_THAT(names, ElementsAre("shares", "timeline", "length.chat.prefill", "length.chat.decode",
                                 "stages", "slowest.1", "slowest.2", "slowest.3", "trend"));
  EXPECT_THAT(find_chart(charts, "length.chat.decode")->svg, HasSubstr(">r9 +500"));
  const std::string& shares = find_chart(charts, "shares")->svg;
  EXPECT_THAT(shares, HasSubstr("class=\"stage-prefill\""));
  EXPECT_THAT(shares, HasSubstr(">tasks 9"));
  for (const Chart& chart : charts) {
    EXPECT_FALSE(chart.title.empty());
    EXPECT_THAT(chart.svg, HasSubstr("role=\"img\" aria-label=\""));
    EXPECT_THAT(chart.svg, Not(HasSubstr("style"))) << "a strict page shows none";
    EXPECT_THAT(chart.svg, Not(HasSubstr("nan")));
    EXPECT_EQ(count(chart.svg, "<svg"), count(chart.svg, "</svg>"));
    EXPECT_EQ(count(chart.svg, "<title>"), count(chart.svg, "</title>"));
  }
  const auto json = parse_json(report_json(report, true), "report");
  ASSERT_TRUE(json) << json.error().message;
  EXPECT_EQ(json->at("charts").as_array().size(), charts.size());
  EXPECT_THAT(std::string(json->at("charts").at(0).at("svg").as_string()),
              testing::StartsWith("<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"svg-chart\""));
  EXPECT_EQ(json->at("lengths").at(1).at("outliers").at(0).at("request_id").as_string(), "r9");
  EXPECT_FALSE(parse_json(report_json(report), "report")->as_object().contains("charts"));
}

TEST(Charts, NoneOfNothing) { EXPECT_TRUE(report_charts(make_report(RecordSet(), {})).empty()); }

TEST(Charts, WhatClientsChoseIsText) {
  TestSet test = typical_set([](RequestSpec& spec, int i) {
    spec.task = "<b>&\"x\"";
    if (i == 9) spec.decode_ms += 500;
  });
  RequestRecord record = *test.set.items[9].record;
  record.request_id = "<script>" + std::string(100, 'x');
  test.set.items[9].record = std::make_shared<const RequestRecord>(record);
  const Report report = make_report(test.set, {});
  for (const Chart& chart : report_charts(report)) {
    EXPECT_THAT(chart.svg, Not(HasSubstr("<b>")));
    EXPECT_THAT(chart.svg, Not(HasSubstr("<script")));
  }
  EXPECT_THAT(report_html(report), Not(HasSubstr("<script")));
}

TEST(Charts, ColoursAreInTheReport) {
  const std::string html = report_html(report_of([](RequestSpec&, int) {}));
  for (const char* part :
       {".svg-chart .stage-decode", "prefers-color-scheme: dark", "--chart-slow"})
    EXPECT_THAT(html, HasSubstr(part));
}

TEST(ShortName, CutsBetweenCharacters) {
  EXPECT_EQ(short_name("short", 5), "short");
  EXPECT_EQ(short_name("longer", 5), "longe…");
  EXPECT_EQ(short_name("请求编号", 2), "请求…");
  EXPECT_EQ(short_name("", 2), "");
}

TEST(ComparisonChart, ShowsEachChangeWithItsVerdict) {
  const CompactRecords a = compact_records(typical_set([](RequestSpec&, int) {}, 1).set);
  const CompactRecords b =
      compact_records(typical_set([](RequestSpec& spec, int) { spec.decode_ms *= 1.5; }, 2).set);
  CompareOptions options;
  const Comparison comparison = compare_records(a, b, options);
  const auto chart = comparison_chart(comparison);
  ASSERT_TRUE(chart);
  EXPECT_THAT(chart->svg, HasSubstr("class=\"median slower\""));
  EXPECT_THAT(chart->svg, HasSubstr("class=\"median same\""));
  EXPECT_THAT(chart->svg, HasSubstr(">chat.decode</text>"));
  EXPECT_THAT(chart->svg, testing::ContainsRegex(">\\+[0-9.]+ %\\*?  slower<"));
  EXPECT_THAT(chart->svg, Not(HasSubstr(">http_write</text>"))) << "too small to matter";
  EXPECT_THAT(comparison_html(comparison), HasSubstr("B is slower than A"));
  EXPECT_THAT(comparison_html(comparison), testing::ContainsRegex("[+][0-9.]+ %[*]</td>"));
  const auto json = parse_json(comparison_json(comparison, true), "comparison");
  ASSERT_TRUE(json) << json.error().message;
  EXPECT_EQ(json->at("charts").at(0).at("name").as_string(), "comparison");

  options.language = Language::kChinese;
  const Comparison chinese = compare_records(a, b, options);
  EXPECT_THAT(chinese.sentence, HasSubstr("B 比 A 更慢：total 的中位数 +"));
  EXPECT_THAT(chinese.sentence, HasSubstr("原因是 chat.decode"));
  EXPECT_THAT(comparison_html(chinese), HasSubstr("%*  更慢<"));
}

TEST(ComparisonChart, OfTooFewIsNothingToSee) {
  const CompactRecords none = compact_records(RecordSet());
  const Comparison comparison = compare_records(none, none, {});
  EXPECT_FALSE(comparison_chart(comparison));
  EXPECT_THAT(comparison_html(comparison), HasSubstr("Too few requests"));
  EXPECT_THAT(comparison_json(comparison, true), HasSubstr("\"charts\":[]"));
}

}  // namespace
}  // namespace qaio
