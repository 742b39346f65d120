#include "slo/slo_compliance.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json.h"
#include "record/records_for_test.h"
#include "report/report_html.h"
#include "report/report_json.h"
#include "report/report_sections.h"

namespace qaio {
namespace {

using testing::HasSubstr;

// Decode takes 1, 2, ... 100 ms, the whole 10.17 ms more.
TestSet hundred() {
  TestSet test;
  for (int i = 1; i <= 100; ++i) test.add({.decode_ms = double(i)});
  return test;
}

void add_refused(TestSet& test) {
  RequestRecord refused = make_record({}, 1'800'000'000'000, "refused");
  refused.tasks.clear();
  refused.status = 503;
  refused.error_code = "resource_exhausted";
  test.set.items.push_back({std::make_shared<const RequestRecord>(refused), 0});
}

SloRule decode_within(int64_t ms) {
  SloRule rule;
  rule.name = "decode";
  rule.metric = "decode";
  rule.threshold_ns = ms * kMsNs;
  return rule;
}

SloCompliance one(const RecordSet& set, const SloRule& rule) {
  return slo_compliance(compact_records(set), {&rule, 1}).front();
}

TEST(SloCompliance, OfAPercentile) {
  const TestSet test = hundred();
  const SloCompliance kept = one(test.set, decode_within(95));
  EXPECT_EQ(kept.verdict, SloVerdict::kKept);
  EXPECT_NEAR(*kept.value, 95, 1e-9);
  EXPECT_EQ(kept.samples, 100u);
  EXPECT_EQ(kept.counts.bad, 5u);
  EXPECT_NEAR(kept.budget_left(), 0, 1e-9);
  const SloCompliance broken = one(test.set, decode_within(94));
  EXPECT_EQ(broken.verdict, SloVerdict::kBroken);
  EXPECT_NEAR(broken.budget_left(), -0.2, 1e-9);
}

TEST(SloCompliance, FailuresSpendTheBudgetButHaveNoTime) {
  TestSet test = hundred();
  for (int i = 0; i < 10; ++i) add_refused(test);
  const SloCompliance time = one(test.set, decode_within(95));
  EXPECT_EQ(time.verdict, SloVerdict::kKept);
  EXPECT_EQ(time.samples, 100u);
  EXPECT_EQ(time.counts.bad, 15u);
  SloRule errors;
  errors.metric = kErrorRateMetric;
  errors.threshold_ratio = 0.1;
  errors.objective = 0.9;
  const SloCompliance share = one(test.set, errors);
  EXPECT_EQ(share.verdict, SloVerdict::kKept);
  EXPECT_NEAR(*share.value, 10 / 110.0, 1e-9);
}

TEST(SloCompliance, OfAnObjective) {
  const TestSet test = hundred();
  SloRule rule = decode_within(98);
  rule.objective = 0.99;
  rule.burn_limits = {{.long_ns = 3600 * kSecondNs, .short_ns = 300 * kSecondNs, .rate = 14.4}};
  EXPECT_EQ(one(test.set, rule).verdict, SloVerdict::kBroken);
  rule.threshold_ns = 99 * kMsNs;
  EXPECT_EQ(one(test.set, rule).verdict, SloVerdict::kKept);
}

TEST(SloCompliance, OfTooFew) {
  TestSet test;
  test.add({.decode_ms = 1000});
  EXPECT_EQ(one(test.set, decode_within(1)).verdict, SloVerdict::kTooFew);
  EXPECT_EQ(one(RecordSet(), decode_within(1)).verdict, SloVerdict::kTooFew);
}

TEST(SloCompliance, SpeaksChinese) {
  ReportOptions options;
  options.language = Language::kChinese;
  SloRule errors;
  errors.metric = kErrorRateMetric;
  SloRule errors_of_chat = errors;
  errors_of_chat.task = "chat";
  SloRule of_chat = decode_within(94);
  of_chat.task = "chat";
  options.rules = {of_chat, SloRule(), errors, errors_of_chat};
  const Report report = make_report(hundred().set, options);
  for (const std::string& text : {report_markdown(report), report_html(report)}) {
    for (const char* said : {">chat 的 decode 不超过 94 ms<", ">没有错误<", ">chat 没有错误<"}) {
      std::string cell = said;  // a cell of HTML, or of Markdown
      if (text.starts_with('#')) cell = "| " + cell.substr(1, cell.size() - 2) + " |";
      EXPECT_THAT(text, HasSubstr(cell));
    }
    EXPECT_THAT(text, HasSubstr("不超过 1000 ms"));
    for (const char* english : {"within", "no error"}) EXPECT_EQ(text.find(english), text.npos);
  }
}

TEST(SloCompliance, IsInEveryFormOfAReport) {
  ReportOptions options;
  options.rules = {decode_within(94), SloRule()};
  const Report report = make_report(hundred().set, options);
  for (const std::string& text : {report_markdown(report), report_html(report)}) {
    EXPECT_THAT(text, HasSubstr("decode within 94 ms"));
    EXPECT_THAT(text, HasSubstr("BROKEN"));
    EXPECT_THAT(text, HasSubstr("-20 %"));
    EXPECT_THAT(text, HasSubstr("within 1000 ms"));
  }
  const auto json = parse_json(report_json(report), "report");
  ASSERT_TRUE(json) << json.error().message;
  const auto& broken = json->at("sla").at(0);
  EXPECT_EQ(broken.at("verdict").as_string(), "broken");
  EXPECT_EQ(broken.at("bad").as_int64(), 6);
  EXPECT_EQ(json->at("sla").at(1).at("verdict").as_string(), "kept");
}

}  // namespace
}  // namespace qaio
