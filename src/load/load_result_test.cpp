#include "load/load_result.h"

#include <gtest/gtest.h>

#include "base/time_units.h"
#include "load/load_json.h"

namespace qaio {
namespace {

TEST(LoadResult, ReadsSamplesAndFailures) {
  const auto result = parse_load_result(R"({"url": "http://a/chat", "loop": "open", "rate": 2,
    "started_unix_ms": 1700000000000, "duration_s": 3.5, "ttft_ms": {"count": 0},
    "requests": {"succeeded": 2, "failed": 7, "never_sent": 4},
    "failures": [{"kind": "http 503", "count": 3}, {"kind": "http 400", "count": 2},
                 {"kind": "timeout", "count": 2}],
    "samples": {"due_ms": [5, 1], "total_ms": [10, 20], "ttft_ms": [null, 2], "tpot_ms": [3, null],
                "prompt_tokens": [7, 8], "output_tokens": [1, 2]}})");
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(result->setting, "open loop, 2 requests/s");
  EXPECT_EQ(result->failed, 2);
  EXPECT_EQ(result->refused, 3);
  EXPECT_EQ(result->rejected, 2);
  EXPECT_EQ(result->never_sent, 4);
  EXPECT_EQ(result->sent(), 9);
  ASSERT_EQ(result->samples.size(), 2u);  // by time
  EXPECT_EQ(result->samples[0].total_ms, 20);
  EXPECT_EQ(result->samples[0].ttft_ms, 2);
  EXPECT_FALSE(result->samples[0].tpot_ms);
  EXPECT_EQ(result->samples[1].prompt_tokens, 7);
}

TEST(LoadResult, RefusesWhatIsNone) {
  EXPECT_FALSE(is_load_result("{\"request_id\": \"a\"}\n{}"));
  for (const char* wrong :
       {"", "[]", R"({"ttft_ms": 3})", R"({"ttft_ms": {"count": "many"}})",
        R"({"ttft_ms": {"count": 5, "p50": null}})", R"({"ttft_ms": {"count": 0}, "samples": 1})",
        R"({"ttft_ms": {"count": 0}, "samples": {"due_ms": [1]}})",
        R"({"ttft_ms": {"count": 0}, "samples": {"due_ms": [1], "total_ms": [1, 2], "ttft_ms": [1],
            "tpot_ms": [1], "prompt_tokens": [1], "output_tokens": [1]}})",
        R"({"ttft_ms": {"count": 0}, "concurrency": 1e300})",
        R"({"ttft_ms": {"count": 0}, "rate": 1e400})",
        R"({"ttft_ms": {"count": 5, "p50": 1e400, "p95": 1}})",
        R"({"ttft_ms": {"count": 0}, "samples": {"due_ms": [1e400], "total_ms": [1], "ttft_ms": [1],
            "tpot_ms": [1], "prompt_tokens": [1], "output_tokens": [1]}})"})
    EXPECT_FALSE(parse_load_result(wrong)) << wrong;
}

TEST(LoadResult, NumbersThatCannotBeCountAsNone) {
  const auto result = parse_load_result(
      R"({"ttft_ms": {"count": 0}, "started_unix_ms": 1e300, "duration_s": 1e400,
          "requests": {"failed": 2, "succeeded": -1e30, "never_sent": 1e30}})");
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(result->started_unix_ms, 0);
  EXPECT_EQ(result->seconds, 0);
  EXPECT_EQ(result->succeeded, 0);
  EXPECT_EQ(result->never_sent, 0);
}

// What is written is what is read.
TEST(LoadResult, ReadsWhatLoadJsonWrites) {
  constexpr TimeNs kStart = 5 * kSecondNs;
  LoadReport report;
  report.start_ns = kStart;
  report.started_unix_ms = 1'700'000'000'123;
  report.seconds = 2.5;
  report.never_sent = 4;
  RequestSample late;
  late.intended_ns = kStart + 20 * kMsNs;
  late.sent_ns = kStart + 21 * kMsNs;
  late.first_text_ns = kStart + 30 * kMsNs;
  late.last_text_ns = kStart + 65 * kMsNs;
  late.end_ns = kStart + 70 * kMsNs;
  late.text_chunks = 3;
  late.usage = TokenUsage{.prompt = 7, .cached = 2, .output = 5};
  RequestSample silent;
  silent.intended_ns = silent.sent_ns = kStart + 10 * kMsNs;
  silent.end_ns = kStart + 11 * kMsNs;
  silent.prompt_tokens_asked = 6;
  report.summary.add(late);
  report.summary.add(silent);
  for (const int status : {503, 429, 404}) {
    RequestSample failed = silent;
    failed.failure = Failure{.kind = FailureKind::kHttpStatus, .status = status, .detail = "no"};
    report.summary.add(failed);
  }
  RequestSample lost = silent;
  lost.failure = Failure{.kind = FailureKind::kTimeout, .detail = "too slow"};
  report.summary.add(lost);

  LoadSetting setting;
  setting.url = "http://a/chat";
  setting.model = "m";
  setting.concurrency = 8;
  setting.rate = 1.5;
  const std::string text = load_json(report, setting);
  ASSERT_TRUE(is_load_result(text));
  const Result<LoadResult> result = parse_load_result(text);
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(result->url, "http://a/chat");
  EXPECT_EQ(result->model, "m");
  EXPECT_EQ(result->setting, "open loop, concurrency 8, 1.5 requests/s");
  EXPECT_EQ(result->started_unix_ms, 1'700'000'000'123);
  EXPECT_EQ(result->seconds, 2.5);
  EXPECT_EQ(result->succeeded, 2);
  EXPECT_EQ(result->refused, 2);
  EXPECT_EQ(result->rejected, 1);
  EXPECT_EQ(result->failed, 1);
  EXPECT_EQ(result->never_sent, 4);
  ASSERT_EQ(result->latencies.size(), 3u) << "total, ttft and tpot; no gaps were added";
  EXPECT_EQ(result->latencies[0].name, "total");
  EXPECT_EQ(result->latencies[0].count, 2);
  EXPECT_NEAR(result->latencies[0].p95_ms, 50, 0.1);
  ASSERT_EQ(result->samples.size(), 2u);  // by time
  EXPECT_EQ(result->samples[0].due_ms, 10);
  EXPECT_EQ(result->samples[0].total_ms, 1);
  EXPECT_FALSE(result->samples[0].ttft_ms);
  EXPECT_FALSE(result->samples[0].tpot_ms);
  EXPECT_EQ(result->samples[0].prompt_tokens, 6);
  EXPECT_EQ(result->samples[1].due_ms, 20);
  EXPECT_EQ(result->samples[1].ttft_ms, 10);
  EXPECT_EQ(result->samples[1].tpot_ms, 10);
  EXPECT_EQ(result->samples[1].prompt_tokens, 7);
  EXPECT_EQ(result->samples[1].output_tokens, 5);
}

TEST(LoadResult, QuestionsAreCountedWhereTheyAreAsked) {
  LoadReport report;
  report.seconds = 2;
  RequestSample sample;
  sample.end_ns = kMsNs;
  sample.prompt_tokens_asked = 5;
  sample.answers = 6;
  report.summary.add(sample);
  LoadSetting setting;
  setting.api = LoadApi::kDecisions;
  std::string text = load_json(report, setting);
  for (const char* part : {R"("api":"decisions")", R"("questions_answered":6)", R"("empty":0)",
                           R"("questions_s":3)", R"("counted_by":"texts")", R"("prompt":5,)"})
    EXPECT_NE(text.find(part), std::string::npos) << part << " in " << text;
  ASSERT_TRUE(parse_load_result(text));
  EXPECT_EQ(parse_load_result(text)->samples.size(), 1u);
  text = load_json(report, LoadSetting{});
  EXPECT_EQ(text.find("questions"), std::string::npos) << text;
}

}  // namespace
}  // namespace qaio
