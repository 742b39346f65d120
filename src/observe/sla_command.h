// Alerts given to a program. docs/slo.md describes what it gets.
#pragma once

#include <memory>

#include "observe/sla_action.h"
#include "observe/sla_posts.h"

namespace qaio {

// Alerts wait for their turn: one run at a time, on a thread of its own. At the end what waits gets
// the time that HTTP actions get, then runs are stopped.
std::unique_ptr<SlaAction> make_command(const SlaActionConfig& config,
                                        const SlaActionSetting& setting);

}  // namespace qaio
