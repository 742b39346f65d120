// The TOML file behind --config: options by their long names, and [[task]], [[sla]] and
// [[sla_action]] tables.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "base/result.h"

namespace qaio {

// What others read of the file. Line numbers are the file's own; both are empty without a file.
struct ConfigText {
  std::string tasks;  // the file with nothing but its [[task]] tables
  std::string slo;    // all of it: its readers look at their tables only
};

// Adds --config (QAIO_CONFIG).
void add_config_option(CLI::App& command, std::string& path);

// Gives `command` the file's values for options that neither the command line nor the environment
// set. One file serves all commands: an option of `serve` that this command lacks is ignored, any
// other key is an error. kNotFound / kIo for the file; kInvalidArgument names the line and the key.
Result<ConfigText> apply_config(CLI::App& command, const std::string& path);

}  // namespace qaio
