#include "load/summary.h"

#include <gtest/gtest.h>

namespace qaio {
namespace {

constexpr int64_t kMs = 1'000'000;
constexpr TimeNs kStart = 5'000'000'000;

// Sent 1 ms late; text from `first_ms` to `last_ms`.
RequestSample sample(int64_t first_ms, int64_t last_ms, int64_t end_ms, int64_t tokens) {
  RequestSample sample;
  sample.intended_ns = kStart;
  sample.sent_ns = kStart + kMs;
  sample.first_text_ns = kStart + first_ms * kMs;
  sample.last_text_ns = kStart + last_ms * kMs;
  sample.end_ns = kStart + end_ms * kMs;
  sample.prompt_tokens_asked = 10;
  sample.text_chunks = tokens;
  return sample;
}

RequestSample failed(FailureKind kind, int status, std::string detail) {
  RequestSample sample;
  sample.intended_ns = sample.sent_ns = kStart;
  sample.end_ns = kStart + kMs;
  sample.failure = Failure{kind, status, std::move(detail)};
  return sample;
}

TEST(Summary, ConnectionsOfAllRequestsCount) {
  RequestSample plain;
  plain.opened = OpenTimes{.connect_ns = 2'000'000};
  RequestSample secure = failed(FailureKind::kDisconnected, 0, "");
  secure.opened = OpenTimes{.connect_ns = 1'000'000, .tls_ns = 5'000'000};
  LoadSummary summary;
  summary.add(plain);
  summary.add(RequestSample{});  // on a kept one
  LoadSummary warmup;
  warmup.add(secure);
  warmup.add(failed(FailureKind::kTls, 0, "no TLS"));
  summary.add_connections(warmup);
  EXPECT_EQ(summary.connect().count(), 2);
  EXPECT_EQ(summary.connect().max_ns(), 2'000'000);
  EXPECT_EQ(summary.tls_handshake().count(), 1);
  EXPECT_EQ(summary.tls_handshake().max_ns(), 5'000'000);
  EXPECT_TRUE(warmup.failures().contains("tls"));
}

TEST(Summary, ExactValues) {
  LoadSummary summary;
  for (int i = 1; i <= 100; ++i) summary.add(sample(i, 2 * i, 3 * i, 5));
  RequestSample counted = sample(200, 300, 400, 5);
  counted.usage = TokenUsage{.prompt = 40, .cached = 30, .output = 11};
  summary.add(counted);

  EXPECT_EQ(summary.succeeded(), 101u);
  EXPECT_EQ(summary.with_usage(), 1u);
  EXPECT_EQ(summary.tokens().prompt, 100 * 10 + 40);
  EXPECT_EQ(summary.tokens().cached, 30);
  EXPECT_EQ(summary.tokens().output, 100 * 5 + 11);
  EXPECT_EQ(summary.ttft().max_ns(), 200 * kMs);
  EXPECT_NEAR(static_cast<double>(summary.ttft().percentile_ns(50)), 51e6, 51e3);
  EXPECT_EQ(summary.total().max_ns(), 400 * kMs);
  EXPECT_NEAR(static_cast<double>(summary.total().percentile_ns(90)), 273e6, 273e3);
  EXPECT_EQ(summary.tpot().max_ns(), 25 * kMs);  // (200 - 100) / 4
  EXPECT_NEAR(summary.tpot().mean_ns(), (100.0 * 101 / 2 / 4 + 20) / 101 * 1e6, 1);
  EXPECT_EQ(summary.send_delay().max_ns(), kMs);
}

TEST(Summary, KeepsSamplesOfThoseThatSucceeded) {
  LoadSummary summary;
  for (int i = 1; i <= 5000; ++i) {
    summary.add(sample(i, 2 * i, 3 * i, 5));
    summary.add(failed(FailureKind::kTimeout, 0, "late"));
  }
  const auto& samples = summary.samples();
  EXPECT_EQ(samples.size(), 5000u / 4);
  for (const RequestSample& one : samples) EXPECT_TRUE(one.succeeded());
}

TEST(Summary, ShortAnswers) {
  LoadSummary summary;
  summary.add(sample(10, 10, 20, 1));  // one token: no time per token
  RequestSample empty = sample(0, 0, 20, 0);
  empty.first_text_ns = empty.last_text_ns = 0;
  summary.add(empty);
  EXPECT_EQ(summary.succeeded(), 2u);
  EXPECT_EQ(summary.without_text(), 1u);
  EXPECT_EQ(summary.ttft().count(), 1u);
  EXPECT_EQ(summary.tpot().count(), 0u);
  EXPECT_EQ(summary.total().count(), 2u);
}

TEST(Summary, FailuresByKind) {
  LoadSummary summary;
  summary.add(failed(FailureKind::kHttpStatus, 503, "full"));
  summary.add(failed(FailureKind::kHttpStatus, 503, "still full"));
  summary.add(failed(FailureKind::kHttpStatus, 400, ""));
  summary.add(failed(FailureKind::kTimeout, 0, "late"));
  RequestSample abandoned = failed(FailureKind::kDisconnected, 0, "");
  abandoned.abandoned = true;
  summary.add(abandoned);
  EXPECT_EQ(summary.succeeded(), 0u);
  EXPECT_EQ(summary.failed(), 4u);
  EXPECT_EQ(summary.abandoned(), 1u);
  ASSERT_EQ(summary.failures().size(), 3u);
  EXPECT_EQ(summary.failures().at("http 503").total.count(), 2u);
  EXPECT_EQ(summary.failures().at("http 503").example, "full");
  EXPECT_EQ(summary.failures().at("timeout").total.max_ns(), kMs);
  EXPECT_EQ(summary.total().count(), 0u);
}

TEST(Summary, KindsOfFailuresAreBounded) {
  LoadSummary summary;
  for (int status = 400; status < 500; ++status)
    summary.add(failed(FailureKind::kHttpStatus, status, ""));
  EXPECT_EQ(summary.failed(), 100u);
  EXPECT_EQ(summary.failures().size(), LoadSummary::kFailureKindsMax + 1);
  EXPECT_EQ(summary.failures().at("other").total.count(), 100 - LoadSummary::kFailureKindsMax);
}

TEST(Slo, IsKeptByThoseWithinEveryLimit) {
  const auto slo = Slo::parse("ttft:100,tpot:10,total:500");
  ASSERT_TRUE(slo);
  EXPECT_TRUE(slo->kept_by(sample(100, 140, 500, 5)));
  EXPECT_FALSE(slo->kept_by(sample(101, 140, 500, 5)));
  EXPECT_FALSE(slo->kept_by(sample(100, 141, 500, 5)));
  EXPECT_FALSE(slo->kept_by(sample(100, 140, 501, 5)));
  EXPECT_TRUE(slo->kept_by(sample(100, 100, 500, 1)));
  EXPECT_FALSE(slo->kept_by(failed(FailureKind::kTimeout, 0, "")));
  RequestSample empty = sample(0, 0, 100, 0);
  empty.first_text_ns = empty.last_text_ns = 0;
  EXPECT_TRUE(slo->kept_by(empty));
  empty.end_ns += kMs;
  EXPECT_FALSE(slo->kept_by(empty));

  LoadSummary summary(*slo);
  summary.add(sample(50, 60, 70, 5));
  summary.add(sample(150, 160, 170, 5));
  summary.add(failed(FailureKind::kConnect, 0, ""));
  EXPECT_EQ(summary.kept_slo(), 1u);
}

TEST(Slo, Parse) {
  const auto other = Slo::parse("ttft:0.5 e2el:1000");
  ASSERT_TRUE(other);
  EXPECT_EQ(other->ttft_ms, 0.5);
  EXPECT_EQ(other->total_ms, 1000);
  EXPECT_FALSE(other->tpot_ms);
  for (const char* text :
       {"", ",", "ttft", "ttft:", "ttft:-1", "ttft:nan", "ttft:1ms", "itl:5", "ttft=5"}) {
    EXPECT_FALSE(Slo::parse(text)) << text;
  }
}

}  // namespace
}  // namespace qaio
