#include "report/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json.h"
#include "record/record_for_test.h"
#include "record/records_for_test.h"
#include "report/report_html.h"
#include "report/report_json.h"
#include "report/report_sections.h"
#include "report/report_text.h"

namespace qaio {
namespace {

using testing::HasSubstr;
using testing::Not;

const StageRow& row(const Report& report, std::string_view name) {
  for (const StageRow& one : report.stages)
    if (one.name == name) return one;
  throw std::out_of_range(std::string(name));
}

// Decode takes 1, 2, ... ms.
TestSet hundred() {
  TestSet test;
  for (int i = 1; i <= 100; ++i) test.add({.decode_ms = double(i)});
  return test;
}

TEST(Report, StagesAreExact) {
  const Report report = make_report(hundred().set, {});
  const StageRow& decode = row(report, "chat.decode");
  EXPECT_EQ(decode.count, 100u);
  EXPECT_NEAR(decode.mean, 50.5, 1e-9);
  EXPECT_NEAR(decode.p50, 50, 1e-9);
  EXPECT_NEAR(decode.p95, 95, 1e-9);
  EXPECT_NEAR(decode.p99, 99, 1e-9);
  EXPECT_NEAR(decode.max, 100, 1e-9);
  // 0.05 parse + 0.02 prompt + 10 prefill + 50.5 decode + 0.1 write
  EXPECT_NEAR(row(report, "total").mean, 60.67, 1e-6);
  EXPECT_NEAR(decode.share, 50.5 / 60.67, 1e-9);
  // On each lane the stages and what is left tile the time.
  double request_lane = 0;
  double task_lane = 0;
  for (const StageRow& one : report.stages) {
    if (one.kind != MeasureKind::kStage) continue;
    (one.name.starts_with("chat.") ? task_lane : request_lane) += one.mean;
  }
  EXPECT_NEAR(request_lane, row(report, "total").mean, 1e-9);
  EXPECT_NEAR(task_lane, row(report, "chat.total").mean, 1e-9);
}

TEST(Report, CountsWhatItLeavesOut) {
  TestSet test = hundred();
  RequestRecord refused = make_record({}, 1'700'000'200'000, "refused");
  refused.status = 503;
  refused.error_code = "resource_exhausted";
  test.set.items.push_back({std::make_shared<const RequestRecord>(refused), 0});
  RequestRecord probe;
  probe.arrived_unix_ms = 1'700'000'200'001;
  probe.status = 200;
  test.set.items.push_back({std::make_shared<const RequestRecord>(probe), 0});
  const Report report = make_report(test.set, {});
  EXPECT_EQ(report.requests, 102u);
  EXPECT_EQ(report.answered, 100u);
  EXPECT_THAT(report.others, testing::ElementsAre(testing::Pair("resource_exhausted", 1),
                                                  testing::Pair("without tasks", 1)));
  EXPECT_EQ(row(report, "total").count, 100u);
}

TEST(Report, CountsQuestionsWhereRequestsAskSeveral) {
  TestSet test;
  for (const uint32_t questions : {16u, 1u, 1u})
    test.add({.task = "decision", .output = 0, .questions = questions});
  const Report report = make_report(test.set, {});
  EXPECT_NEAR(report.throughput.questions_s, 18 / report.throughput.seconds, 1e-9);
  EXPECT_THAT(report_text(report), testing::HasSubstr("questions/s, 6.0 in a request on average."));
  EXPECT_THAT(report_json(report), testing::HasSubstr("\"questions_s\":"));
  TestSet single;
  single.add({.task = "sentiment", .output = 0, .questions = 1});
  EXPECT_THAT(report_text(make_report(single.set, {})),
              testing::Not(testing::HasSubstr("questions/s")));
}

TEST(Report, ThroughputLeavesOutTheTimeBetweenRuns) {
  TestSet test;
  for (int i = 0; i < 11; ++i) test.add({.prompt = 30, .output = 10, .decode_ms = 989.83});
  test.wait_ms(86'400'000);
  test.begin_run("1.1");
  for (int i = 0; i < 11; ++i) test.add({.prompt = 30, .output = 10, .decode_ms = 989.83});
  const Throughput rate = make_report(test.set, {}).throughput;
  EXPECT_NEAR(rate.seconds, 22, 1e-3);  // each 1 s long, one a second
  EXPECT_NEAR(rate.requests_s, 1, 1e-3);
  EXPECT_NEAR(rate.output_tokens_s, 10, 1e-2);
  EXPECT_NEAR(rate.prompt_tokens_s, 30, 1e-2);
  EXPECT_NEAR(rate.in_flight, 1, 1e-3);
}

TEST(Report, TheSlowestHaveTheirStagesInPlace) {
  const Report report = make_report(hundred().set, {.slowest = 2});
  ASSERT_EQ(report.slowest.size(), 2u);
  const Waterfall& fall = report.slowest[0];
  EXPECT_EQ(fall.request_id, "r99");
  EXPECT_NEAR(fall.total_ms, 110.17, 1e-6);
  const auto decode = std::ranges::find(fall.bars, Stage::kDecode, &WaterfallBar::stage);
  ASSERT_NE(decode, fall.bars.end());
  EXPECT_EQ(decode->task, "chat");
  EXPECT_NEAR(decode->begin_ms, 10.07, 1e-6);
  EXPECT_NEAR(decode->end_ms, 110.07, 1e-6);
}

// Requests one after the other may arrive in one millisecond, and end in another order.
TEST(RecordSelector, OrdersWithinAMillisecondByTheSteadyClock) {
  RequestRecord second = make_record({}, 2000, "second");
  second.arrived_unix_ms = 1000;
  RecordSelector selector({});
  const uint32_t run = selector.add_run({}, true);
  selector.add(std::make_shared<const RequestRecord>(second), run);
  selector.add(std::make_shared<const RequestRecord>(make_record({}, 1000, "first")), run);
  const RecordSet set = selector.take();
  EXPECT_EQ(set.items[0].record->request_id, "first");
  const CompactRecords facts = compact_records(set);
  std::vector<const CompactRecord*> requests = {facts.requests[1], facts.requests[0]};
  sort_by_arrival(requests);
  EXPECT_EQ(facts.id_of(*requests[0]), "first");
}

// A new version is 30 % slower from its first request on.
TestSet two_versions(double factor) {
  Random random(1);
  TestSet test("1.0");
  for (int i = 0; i < 80; ++i) test.add({.decode_ms = noisy(20, 0.1, random)});
  test.wait_ms(86'400'000);
  test.begin_run("1.1");
  for (int i = 0; i < 80; ++i) test.add({.decode_ms = noisy(20 * factor, 0.1, random)});
  return test;
}

TEST(Trend, MarksTheVersionThatChanged) {
  const Report report = make_report(two_versions(1.6).set, {.trend = TrendBy::kVersion});
  ASSERT_EQ(report.trend.size(), 2u);
  EXPECT_EQ(report.trend[0].label, "1.0");
  EXPECT_EQ(report.trend[0].count, 80u);
  EXPECT_LT(report.trend[0].p50_interval.high, report.trend[1].p50_interval.low);
  ASSERT_FALSE(report.changes.empty());
  EXPECT_EQ(report.changes[0].label, "1.1");
  EXPECT_EQ(report.changes[0].measure, "total");
  EXPECT_EQ(report.changes[0].request_id, "r80");
}

TEST(Trend, MarksWhereItHappened) {
  Random random(1);
  TestSet test;
  for (int i = 0; i < 200; ++i) test.add({.decode_ms = noisy(i < 50 ? 20 : 40, 0.1, random)});
  const Report report = make_report(test.set, {.trend = TrendBy::kDay});
  ASSERT_EQ(report.trend.size(), 1u);
  ASSERT_FALSE(report.changes.empty());
  EXPECT_EQ(report.changes[0].request_id, "r50");
  EXPECT_EQ(report.changes[0].fraction, 0.25);
  // the chart's axis begins at 60 and is 780 wide
  EXPECT_THAT(report_html(report), HasSubstr("class=\"change\" x1=\"255.0\""));
}

TEST(Trend, OtherTasksOrLengthsAreNoChange) {
  Random random(2);
  TestSet test;
  const auto add = [&](uint32_t output) {
    test.add({.output = output, .decode_ms = noisy(2.0 * output, 0.05, random)});
  };
  for (int i = 0; i < 100; ++i) add(10 + static_cast<uint32_t>(random.below(20)));
  for (int i = 0; i < 100; ++i) add(60 + static_cast<uint32_t>(random.below(40)));
  for (int i = 0; i < 100; ++i)
    test.add({.task = "sentiment", .output = 0, .decode_ms = noisy(1, 0.05, random)});
  const Report report = make_report(test.set, {.trend = TrendBy::kDay});
  EXPECT_TRUE(report.changes.empty()) << report_markdown(report);
}

TEST(Trend, TheLargestOfManyChanges) {
  TestSet test;
  for (int i = 0; i < 600; ++i)
    test.add({.decode_ms = (i / 30 % 2 ? 20.0 : 40.0) + 0.01 * (i % 7)});
  const Report report = make_report(test.set, {.trend = TrendBy::kDay});
  EXPECT_EQ(report.changes.size(), Report::kChangesMax);
  EXPECT_GT(report.changes_left_out, 0u);
  EXPECT_THAT(report_markdown(report),
              HasSubstr(std::to_string(report.changes_left_out) + " smaller ones are left out"));
  EXPECT_TRUE(std::ranges::is_sorted(report.changes, {}, &TrendChange::item));
}

TEST(Waterfalls, AStageThatGoesOnIsOneBar) {
  RequestRecord record = make_record({}, 1'700'000'000'000, "a");
  const TimeNs end = record.lane.end_ns();
  record.lane.add(Stage::kHttpWrite, end, end + 1'000'000);
  record.lane.finish(end + 1'000'000);
  const Waterfall fall = waterfall_of(record);
  const auto bars = std::ranges::count(fall.bars, Stage::kHttpWrite, &WaterfallBar::stage);
  EXPECT_EQ(bars, 1);
  EXPECT_NEAR(fall.bars[2].end_ms - fall.bars[2].begin_ms, 1.1, 1e-6);
}

TEST(Trend, MarksNothingWhereNothingChanged) {
  const Report report = make_report(two_versions(1).set, {.trend = TrendBy::kDay});
  ASSERT_EQ(report.trend.size(), 2u);
  EXPECT_EQ(report.trend[0].label, "2023-11-14");
  EXPECT_TRUE(report.changes.empty());
}

TEST(Renderers, SayTheSame) {
  TestSet test = two_versions(1.6);
  const Report report = make_report(test.set, {.trend = TrendBy::kVersion});
  const std::string markdown = report_markdown(report);
  const std::string html = report_html(report);
  ASSERT_FALSE(report.findings.empty());
  EXPECT_THAT(markdown, HasSubstr("chat.decode is the bottleneck"));
  EXPECT_THAT(html, HasSubstr("chat.decode is the bottleneck"));
  EXPECT_THAT(html, HasSubstr("class=\"change\""));
  const auto json = parse_json(report_json(report), "report");
  ASSERT_TRUE(json) << json.error().message;
  EXPECT_EQ(json->at("answered").as_int64(), 160);
  EXPECT_EQ(json->at("findings").as_array().size(), report.findings.size());
  EXPECT_EQ(json->at("trend").as_array().size(), 2u);
  EXPECT_EQ(json->at("stages").as_array().size(), report.stages.size());
}

TEST(Renderers, TheMeaningComesFirst) {
  const Report report = make_report(hundred().set, {});
  ASSERT_FALSE(report.findings.empty());
  const Finding& first = report.findings[0];
  ASSERT_FALSE(first.advice.empty());
  for (const std::string& text :
       {report_markdown(report), report_text(report), report_html(report)}) {
    const size_t meaning = text.find(first.meaning);
    const size_t advice = text.find(first.advice.substr(0, 10));
    const size_t statement = text.find(first.statement);
    ASSERT_NE(meaning, std::string::npos) << text;
    EXPECT_LT(meaning, advice);
    EXPECT_LT(advice, statement);
    EXPECT_NE(statement, std::string::npos);
  }
  EXPECT_THAT(report_html(report), HasSubstr("<details><summary>Evidence</summary>\n<p>" +
                                             first.statement.substr(0, 20)));
  const auto json = parse_json(report_json(report), "report");
  EXPECT_EQ(json->at("findings").at(0).at("meaning").as_string(), first.meaning);
  EXPECT_EQ(json->at("findings").at(0).at("advice").as_string(), first.advice);
}

TEST(Renderers, SpeakChinese) {
  ReportOptions options;
  options.language = Language::kChinese;
  options.trend = TrendBy::kDay;
  TestSet test = two_versions(1.6);
  for (const int status : {200, 404}) {
    RequestRecord other;
    other.arrived_unix_ms = 1'700'000'200'000;
    other.status = status;
    test.set.items.push_back({std::make_shared<const RequestRecord>(other), 0});
  }
  const Report report = make_report(test.set, options);
  EXPECT_THAT(report_html(report), HasSubstr("<html lang=\"zh-CN\">"));
  for (const std::string& text : {report_markdown(report), report_html(report)}) {
    for (const char* said : {"时间花在哪里", "结论", "瓶颈是 chat.decode", "各阶段", "按天的趋势"})
      EXPECT_THAT(text, HasSubstr(said));
    for (const char* said : {"1 个（没有运行任务）", "1 个（状态码 404）"})
      EXPECT_THAT(text, HasSubstr(said));
    EXPECT_THAT(text, Not(testing::ContainsRegex("。 [^ ]"))) << "no space between sentences";
    for (const char* english :
         {" the ", " requests", "Slowest", " of ", "status ", "without tasks"})
      EXPECT_EQ(text.substr(text.find("<h1>") + 1).find(english), std::string::npos) << english;
  }
}

TEST(Renderers, MarkdownKeepsOffsetsAndHasNoEmptySections) {
  const std::string markdown = report_markdown(make_report(hundred().set, {}));
  EXPECT_THAT(markdown, HasSubstr("| http\\_write |"));
  EXPECT_THAT(markdown, testing::ContainsRegex("`(\u00a0)+█+` \\|\n"));
  EXPECT_EQ(markdown.find("\n\n\n"), std::string::npos);
}

TEST(Renderers, HtmlNeedsNothingElseAndEscapes) {
  TestSet test;
  for (int i = 0; i < 30; ++i) test.add({.task = "<script>alert(1)</script>"});
  const std::string html = report_html(make_report(test.set, {}));
  for (const char* outside : {"<script", "src=", "href=", "http://", "https://", "@import", "url("})
    EXPECT_EQ(html.find(outside), std::string::npos) << outside;
}

TEST(Renderers, NoRecords) {
  const Report report = make_report(RecordSet(), {.trend = TrendBy::kDay});
  EXPECT_THAT(report_markdown(report), HasSubstr("No records."));
  EXPECT_THAT(report_html(report), HasSubstr("No records."));
  EXPECT_TRUE(parse_json(report_json(report), "report"));
}

TEST(Report, ClientsHaveRowsOfTheirOwn) {
  TestSet test = hundred();
  EXPECT_THAT(report_markdown(make_report(test.set, {})), testing::Not(HasSubstr("client.")));
  for (size_t i = 0; i < 10; ++i) {
    auto record = std::make_shared<RequestRecord>(*test.set.items[i].record);
    record->client_times = client_times_of(*record, kMs, 4 * kMs);
    test.set.items[i].record = record;
  }
  const Report report = make_report(test.set, {});
  const StageRow& network = row(report, "client.network");
  EXPECT_EQ(network.count, 10u);
  EXPECT_NEAR(network.mean, 1, 1e-3);
  const StageRow& rendering = row(report, "client.rendering");
  EXPECT_EQ(rendering.kind, MeasureKind::kClient);
  EXPECT_NEAR(rendering.max, 4, 1e-3);
  // 10.17 + 1, 2, ... 10 ms of the server
  EXPECT_NEAR(rendering.share, 40 / (101.7 + 55 + 50), 1e-3);
  EXPECT_THAT(report_markdown(report), HasSubstr("of the whole time of those clients"));
  EXPECT_THAT(report_json(report), HasSubstr(R"({"name":"client.network","kind":"client")"));
}

}  // namespace
}  // namespace qaio
