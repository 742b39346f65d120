#include "app/api_keys.h"

#include <fmt/format.h>
#include <spdlog/logger.h>

#include <utility>

#include "access/key_file.h"
#include "app/path_fault.h"

namespace qaio {

CLI::Option* add_api_key_file(CLI::App& command, std::string& path, const std::string& help) {
  return command.add_option("--api-key-file", path, help)
      ->check(CLI::Validator(path_fault, ""))
      ->envname("QAIO_API_KEY_FILE")
      ->type_name("FILE");
}

Result<std::shared_ptr<KeyRing>> open_keys(const std::string& path) {
  auto keys = read_keys(path);
  if (keys) return std::make_shared<KeyRing>(*keys);
  Error error = std::move(keys.error());
  if (error.code == ErrorCode::kNotFound) {
    error.message +=
        fmt::format("; `qaio keys create --name NAME --api-key-file {}` makes it", path);
  }
  return tl::unexpected<Error>(std::move(error));
}

void reload_keys(KeyRing& keys, const std::string& path, spdlog::logger& logger) {
  const auto read = read_keys(path);
  if (!read) {
    logger.error("API keys: {}; the keys that were read before stay in force",
                 read.error().message);
    return;
  }
  const KeyChanges changes = keys.replace(*read);
  logger.info("API keys: {} in force ({} new, {} revoked, {} changed): {}", changes.keys,
              changes.added, changes.revoked, changes.changed, path);
  warn_of_no_keys(keys, path, logger);
}

void warn_of_no_keys(const KeyRing& keys, const std::string& path, spdlog::logger& logger) {
  if (!keys.figures().keys.empty()) return;
  logger.warn(
      "API keys: {} holds none, so only /health and the page's files are answered; "
      "`qaio keys create` adds one",
      path);
}

}  // namespace qaio
