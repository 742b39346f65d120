// Alerts given to a program. docs/slo.md describes what it gets.
#pragma once

#include <memory>

#include "slo/slo_action.h"
#include "slo/slo_posts.h"

namespace qaio {

// Alerts wait for their turn: one run at a time, on a thread of its own. At the end what waits gets
// the time that HTTP actions get, then runs are stopped.
std::unique_ptr<SloAction> make_command(const SloActionConfig& config,
                                        const SloActionSetting& setting);

}  // namespace qaio
