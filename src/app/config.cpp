#include "app/config.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "config/toml_reader.h"

namespace qaio {
namespace {

// Keys that are no options: others read these tables.
constexpr auto kTables =
    std::to_array<std::string_view>({"task", "calibration", "sla", "sla_action"});

tl::unexpected<Error> fault(const std::string& path, const toml::node& node,
                            std::string_view what) {
  return fail(ErrorCode::kInvalidArgument, toml_place(path, node.source()) + std::string(what));
}

std::optional<std::string> scalar_text(const toml::node& node) {
  if (const auto text = node.value_exact<std::string>()) return *text;
  if (const auto number = node.value_exact<int64_t>()) return std::to_string(*number);
  if (const auto flag = node.value_exact<bool>()) return *flag ? "true" : "false";
  return std::nullopt;
}

// Of an array each element: an option that takes several values.
std::optional<std::vector<std::string>> scalar_texts(const toml::node& node) {
  std::vector<std::string> texts;
  const auto add = [&](const toml::node& one) {
    auto text = scalar_text(one);
    if (text) texts.push_back(std::move(*text));
    return text.has_value();
  };
  const toml::array* const array = node.as_array();
  if (array == nullptr ? !add(node) : !std::all_of(array->begin(), array->end(), add)) {
    return std::nullopt;
  }
  return texts;
}

// `key` is an option's long name; underscores do for dashes.
Result<void> apply_key(CLI::App& command, const std::string& path, std::string key,
                       const toml::node& node) {
  std::ranges::replace(key, '_', '-');
  CLI::Option* option = command.get_option_no_throw("--" + key);
  if (option == nullptr) {
    const CLI::App* serve = command.get_parent()->get_subcommand("serve");
    if (serve->get_option_no_throw("--" + key) != nullptr) return {};
    return fault(path, node, fmt::format("'{}' is not an option of `qaio serve`", key));
  }
  const auto values = scalar_texts(node);
  if (!values || (node.is_array() && option->get_items_expected_max() == 1)) {
    return fault(path, node,
                 fmt::format("'{}' needs a string, a whole number, true or false", key));
  }
  if (option->count() > 0) return {};
  try {
    for (const std::string& value : *values) option->add_result(value);
    option->run_callback();
  } catch (const CLI::Error& error) {
    return fault(path, node, error.what());
  }
  return {};
}

}  // namespace

void add_config_option(CLI::App& command, std::string& path) {
  command
      .add_option("--config", path,
                  "TOML file with options, [[task]], [[calibration]] and [[sla]] tables")
      ->envname("QAIO_CONFIG")
      ->type_name("FILE");
}

Result<TomlFile> apply_config(CLI::App& command, const std::string& path) {
  if (path.empty()) return TomlFile();
  QAIO_ASSIGN(TomlFile file, TomlFile::open(path));
  QAIO_RETURN_IF_ERROR(apply_options(command, file));
  return file;
}

Result<void> apply_options(CLI::App& command, const TomlFile& file) {
  for (const auto& [key, node] : file.root().table) {
    if (std::ranges::find(kTables, key.str()) != kTables.end()) continue;
    QAIO_RETURN_IF_ERROR(apply_key(command, file.name(), std::string(key.str()), node));
  }
  return {};
}

}  // namespace qaio
