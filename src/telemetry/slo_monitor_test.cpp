#include "slo/slo_monitor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/json.h"
#include "record/record_for_test.h"
#include "slo/slo_json.h"
#include "telemetry/prometheus_metrics.h"

namespace qaio {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class Told final : public SloAction {
 public:
  explicit Told(std::vector<std::string>& lines, std::string only = "")
      : lines_(lines), only_(std::move(only)) {}
  bool wants(const SloRule& rule) const override { return only_.empty() || rule.name == only_; }
  void changed(const SloStatus& status) override {
    lines_.push_back(status.rule.name + " " + std::string(slo_state_name(status.state)));
    repeat_ = true;
  }
  bool wants_repeat(TimeNs /*now*/) const override { return repeat_; }
  void repeat(std::span<const SloStatus> all, TimeNs /*now*/) override {
    lines_.push_back("of " + std::to_string(all.size()));
    repeat_ = false;
  }
  SloActionCounts counts() const override { return {.name = "told", .sent = lines_.size()}; }

 private:
  std::vector<std::string>& lines_;
  std::string only_;
  bool repeat_ = false;
};

SloRule rule(std::string name, int64_t threshold_ms) {
  SloRule rule;
  rule.name = std::move(name);
  rule.threshold_ns = threshold_ms * kMs;
  rule.samples_min = 1;
  rule.for_ns = 2 * kSecondNs;
  rule.keep_firing_for_ns = 0;
  return rule;
}

class SloMonitorTest : public testing::Test {
 protected:
  void start(const std::vector<SloRule>& rules) {
    std::vector<std::unique_ptr<SloAction>> actions;
    actions.push_back(std::make_unique<Told>(all_));
    actions.push_back(std::make_unique<Told>(strict_, "strict"));
    monitor_ = std::make_unique<SloMonitor>(rules, std::move(actions), clock_);
  }
  void request(int64_t total_ms) {
    auto record = chat_record(total_ms * kMs);
    record->tasks.push_back(generate_task("chat", 2 * kMs, kMs, 2, kMs));
    consume_one(record, *monitor_);
  }
  void wait(int seconds) {
    for (int i = 0; i < seconds; ++i) {
      clock_.advance_ns(kSecondNs);
      monitor_->consume({});
    }
  }

  FakeClock clock_;
  std::vector<std::string> all_;
  std::vector<std::string> strict_;
  std::unique_ptr<SloMonitor> monitor_;
};

TEST_F(SloMonitorTest, TellsThoseWhoWantToKnow) {
  start({rule("strict", 10), rule("lax", 1000)});
  request(100);
  EXPECT_THAT(all_, ElementsAre("strict pending", "of 2"));
  wait(2);
  EXPECT_THAT(strict_, ElementsAre("strict pending", "of 2", "strict firing", "of 2"));
  request(5000);
  EXPECT_THAT(all_.back(), "of 2");
  EXPECT_THAT(strict_.size(), 4u);
  EXPECT_EQ(monitor_->snapshot()[1].state, SloState::kPending);
  EXPECT_EQ(monitor_->action_counts()[1].sent, 4u);
}

TEST_F(SloMonitorTest, TimeGoesOnWithoutRequests) {
  start({rule("strict", 10)});
  request(100);
  wait(2);
  EXPECT_EQ(monitor_->snapshot()[0].state, SloState::kFiring);
  wait(330);
  EXPECT_EQ(monitor_->snapshot()[0].state, SloState::kResolved);
  wait(15 * 60);
  EXPECT_EQ(monitor_->snapshot()[0].state, SloState::kOk);
  EXPECT_EQ(monitor_->snapshot()[0].fired, 1u);
}

TEST_F(SloMonitorTest, AClockThatRunsBackwardsDoesNoHarm) {
  start({rule("strict", 10)});
  clock_.advance_ns(100 * kSecondNs);
  request(100);
  clock_.advance_ns(-90 * kSecondNs);
  request(100);
  EXPECT_EQ(monitor_->snapshot()[0].samples, 2u);
  EXPECT_EQ(monitor_->snapshot()[0].state, SloState::kPending);
}

TEST_F(SloMonitorTest, AsJson) {
  SloRule burning = rule("budget", 10);
  burning.objective = 0.99;
  burning.burn_limits = {{.long_ns = 3600 * kSecondNs, .short_ns = 300 * kSecondNs, .rate = 14.4}};
  SloRule errors = rule("errors", 0);
  errors.metric = kErrorRateMetric;
  errors.threshold_ratio = 0.05;
  start({rule("strict", 10), burning, errors});
  request(100);
  wait(2);
  std::string text;
  JsonWriter json(text);
  write_slo(monitor_->snapshot(), monitor_->action_counts(), json);
  const auto slo = parse_json(text, "slo");
  ASSERT_TRUE(slo) << slo.error().message << text;
  const auto& rules = slo->at("rules").as_array();
  ASSERT_EQ(rules.size(), 3u);
  const auto& strict = rules[0].as_object();
  EXPECT_EQ(strict.at("state").as_string(), "firing");
  EXPECT_EQ(strict.at("value").to_number<double>(), 100);
  EXPECT_EQ(strict.at("threshold").to_number<double>(), 10);
  EXPECT_EQ(strict.at("unit").as_string(), "ms");
  EXPECT_EQ(strict.at("last_transition").at("from").as_string(), "pending");
  EXPECT_NEAR(strict.at("error_budget").at("remaining").to_number<double>(), -19, 1e-9);
  EXPECT_EQ(rules[1].at("burn_rates").at(0).at("limit").to_number<double>(), 14.4);
  EXPECT_NEAR(rules[1].at("value").to_number<double>(), 100, 1e-9);
  EXPECT_EQ(rules[2].at("state").as_string(), "ok");
  EXPECT_EQ(rules[2].at("value").to_number<double>(), 0);
  EXPECT_EQ(slo->at("actions").as_array().size(), 2u);
}

TEST_F(SloMonitorTest, AsMetrics) {
  start({rule("strict", 10)});
  request(100);
  wait(2);
  ServerState state;
  state.slo = monitor_->snapshot();
  state.slo_actions = {{.name = "ops", .sent = 2, .failed = 1, .dropped = 0}};
  const std::string text = PrometheusMetrics().text(state);
  for (const char* line :
       {R"(qaio_sla_state{rule="strict",state="firing"} 1)",
        R"(qaio_sla_state{rule="strict",state="ok"} 0)", R"(qaio_sla_value{rule="strict"} 0.1)",
        R"(qaio_sla_threshold{rule="strict"} 0.01)", R"(qaio_sla_alerts_total{rule="strict"} 1)",
        R"(qaio_error_budget_burn_rate{rule="strict",window="5m"} 19.99)",
        R"(qaio_sla_notifications_total{action="ops",result="sent"} 2)",
        R"(qaio_sla_notifications_total{action="ops",result="failed"} 1)"}) {
    EXPECT_THAT(text, HasSubstr(line));
  }
  EXPECT_THAT(text, HasSubstr("qaio_error_budget_remaining_ratio{rule=\"strict\"} -18.99"));
  EXPECT_THAT(PrometheusMetrics().text({}), Not(HasSubstr("sla")));
}

TEST_F(SloMonitorTest, AThresholdIsAnEdgeOfTheHistograms) {
  const std::vector<SloRule> rules = {rule("odd", 777)};
  PrometheusMetrics metrics(threshold_edges_s(rules));
  auto record = chat_record(700 * kMs);
  record->tasks.push_back(generate_task("chat", 2 * kMs, kMs, 2, kMs));
  consume_one(record, metrics);
  EXPECT_THAT(metrics.text({}),
              HasSubstr(R"(qaio_request_duration_seconds_bucket{route="/chat",le="0.777"} 1)"));
}

}  // namespace
}  // namespace qaio
