#include "cli/sla_actions.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <utility>

#include "base/clock.h"
#include "observe/sla_command.h"
#include "observe/sla_posts.h"

namespace qaio {
namespace {

class LogAction final : public SlaAction {
 public:
  explicit LogAction(std::shared_ptr<spdlog::logger> logger) : logger_(std::move(logger)) {}

  void changed(const SlaStatus& status) override {
    const auto level =
        status.state == SlaState::kFiring ? spdlog::level::warn : spdlog::level::info;
    logger_->log(level, "SLA rule '{}' is {}, was {}: {}", status.rule.name,
                 sla_state_name(status.state), sla_state_name(status.last->from),
                 sla_sentence(status));
    ++lines_;
  }
  SlaActionCounts counts() const override {
    return {.name = "log", .sent = lines_, .failed = 0, .dropped = 0};
  }

 private:
  const std::shared_ptr<spdlog::logger> logger_;
  std::atomic<uint64_t> lines_ = 0;
};

// "name-of-this-machine:8080"
std::string instance_of(int port) {
  constexpr size_t kHostNameMax = 256;
  std::array<char, kHostNameMax> name{};
  if (gethostname(name.data(), name.size() - 1) != 0) name[0] = '\0';
  return fmt::format("{}:{}", name[0] == '\0' ? "localhost" : name.data(), port);
}

Result<std::unique_ptr<SlaAction>> make_action(const SlaActionConfig& config,
                                               const SlaActionSetting& setting) {
  switch (config.kind) {
    case SlaActionConfig::Kind::kWebhook:
      return make_webhook(config, setting);
    case SlaActionConfig::Kind::kAlertmanager:
      return make_alertmanager(config, setting);
    case SlaActionConfig::Kind::kCommand:
      return make_command(config, setting);
  }
  return fail(ErrorCode::kInternal, "an action of no kind");
}

}  // namespace

Result<std::vector<std::unique_ptr<SlaAction>>> make_sla_actions(
    const std::vector<SlaActionConfig>& configs, std::function<int()> port,
    const std::shared_ptr<spdlog::logger>& logger) {
  const SlaActionSetting setting{
      .instance = [port = std::move(port)] { return instance_of(port()); },
      .clock = &SteadyClock::instance(),
      .on_problem = [logger](const std::string& problem) { logger->warn("{}", problem); }};
  std::vector<std::unique_ptr<SlaAction>> actions;
  actions.push_back(std::make_unique<LogAction>(logger));
  for (const SlaActionConfig& config : configs) {
    auto action = make_action(config, setting);
    if (!action) {
      return fail(action.error().code,
                  fmt::format("action '{}': {}", config.name, action.error().message));
    }
    actions.push_back(std::move(*action));
  }
  return actions;
}

}  // namespace qaio
