// Rules and actions from a configuration file.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "config/toml_file.h"
#include "slo/slo_action.h"
#include "slo/slo_rule.h"

namespace qaio {

struct SloConfig {
  std::vector<SloRule> rules = {SloRule()};
  std::vector<SloActionConfig> actions = {};
};

// Reads the [[sla]] and [[sla_action]] tables of a file and leaves everything else to others.
// Without a [[sla]] table the rule is the default one. `tasks`: those that a rule may name; empty:
// any. kInvalidArgument names file and line, the table and what is wrong with it. Reads the
// environment variables that the file names.
Result<SloConfig> read_slo_config(const TomlFile& file, std::span<const std::string> tasks = {});

// Only the rules: what an action needs, such as a secret in the environment, need not be there.
Result<std::vector<SloRule>> read_slo_rules(const TomlFile& file);

}  // namespace qaio
