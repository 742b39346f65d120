// The TOML file behind --config: options by their long names, and [[task]] tables.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "base/result.h"

namespace qaio {

// Adds --config (QAIO_CONFIG).
void add_config_option(CLI::App& command, std::string& path);

// Gives `command` the file's values for options that neither the command line nor the environment
// set. One file serves all commands: an option of `serve` that this command lacks is ignored, any
// other key is an error. Returns what is left for the tasks: the file's text with the options
// blanked, so that line numbers in later messages hold; empty without a path.
// kNotFound / kIo for the file; kInvalidArgument names the line and the key.
Result<std::string> apply_config(CLI::App& command, const std::string& path);

}  // namespace qaio
