// The TOML file behind --config: options by their long names, and [[task]], [[calibration]],
// [[sla]] and [[sla_action]] tables.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "base/result.h"
#include "config/toml_file.h"

namespace qaio {

// Adds --config (QAIO_CONFIG).
void add_config_option(CLI::App& command, std::string& path);

// Gives `command` the file's values for options that neither the command line nor the environment
// set. One file serves all commands: an option of `serve` that this command lacks is ignored, any
// other key is an error. Returns the file for those who read its tables, an empty one if `path` is
// empty. kNotFound / kIo for the file; kInvalidArgument names the line and the key.
Result<TomlFile> apply_config(CLI::App& command, const std::string& path);
// The same of a file that is open already.
Result<void> apply_options(CLI::App& command, const TomlFile& file);

}  // namespace qaio
