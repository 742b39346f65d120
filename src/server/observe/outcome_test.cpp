// Statistics, metrics, SLO rules and comparisons count the same outcomes.
#include <gmock/gmock.h>

#include "base/clock.h"
#include "base/json.h"
#include "record/compact_record.h"
#include "record/outcomes_for_test.h"
#include "report/compare_shares.h"
#include "slo/slo_event.h"
#include "telemetry/live_stats.h"
#include "telemetry/otlp_metrics.h"
#include "telemetry/prometheus_metrics.h"

namespace qaio {
namespace {

class OutcomeTest : public testing::TestWithParam<OutcomeCase> {
 protected:
  const std::string name_{outcome_name(GetParam().outcome)};
  const RecordPtr record_ = GetParam().record();
};

TEST_P(OutcomeTest, InStatistics) {
  FakeClock clock;
  LiveStats stats(clock);
  stats.consume(std::span(&record_, 1));
  std::array<uint64_t, kOutcomeCount> want{};
  want[static_cast<size_t>(GetParam().outcome)] = 1;
  EXPECT_EQ(stats.snapshot()[0].counts.outcomes, want);
}

TEST_P(OutcomeTest, InPrometheusMetrics) {
  PrometheusMetrics metrics;
  metrics.consume(std::span(&record_, 1));
  EXPECT_THAT(metrics.text({}), testing::HasSubstr("qaio_request_outcomes_total{outcome=\"" +
                                                   name_ + "\",route=\"/chat\"} 1\n"));
}

TEST_P(OutcomeTest, InOpenTelemetryMetrics) {
  OtlpMetrics metrics;
  metrics.add(*record_, "demo");
  EXPECT_THAT(metrics.json(1, 2), testing::HasSubstr(R"({"key":"qaio.outcome","value":)"
                                                     R"({"stringValue":")" +
                                                     name_ + "\"}}"));
}

// Client errors and clients that left are neither good nor bad.
TEST_P(OutcomeTest, InSloRules) {
  SloRule rule;
  rule.metric = kErrorRateMetric;
  const Outcome outcome = GetParam().outcome;
  const SloEvent::Kind want = outcome == Outcome::kAnswered ? SloEvent::Kind::kGood
                              : is_unavailability(outcome)  ? SloEvent::Kind::kBad
                                                            : SloEvent::Kind::kNone;
  EXPECT_EQ(SloMetric(rule).of(RecordTimes(*record_)).kind, want);
}

// Clients that left do not count there, nor client errors that say nothing about the server.
TEST_P(OutcomeTest, InComparisons) {
  RecordSet set;
  set.runs.emplace_back();
  set.items.push_back({record_, 0});
  const CompactRecords facts = compact_records(set);
  const int status = GetParam().status;
  const bool counts =
      status != kClientClosedRequest && status != 401 && status != 404 && status != 408;
  for (const ShareComparison& share : compare_shares(facts, facts)) {
    const bool here = share.name == (name_ == "client_error" ? "rejected" : name_);
    EXPECT_EQ(share.count_a, here && counts ? 1u : 0u) << share.name;
    EXPECT_EQ(share.of_a, counts ? 1u : 0u) << share.name;
  }
}

INSTANTIATE_TEST_SUITE_P(All, OutcomeTest, testing::ValuesIn(outcome_cases()),
                         [](const auto& one) { return "Case" + std::to_string(one.index); });

}  // namespace
}  // namespace qaio
