// --api-key-file: whose requests `qaio serve` answers.
#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "access/key_ring.h"
#include "base/result.h"

namespace spdlog {
class logger;
}

namespace qaio {

// Adds --api-key-file (QAIO_API_KEY_FILE).
CLI::Option* add_api_key_file(CLI::App& command, std::string& path, const std::string& help);

// Errors are those of read_keys(), and say how a file is made.
Result<std::shared_ptr<KeyRing>> open_keys(const std::string& path);

// Reads the file anew; tells the log what changed, or why nothing did.
void reload_keys(KeyRing& keys, const std::string& path, spdlog::logger& logger);

// A file without keys lets nobody in, which is rarely meant.
void warn_of_no_keys(const KeyRing& keys, const std::string& path, spdlog::logger& logger);

}  // namespace qaio
