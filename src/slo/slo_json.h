// Rules and alerts as JSON; docs/slo.md lists the members.
#pragma once

#include <span>
#include <string>

#include "base/json_writer.h"
#include "slo/slo_action.h"
#include "slo/slo_status.h"

namespace qaio {

// What GET /slo answers.
void write_slo(std::span<const SloStatus> rules, std::span<const SloActionCounts> actions,
               JsonWriter& json);

// What a webhook's body and a command's input are: one alert that fires or is resolved. `instance`
// tells servers apart.
std::string alert_json(const SloStatus& status, const std::string& instance, int64_t now_unix_ms);

}  // namespace qaio
