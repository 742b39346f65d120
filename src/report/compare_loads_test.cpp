#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "report/compare.h"

namespace qaio {
namespace {

// As older versions wrote it.
constexpr std::string_view kPercentiles = R"({"url": "http://a/chat", "loop": "closed",
  "concurrency": 8, "requests": {"succeeded": 100, "failed": 0},
  "ttft_ms": {"count": 100, "p50": 10.0, "p95": 20.0},
  "total_ms": {"count": 100, "p50": 100.0, "p95": 150.0}, "tpot_ms": {"count": 0}})";

// Of one server: answers of 10 to 40 tokens, some of them slow for a while.
LoadResult load(uint64_t seed, size_t count, double slower = 1) {
  Random random(seed);
  LoadResult result = *parse_load_result(kPercentiles);
  result.started_unix_ms = 1'700'000'000'000 + static_cast<int64_t>(seed) * 10'000'000;
  result.latencies.clear();
  result.has_samples = true;
  result.succeeded = static_cast<int64_t>(count);
  uint64_t busy = 0;
  for (size_t i = 0; i < count; ++i) {
    if (busy == 0 && random.below(40) == 0) busy = 5 + random.below(10);
    const double machine = busy > 0 ? 1.5 : 1;
    busy -= busy > 0 ? 1 : 0;
    LoadSample sample{.due_ms = 100.0 * static_cast<double>(i),
                      .total_ms = 0,
                      .ttft_ms = slower * machine * (20 + 4 * random.normal()),
                      .tpot_ms = slower * machine * (5 + 0.5 * random.normal()),
                      .prompt_tokens = 64,
                      .output_tokens = 10 + static_cast<double>(random.below(30))};
    sample.total_ms = *sample.ttft_ms + *sample.tpot_ms * sample.output_tokens;
    result.samples.push_back(sample);
  }
  for (const char* name : {"total", "ttft", "tpot"})
    result.latencies.push_back({.name = name, .count = result.succeeded, .p50_ms = 1, .p95_ms = 2});
  return result;
}

TEST(CompareLoads, TheSameServerIsNotFlagged) {
  int alarms = 0;
  for (uint64_t repeat = 0; repeat < 40; ++repeat) {
    const size_t count = repeat % 2 == 0 ? 30 : 300;
    const Comparison comparison =
        compare_loads(load(2 * repeat, count), load(2 * repeat + 1, count), {});
    alarms += comparison.verdict != Verdict::kSame;
  }
  EXPECT_LE(alarms, 2);
}

TEST(CompareLoads, ASlowerServerIs) {
  for (uint64_t repeat = 0; repeat < 20; ++repeat) {
    const Comparison comparison =
        compare_loads(load(2 * repeat, 300), load(2 * repeat + 1, 300, 1.2), {});
    EXPECT_EQ(comparison.verdict, Verdict::kSlower) << repeat;
    EXPECT_TRUE(comparison.stage.empty());
    EXPECT_NEAR(comparison.measures[0].median.relative, 0.2, 0.15) << repeat;
    EXPECT_TRUE(comparison.measures[0].median.p);
  }
}

TEST(CompareLoads, TwoAtTheSameTimeAreComparedInTurns) {
  const LoadResult a = load(1, 300);
  LoadResult b = load(2, 300);
  EXPECT_FALSE(compare_loads(a, b, {}).measures[0].in_turns);
  b.started_unix_ms = a.started_unix_ms;
  EXPECT_TRUE(compare_loads(a, b, {}).measures[0].in_turns);
}

TEST(CompareLoads, MoreFailuresAreWorse) {
  LoadResult failing = load(2, 100);
  failing.failed = 100;
  const Comparison comparison = compare_loads(load(1, 200), failing, {});
  EXPECT_EQ(comparison.verdict, Verdict::kWorse);
  EXPECT_THAT(comparison.sentence, testing::StartsWith("More requests failed: 50 % (100 of 200)"));
  LoadResult late = load(2, 100);
  late.never_sent = 100;
  EXPECT_THAT(compare_loads(load(1, 200), late, {}).sentence, testing::HasSubstr("never sent"));
}

TEST(CompareLoads, AFewRequestsAreTooFew) {
  LoadResult a = load(1, 10);
  a.latencies.push_back({.name = "inter_token", .count = 90, .p50_ms = 1, .p95_ms = 2});
  const Comparison comparison = compare_loads(a, a, {});
  EXPECT_EQ(comparison.verdict, Verdict::kTooFew);
  EXPECT_THAT(comparison.sentence, testing::HasSubstr("10 of A and 10 of B were answered"));
  EXPECT_EQ(compare_loads(load(1, 100), load(2, 0), {}).verdict, Verdict::kTooFew);
}

TEST(CompareLoads, SpeaksChinese) {
  CompareOptions options;
  options.language = Language::kChinese;
  LoadResult a = load(1, 300);
  LoadResult b = load(2, 300, 1.5);
  for (LoadResult* one : {&a, &b})
    one->latencies.push_back({.name = "inter_token", .count = 300, .p50_ms = 5, .p95_ms = 9});
  a.setting = "8";
  b.setting = "16";
  const std::string text = comparison_text(compare_loads(a, b, options));
  for (const char* said :
       {"变化", "95 % 区间", "判定", "更慢\n", " 到 ", "* 按相同的", "inter_token 未检验",
        "两次负载不同：8 与 16。", "B 比 A 更慢：total 的中位数", " %（按相同词元数）。"})
    EXPECT_THAT(text, testing::HasSubstr(said));
  for (const char* english :
       {"change", "interval ", "verdict", " to ", "slower", " the ", " than "})
    EXPECT_THAT(text, testing::Not(testing::HasSubstr(english)));
}

TEST(CompareLoads, PercentilesAloneCannotBeJudged) {
  ASSERT_TRUE(is_load_result(kPercentiles));
  const LoadResult a = *parse_load_result(kPercentiles);
  LoadResult b = a;
  b.latencies[0].p50_ms = 200;
  const Comparison comparison = compare_loads(a, b, {});
  EXPECT_EQ(comparison.verdict, Verdict::kUntested);
  EXPECT_THAT(comparison.sentence, testing::HasSubstr("both hold only percentiles"));
  EXPECT_THAT(comparison_text(comparison), testing::ContainsRegex("\\+100 .* not tested"));
  EXPECT_FALSE(comparison.measures[0].median.p);
  CompareOptions chinese;
  chinese.language = Language::kChinese;
  EXPECT_EQ(compare_loads(a, b, chinese).sentence,
            "用时无法判断：两者都只有分位数（旧版本的 qaio load 所写），看不出是否出于偶然；"
            "请重新运行负载测试。");
  b.failed = 100;  // shares can be
  EXPECT_EQ(compare_loads(a, b, {}).verdict, Verdict::kWorse);
}

}  // namespace
}  // namespace qaio
