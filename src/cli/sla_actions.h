// The actions of `qaio serve` for its SLA rules.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "observe/sla_action.h"

namespace spdlog {
class logger;
}

namespace qaio {

// The log, which is told of every change, and those of the configuration. `instance` tells servers
// apart. Errors name the action.
Result<std::vector<std::unique_ptr<SlaAction>>> make_sla_actions(
    const std::vector<SlaActionConfig>& configs, const std::string& instance,
    const std::shared_ptr<spdlog::logger>& logger);

// "name-of-this-machine:8080"
std::string sla_instance(int port);

}  // namespace qaio
