// The actions of `qaio serve` for its SLO rules.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "slo/slo_action.h"

namespace spdlog {
class logger;
}

namespace qaio {

// The log, which is told of every change, and those of the configuration. `port` tells servers of
// a machine apart; alerts have that of their moment. Errors name the action.
Result<std::vector<std::unique_ptr<SloAction>>> make_slo_actions(
    const std::vector<SloActionConfig>& configs, std::function<int()> port,
    const std::shared_ptr<spdlog::logger>& logger);

}  // namespace qaio
