// Rules and actions from a configuration file.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "observe/sla_action.h"
#include "observe/sla_rule.h"

namespace qaio {

struct SlaConfig {
  std::vector<SlaRule> rules = {SlaRule()};
  std::vector<SlaActionConfig> actions = {};
};

// Reads the [[sla]] and [[sla_action]] tables of TOML text and leaves everything else to others.
// Without a [[sla]] table the rule is the default one. `tasks`: those that a rule may name; empty:
// any. kInvalidArgument names file and line, the table and what is wrong with it. Reads the
// environment variables that the text names.
Result<SlaConfig> parse_sla_config(std::string_view toml, std::string_view source_name,
                                   std::span<const std::string> tasks = {});

// Only the rules: what an action needs, such as a secret in the environment, need not be there.
Result<std::vector<SlaRule>> parse_sla_rules(std::string_view toml, std::string_view source_name);

}  // namespace qaio
