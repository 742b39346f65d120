#include "slo/slo_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

namespace qaio {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

Result<SloConfig> read_text(std::string_view toml, std::span<const std::string> tasks = {}) {
  QAIO_ASSIGN(const TomlFile file, TomlFile::parse(toml, "qaio.toml"));
  return read_slo_config(file, tasks);
}

SloConfig read(std::string_view toml) {
  const auto config = read_text(toml);
  EXPECT_TRUE(config) << config.error().message;
  return config.value_or(SloConfig());
}

TEST(SloConfig, WithoutTablesThereIsTheDefaultRule) {
  const SloConfig config = read("threads = 2\n[[task]]\nname = \"x\"\n");
  ASSERT_EQ(config.rules.size(), 1u);
  EXPECT_EQ(slo_condition(config.rules[0]), "p95 of total_response_time over 5m above 1000 ms");
  EXPECT_TRUE(config.actions.empty());
}

TEST(SloConfig, APercentile) {
  const SloConfig config = read(R"([[sla]]
name = "first-token"
metric = "ttft"
task = "chat"
percentile = 99.5
threshold_ms = 250.5
window = "1m"
min_samples = 5
for = "30s"
keep_firing_for = "2m"
severity = "page"
period = "7d"
)");
  ASSERT_EQ(config.rules.size(), 1u);
  const SloRule& rule = config.rules[0];
  EXPECT_EQ(slo_condition(rule), "p99.5 of ttft of chat over 1m above 250.5 ms");
  EXPECT_EQ(rule.samples_min, 5u);
  EXPECT_EQ(rule.for_ns, 30 * kSecondNs);
  EXPECT_EQ(rule.keep_firing_for_ns, 120 * kSecondNs);
  EXPECT_EQ(rule.severity, "page");
  EXPECT_EQ(rule.period_ns, 7 * 86'400 * kSecondNs);
  EXPECT_DOUBLE_EQ(rule.objective, 0.995);
}

TEST(SloConfig, AnErrorRateAndObjectives) {
  const SloConfig config = read(R"([[sla]]
name = "errors"
metric = "error_rate"
threshold_ratio = 0.02
[[sla]]
name = "usual"
threshold_ms = 1000
objective = 0.99
[[sla]]
name = "own"
metric = "error_rate"
objective = 0.9
burn = [{ long = "1h", short = "5m", rate = 5 },
        { long = "1d", short = "2h", rate = 1.5 }]
)");
  ASSERT_EQ(config.rules.size(), 3u);
  EXPECT_DOUBLE_EQ(config.rules[0].objective, 0.98);
  EXPECT_EQ(slo_condition(config.rules[0]), "error_rate over 5m above 2 %");
  EXPECT_EQ(slo_condition(config.rules[1]),
            "burn rate of the budget for 99 % with total_response_time within 1000 ms above 14.4 "
            "over 1h and 5m, or above 6 over 6h and 30m");
  ASSERT_EQ(config.rules[2].burn_limits.size(), 2u);
  EXPECT_EQ(config.rules[2].burn_limits[1].long_ns, 86'400 * kSecondNs);
  EXPECT_EQ(config.rules[2].burn_limits[1].rate, 1.5);
}

TEST(SloConfig, Actions) {
  setenv("QAIO_TEST_SLA_SECRET", "s3cret", 1);
  const SloConfig config = read(R"([[sla_action]]
kind = "webhook"
url = "https://example.org/hook"
secret_env = "QAIO_TEST_SLA_SECRET"
timeout = "2s"
[[sla_action]]
kind = "alertmanager"
name = "am"
url = "http://localhost:9093"
repeat = "30s"
labels = { team = "edge" }
[[sla_action]]
kind = "command"
command = ["/usr/bin/logger", "-t", "qaio"]
rules = ["response-time-p95"]
)");
  ASSERT_EQ(config.actions.size(), 3u);
  EXPECT_EQ(config.actions[0].name, "webhook");
  EXPECT_EQ(config.actions[0].secret, "s3cret");
  EXPECT_EQ(config.actions[0].timeout_ns, 2 * kSecondNs);
  EXPECT_EQ(config.actions[1].repeat_ns, 30 * kSecondNs);
  EXPECT_THAT(config.actions[1].labels, ElementsAre(testing::Pair("team", "edge")));
  EXPECT_THAT(config.actions[2].command, ElementsAre("/usr/bin/logger", "-t", "qaio"));
  EXPECT_TRUE(config.actions[2].wants("response-time-p95"));
  EXPECT_FALSE(config.actions[2].wants("other"));
}

struct Fault {
  const char* toml;
  int line;
  const char* says;
};

class SloConfigFault : public testing::TestWithParam<Fault> {};

TEST_P(SloConfigFault, IsNamedWithItsPlace) {
  const std::vector<std::string> tasks = {"chat", "sentiment"};
  const auto config = read_text(GetParam().toml, tasks);
  ASSERT_FALSE(config);
  EXPECT_EQ(config.error().code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(config.error().message,
              StartsWith("qaio.toml line " + std::to_string(GetParam().line) + ": "));
  EXPECT_THAT(config.error().message, HasSubstr(GetParam().says));
}

INSTANTIATE_TEST_SUITE_P(
    Rules, SloConfigFault,
    testing::Values(
        Fault{"sla = 1", 1, "must be written as [[sla]] tables"},
        Fault{"[sla]\nname = \"a\"", 1, "must be written as [[sla]] tables"},
        Fault{"[[sla]]\nmetric = \"ttft\"", 1, "a rule has no name"},
        Fault{"[[sla]]\nname = \"a b\"", 2, "'name'"},
        Fault{"[[sla]]\nname = \"a\"\nmetric = \"latency\"", 3, "unknown metric 'latency'"},
        Fault{"[[sla]]\nname = \"a\"\ntask = \"chta\"", 3, "unknown task 'chta'; there are chat"},
        Fault{"[[sla]]\nname = \"a\"\npercentile = 100", 3, "above 0 and below 100"},
        Fault{"[[sla]]\nname = \"a\"\npercentile = \"95\"", 3, "above 0 and below 100"},
        Fault{"[[sla]]\nname = \"a\"\nthreshold_ms = 0", 3, "'threshold_ms'"},
        Fault{"[[sla]]\nname = \"a\"\nthreshold_ms = nan", 3, "'threshold_ms'"},
        Fault{"[[sla]]\nname = \"a\"\nthreshold_ratio = 0.1", 3, "for the metric error_rate"},
        Fault{"[[sla]]\nname = \"a\"\nwindow = 300", 3, "such as \"5m\""},
        Fault{"[[sla]]\nname = \"a\"\nwindow = \"30d\"", 3, "from \"1s\" to \"7d\""},
        Fault{"[[sla]]\nname = \"a\"\nfor = \"2d\"", 3, "'for'"},
        Fault{"[[sla]]\nname = \"a\"\nmin_samples = 0", 3, "from 1 to"},
        Fault{"[[sla]]\nname = \"a\"\nmin_samples = -3", 3, "from 1 to"},
        Fault{"[[sla]]\nname = \"a\"\nwindow = \"1d\"\nperiod = \"1h\"", 4, "from \"1d\""},
        Fault{"[[sla]]\nname = \"a\"\nthreshhold_ms = 5", 3, "unknown key 'threshhold_ms'; known"},
        Fault{"[[sla]]\nname = \"a\"\nmetric = \"error_rate\"", 3, "needs 'threshold_ratio'"},
        Fault{"[[sla]]\nname = \"a\"\nmetric = \"error_rate\"\nthreshold_ms = 5", 4, "are times"},
        Fault{"[[sla]]\nname = \"a\"\nobjective = 1.0", 3, "below 1"},
        Fault{"[[sla]]\nname = \"a\"\nobjective = 0.9", 3, "can never burn at 14.4"},
        Fault{"[[sla]]\nname = \"a\"\nobjective = 0.99\nwindow = \"5m\"", 4, "does not go with"},
        Fault{"[[sla]]\nname = \"a\"\nburn = []", 3, "needs an 'objective'"},
        Fault{"[[sla]]\nname = \"a\"\nobjective = 0.99\nburn = [{long = \"1m\"}]", 4,
              "rule 'a' burn needs 'short'"},
        Fault{"[[sla]]\nname = \"a\"\nobjective = 0.99\n"
              "burn = [{long = \"1m\", short = \"1h\", rate = 2}]",
              4, "for 'long'"},
        Fault{"[[sla]]\nname = \"a\"\n[[sla]]\nname = \"a\"", 3,
              "second one with the name 'a'; the first is on line 1"},
        Fault{"[[sla]]\nname = ", 2, ""}));

INSTANTIATE_TEST_SUITE_P(
    Actions, SloConfigFault,
    testing::Values(
        Fault{"[[sla_action]]\nname = \"a\"", 1, "\"webhook\", \"alertmanager\", \"command\""},
        Fault{"[[sla_action]]\nkind = \"mail\"", 2, "needs one of"},
        Fault{"[[sla_action]]\nkind = \"webhook\"", 1, "needs a 'url'"},
        Fault{"[[sla_action]]\nkind = \"command\"", 1, "needs a 'command'"},
        Fault{"[[sla_action]]\nkind = \"command\"\ncommand = []", 3, "strings for 'command'"},
        Fault{"[[sla_action]]\nkind = \"command\"\ncommand = \"rm\"", 3, "strings for 'command'"},
        Fault{"[[sla_action]]\nkind = \"command\"\ncommand = [\"a\\u0000b\"]", 3, "'command'"},
        Fault{"[[sla_action]]\nkind = \"webhook\"\nurl = \"http://a\"\nrepeat = \"1m\"", 4,
              "unknown key 'repeat'"},
        Fault{"[[sla_action]]\nkind = \"webhook\"\nurl = \"http://a\"\n"
              "secret_env = \"QAIO_TEST_NOT_SET\"",
              4, "QAIO_TEST_NOT_SET, which is not set"},
        Fault{"[[sla_action]]\nkind = \"webhook\"\nurl = \"http://a\"\nsecret = \"x\"\n"
              "secret_env = \"PATH\"",
              5, "both 'secret' and 'secret_env'"},
        Fault{"[[sla_action]]\nkind = \"alertmanager\"\nurl = \"http://a\"\n"
              "labels = { severity = \"x\" }",
              4, "may not set the label 'severity'"},
        Fault{"[[sla_action]]\nkind = \"alertmanager\"\nurl = \"http://a\"\n"
              "labels = { \"a-b\" = \"x\" }",
              4, "for 'labels'"},
        Fault{"[[sla_action]]\nkind = \"webhook\"\nurl = \"http://a\"\nrules = [\"b\"]", 4,
              "unknown rule 'b'"},
        Fault{"[[sla_action]]\nkind = \"webhook\"\nurl = \"http://a\"\n"
              "[[sla_action]]\nkind = \"webhook\"\nurl = \"http://b\"",
              4, "second one with the name 'webhook'; the first is on line 1"}));

TEST(SloConfig, RulesAloneNeedNothingThatActionsNeed) {
  const auto file = TomlFile::parse(
      "[[sla]]\nname = \"r\"\n[[sla_action]]\nkind = \"webhook\"\nurl = \"http://a\"\n"
      "secret_env = \"QAIO_TEST_NOT_SET\"",
      "qaio.toml");
  const auto rules = read_slo_rules(file.value());
  ASSERT_TRUE(rules) << rules.error().message;
  ASSERT_EQ(rules->size(), 1u);
  EXPECT_EQ(rules->front().name, "r");
  EXPECT_EQ(read_slo_rules(TomlFile()).value().size(), 1u) << "the default one";
}

TEST(SloConfig, TheNumberOfRulesIsBounded) {
  std::string toml;
  for (size_t i = 0; i <= SloRule::kRulesMax; ++i) {
    toml += "[[sla]]\nname = \"r" + std::to_string(i) + "\"\n";
  }
  const auto config = read_text(toml);
  ASSERT_FALSE(config);
  EXPECT_EQ(config.error().message, "qaio.toml line 65: more than 32 [[sla]] tables");
}

}  // namespace
}  // namespace qaio
