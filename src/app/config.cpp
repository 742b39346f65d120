#include "app/config.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <optional>
#include <utility>
#include <vector>

#include "base/mapped_file.h"

#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

namespace qaio {
namespace {

tl::unexpected<Error> fault(const std::string& path, const toml::node& node,
                            std::string_view what) {
  return fail(ErrorCode::kInvalidArgument,
              fmt::format("{} line {}: {}", path, node.source().begin.line, what));
}

// Spaces over the lines of `region`; the line breaks stay.
void blank(std::string& text, const toml::source_region& region) {
  toml::source_index line = 1;
  for (char& c : text) {
    if (c == '\n') {
      ++line;
    } else if (line >= region.begin.line && line <= region.end.line) {
      c = ' ';
    }
  }
}

// The whole of [[key]] tables: the region of one is that of its header alone, that of all of them
// begins with the first and holds what stands between.
void blank_all(std::string& text, const toml::node& node) {
  const toml::array* const array = node.as_array();
  const toml::table* const first =
      array != nullptr && !array->empty() ? array->get_as<toml::table>(0) : nullptr;
  if (first == nullptr || first->is_inline()) blank(text, node.source());
  if (array != nullptr) {
    for (const toml::node& item : *array) blank_all(text, item);
  } else if (const toml::table* table = node.as_table()) {
    for (const auto& [key, value] : *table) blank_all(text, value);
  }
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
  command.add_option("--config", path, "TOML file with options, [[task]] and [[sla]] tables")
      ->envname("QAIO_CONFIG")
      ->type_name("FILE");
}

Result<ConfigText> apply_config(CLI::App& command, const std::string& path) {
  if (path.empty()) return ConfigText();
  QAIO_ASSIGN(const MappedFile file, MappedFile::open(path));
  std::string text(reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size());
  const toml::parse_result parsed = toml::parse(text, path);
  if (!parsed) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("{} line {}: {}", path, parsed.error().source().begin.line,
                            parsed.error().description()));
  }
  std::string tasks = text;
  for (const auto& [key, node] : parsed.table()) {
    if (key.str() == "task") continue;
    if (key.str() == "sla" || key.str() == "sla_action") {
      blank_all(tasks, node);
      continue;
    }
    QAIO_RETURN_IF_ERROR(apply_key(command, path, std::string(key.str()), node));
    blank(tasks, node.source());
  }
  return ConfigText{.tasks = std::move(tasks), .slo = std::move(text)};
}

}  // namespace qaio
