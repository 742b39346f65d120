#include "app/slo_actions.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <utility>

#include "base/clock.h"
#include "slo/slo_command.h"
#include "slo/slo_posts.h"

namespace qaio {
namespace {

class LogAction final : public SloAction {
 public:
  explicit LogAction(std::shared_ptr<spdlog::logger> logger) : logger_(std::move(logger)) {}

  void changed(const SloStatus& status) override {
    const auto level =
        status.state == SloState::kFiring ? spdlog::level::warn : spdlog::level::info;
    logger_->log(level, "SLA rule '{}' is {}, was {}: {}", status.rule.name,
                 slo_state_name(status.state), slo_state_name(status.last->from),
                 slo_sentence(status));
    ++lines_;
  }
  SloActionCounts counts() const override {
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

Result<std::unique_ptr<SloAction>> make_action(const SloActionConfig& config,
                                               const SloActionSetting& setting) {
  switch (config.kind) {
    case SloActionConfig::Kind::kWebhook:
      return make_webhook(config, setting);
    case SloActionConfig::Kind::kAlertmanager:
      return make_alertmanager(config, setting);
    case SloActionConfig::Kind::kCommand:
      return make_command(config, setting);
  }
  return fail(ErrorCode::kInternal, "an action of no kind");
}

}  // namespace

Result<std::vector<std::unique_ptr<SloAction>>> make_slo_actions(
    const std::vector<SloActionConfig>& configs, std::function<int()> port,
    const std::shared_ptr<spdlog::logger>& logger) {
  const SloActionSetting setting{
      .instance = [port = std::move(port)] { return instance_of(port()); },
      .clock = &SteadyClock::instance(),
      .on_problem = [logger](const std::string& problem) { logger->warn("{}", problem); }};
  std::vector<std::unique_ptr<SloAction>> actions;
  actions.push_back(std::make_unique<LogAction>(logger));
  for (const SloActionConfig& config : configs) {
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
