#include "slo/slo_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>

#include "config/toml_reader.h"
#include "record/named_times.h"

namespace qaio {
namespace {

constexpr int64_t kDayNs = 86'400 * kSecondNs;
constexpr int64_t kWindowMaxNs = 7 * kDayNs;
constexpr int64_t kPeriodMaxNs = 366 * kDayNs;
constexpr size_t kBurnLimitsMax = 4;
constexpr uint64_t kSamplesMax = 1'000'000;
constexpr double kThresholdMsMax = 1e8;
constexpr size_t kLabelsMax = 16;
constexpr size_t kArgumentsMax = 64;

using Words = std::span<const std::string_view>;

// What a budget over 30 days loses 2 % of in an hour, 5 % in six.
const std::vector<BurnLimit>& usual_burn_limits() {
  static const std::vector<BurnLimit> limits = {
      {.long_ns = 3600 * kSecondNs, .short_ns = 300 * kSecondNs, .rate = 14.4},
      {.long_ns = 6 * 3600 * kSecondNs, .short_ns = 1800 * kSecondNs, .rate = 6}};
  return limits;
}

class RuleReader {
 public:
  RuleReader(const toml::table& table, std::string_view source, std::span<const std::string> tasks)
      : reader_(table, source, "a rule"), tasks_(tasks) {}

  Result<SloRule> read() {
    if (!reader_.has("name")) return reader_.fault("name", "has no name");
    QAIO_RETURN_IF_ERROR(reader_.name("name", rule_.name));
    reader_.call(fmt::format("rule '{}'", rule_.name));
    QAIO_RETURN_IF_ERROR(read_metric());
    QAIO_RETURN_IF_ERROR(read_threshold());
    QAIO_RETURN_IF_ERROR(reader_.has("objective") ? read_burn_limits() : read_window());
    QAIO_RETURN_IF_ERROR(reader_.count("min_samples", 1, kSamplesMax, rule_.samples_min));
    QAIO_RETURN_IF_ERROR(reader_.duration("for", 0, kDayNs, rule_.for_ns));
    QAIO_RETURN_IF_ERROR(reader_.duration("keep_firing_for", 0, kDayNs, rule_.keep_firing_for_ns));
    QAIO_RETURN_IF_ERROR(reader_.name("severity", rule_.severity));
    QAIO_RETURN_IF_ERROR(reader_.duration("period", longest_ns(), kPeriodMaxNs, rule_.period_ns));
    QAIO_RETURN_IF_ERROR(reader_.done());
    return rule_;
  }

 private:
  Result<void> read_metric() {
    QAIO_RETURN_IF_ERROR(reader_.name("metric", rule_.metric));
    if (!is_slo_metric(rule_.metric)) {
      return reader_.fault(
          "metric", fmt::format("has the unknown metric '{}'; known are {}, {} "
                                "and of tasks {}",
                                rule_.metric, kErrorRateMetric, fmt::join(kRequestTimeNames, ", "),
                                fmt::join(kTaskTimeNames, ", ")));
    }
    QAIO_RETURN_IF_ERROR(reader_.name("task", rule_.task));
    const bool known = rule_.task.empty() || tasks_.empty() ||
                       std::ranges::find(tasks_, rule_.task) != tasks_.end();
    if (!known) {
      return reader_.fault("task", fmt::format("has the unknown task '{}'; there are {}",
                                               rule_.task, fmt::join(tasks_, ", ")));
    }
    return {};
  }

  Result<void> read_threshold() {
    if (rule_.of_errors()) {
      constexpr auto kOfTimes = std::to_array<std::string_view>({"threshold_ms", "percentile"});
      return reader_.forbid(kOfTimes, "which is for metrics that are times");
    }
    QAIO_RETURN_IF_ERROR(reader_.forbid(std::to_array<std::string_view>({"threshold_ratio"}),
                                        "which is for the metric error_rate"));
    double ms = 1000;
    QAIO_RETURN_IF_ERROR(reader_.number("threshold_ms", 0, kThresholdMsMax, RangeEnds::kNone, ms));
    rule_.threshold_ns = std::max<int64_t>(1, std::llround(ms * 1e6));
    return {};
  }

  Result<void> read_window() {
    QAIO_RETURN_IF_ERROR(
        reader_.forbid(std::to_array<std::string_view>({"burn"}), "which needs an 'objective'"));
    QAIO_RETURN_IF_ERROR(reader_.duration("window", kSecondNs, kWindowMaxNs, rule_.window_ns));
    if (rule_.of_errors()) {
      if (!reader_.has("threshold_ratio")) {
        return reader_.fault("metric", "needs 'threshold_ratio' or an 'objective'");
      }
      QAIO_RETURN_IF_ERROR(
          reader_.number("threshold_ratio", 0, 1, RangeEnds::kNone, rule_.threshold_ratio));
      rule_.objective = 1 - rule_.threshold_ratio;
      return {};
    }
    QAIO_RETURN_IF_ERROR(reader_.number("percentile", 0, 100, RangeEnds::kNone, rule_.percentile));
    rule_.objective = rule_.percentile / 100;
    return {};
  }

  Result<void> read_burn_limits() {
    constexpr auto kOfWindows =
        std::to_array<std::string_view>({"percentile", "threshold_ratio", "window"});
    QAIO_RETURN_IF_ERROR(reader_.forbid(kOfWindows, "which does not go with an 'objective'"));
    QAIO_RETURN_IF_ERROR(reader_.number("objective", 0, 1, RangeEnds::kNone, rule_.objective));
    QAIO_ASSIGN(const auto tables, reader_.tables("burn", kBurnLimitsMax));
    for (const toml::table* table : tables) {
      QAIO_ASSIGN(const BurnLimit limit, read_burn_limit(*table));
      rule_.burn_limits.push_back(limit);
    }
    if (rule_.burn_limits.empty()) rule_.burn_limits = usual_burn_limits();
    for (const BurnLimit& limit : rule_.burn_limits) {
      const double highest = 1 / (1 - rule_.objective);
      if (limit.rate < highest) continue;
      return reader_.fault(
          reader_.has("burn") ? "burn" : "objective",
          fmt::format("can never burn at {:g}: with the objective {:g} the rate is "
                      "{:g} at most; give 'burn' a lower one",
                      limit.rate, rule_.objective, highest));
    }
    return {};
  }

  Result<BurnLimit> read_burn_limit(const toml::table& table) const {
    BurnLimit limit;
    TomlReader reader = reader_.within(table, "burn");
    for (const std::string_view key : {"long", "short", "rate"}) {
      if (!reader.has(key)) return reader.fault(key, fmt::format("needs '{}'", key));
    }
    QAIO_RETURN_IF_ERROR(reader.duration("short", kSecondNs, kWindowMaxNs, limit.short_ns));
    QAIO_RETURN_IF_ERROR(reader.duration("long", limit.short_ns, 30 * kDayNs, limit.long_ns));
    QAIO_RETURN_IF_ERROR(reader.number("rate", 0, 1e6, RangeEnds::kNone, limit.rate));
    QAIO_RETURN_IF_ERROR(reader.done());
    return limit;
  }

  int64_t longest_ns() const {
    int64_t longest = rule_.by_burn_rate() ? 0 : rule_.window_ns;
    for (const BurnLimit& limit : rule_.burn_limits) longest = std::max(longest, limit.long_ns);
    return longest;
  }

  TomlReader reader_;
  std::span<const std::string> tasks_;
  SloRule rule_;
};

class ActionReader {
 public:
  ActionReader(const toml::table& table, std::string_view source)
      : reader_(table, source, "an action") {}

  Result<SloActionConfig> read(const std::vector<SloRule>& rules) {
    QAIO_RETURN_IF_ERROR(read_kind());
    QAIO_RETURN_IF_ERROR(reader_.name("name", action_.name));
    reader_.call(fmt::format("action '{}'", action_.name));
    QAIO_RETURN_IF_ERROR(reader_.texts("rules", SloRule::kRulesMax, action_.rules));
    for (const std::string& name : action_.rules) {
      if (std::ranges::find(rules, name, &SloRule::name) == rules.end()) {
        return reader_.fault("rules", fmt::format("is for the unknown rule '{}'", name));
      }
    }
    QAIO_RETURN_IF_ERROR(
        reader_.duration("timeout", kSecondNs / 10, 600 * kSecondNs, action_.timeout_ns));
    QAIO_RETURN_IF_ERROR(action_.kind == SloActionConfig::Kind::kCommand ? read_command()
                                                                         : read_url());
    QAIO_RETURN_IF_ERROR(reader_.done());
    return action_;
  }

 private:
  Result<void> read_kind() {
    constexpr auto kKinds = std::to_array<std::string_view>({"webhook", "alertmanager", "command"});
    QAIO_ASSIGN(action_.name, reader_.word("kind", kKinds));
    using enum SloActionConfig::Kind;
    action_.kind = action_.name == "webhook"        ? kWebhook
                   : action_.name == "alertmanager" ? kAlertmanager
                                                    : kCommand;
    return {};
  }

  Result<void> read_command() {
    if (!reader_.has("command")) return reader_.fault("command", "needs a 'command'");
    return reader_.texts("command", kArgumentsMax, action_.command);
  }

  Result<void> read_url() {
    if (!reader_.has("url")) return reader_.fault("url", "needs a 'url'");
    QAIO_RETURN_IF_ERROR(reader_.text("url", action_.url));
    if (action_.kind == SloActionConfig::Kind::kWebhook) return read_secret();
    QAIO_RETURN_IF_ERROR(
        reader_.duration("repeat", kSecondNs, 3600 * kSecondNs, action_.repeat_ns));
    QAIO_RETURN_IF_ERROR(reader_.labels("labels", kLabelsMax, action_.labels));
    for (const std::string_view own : {"alertname", "metric", "severity", "instance", "task"}) {
      const auto same = [own](const auto& label) { return label.first == own; };
      if (std::ranges::any_of(action_.labels, same)) {
        return reader_.fault("labels", fmt::format("may not set the label '{}'", own));
      }
    }
    return {};
  }

  Result<void> read_secret() {
    std::string variable;
    QAIO_RETURN_IF_ERROR(reader_.text("secret", action_.secret));
    QAIO_RETURN_IF_ERROR(reader_.text("secret_env", variable));
    if (variable.empty()) return {};
    if (!action_.secret.empty()) {
      return reader_.fault("secret_env", "has both 'secret' and 'secret_env'");
    }
    const char* value = std::getenv(variable.c_str());
    if (value == nullptr || *value == '\0') {
      return reader_.fault("secret_env", fmt::format("needs the environment variable {}, which is "
                                                     "not set",
                                                     variable));
    }
    action_.secret = value;
    return {};
  }

  TomlReader reader_;
  SloActionConfig action_;
};

// `tables`: those of `all`, in the same order, and of what comes next.
template <typename Named>
Result<void> add(Named item, const TomlFile& file, std::span<const toml::table* const> tables,
                 std::vector<Named>& all) {
  const auto same = std::ranges::find(all, item.name, &Named::name);
  if (same != all.end()) {
    return second_of_name(file, item.name, *tables[static_cast<size_t>(same - all.begin())],
                          *tables[all.size()]);
  }
  all.push_back(std::move(item));
  return {};
}

Result<std::vector<SloRule>> read_rules(const TomlFile& file, std::span<const std::string> tasks) {
  QAIO_ASSIGN(const auto tables, toml_tables(file, "sla", SloRule::kRulesMax));
  if (tables.empty()) return SloConfig().rules;
  std::vector<SloRule> rules;
  for (const toml::table* table : tables) {
    QAIO_ASSIGN(SloRule rule, RuleReader(*table, file.name(), tasks).read());
    QAIO_RETURN_IF_ERROR(add(std::move(rule), file, tables, rules));
  }
  return rules;
}

}  // namespace

Result<SloConfig> read_slo_config(const TomlFile& file, std::span<const std::string> tasks) {
  SloConfig config;
  QAIO_ASSIGN(config.rules, read_rules(file, tasks));
  QAIO_ASSIGN(const auto tables, toml_tables(file, "sla_action", SloActionConfig::kActionsMax));
  for (const toml::table* table : tables) {
    QAIO_ASSIGN(SloActionConfig action, ActionReader(*table, file.name()).read(config.rules));
    QAIO_RETURN_IF_ERROR(add(std::move(action), file, tables, config.actions));
  }
  return config;
}

Result<std::vector<SloRule>> read_slo_rules(const TomlFile& file) { return read_rules(file, {}); }

}  // namespace qaio
