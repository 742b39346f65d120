#include "config/toml_reader.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/duration_text.h"

namespace qaio {
namespace {

constexpr size_t kNameMax = 64;
constexpr size_t kTextMax = 4096;

bool is_name(std::string_view text) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.';
  };
  return !text.empty() && text.size() <= kNameMax && std::ranges::all_of(text, allowed);
}

// As Prometheus wants the names of labels.
bool is_label(std::string_view text) {
  return is_name(text) && text.find_first_of("-.") == std::string_view::npos &&
         !(text.front() >= '0' && text.front() <= '9');
}

bool is_text(const std::optional<std::string>& text) {
  return text && !text->empty() && text->size() <= kTextMax &&
         text->find('\0') == std::string::npos;
}

}  // namespace

std::string toml_place(std::string_view source, const toml::source_region& region) {
  if (region.begin.line == 0) return fmt::format("{}: ", source);
  return fmt::format("{} line {}: ", source, region.begin.line);
}

Result<std::vector<const toml::table*>> toml_tables(const TomlFile& file, std::string_view key,
                                                    size_t count_max) {
  std::vector<const toml::table*> tables;
  const toml::node* node = file.root().table.get(key);
  if (node == nullptr) return tables;
  const toml::array* array = node->as_array();
  if (array == nullptr || !array->is_homogeneous<toml::table>()) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("{}'{}' must be written as [[{}]] tables",
                            toml_place(file.name(), node->source()), key, key));
  }
  for (const toml::node& item : *array) {
    if (tables.size() == count_max) {
      return fail(ErrorCode::kInvalidArgument,
                  fmt::format("{}more than {} [[{}]] tables",
                              toml_place(file.name(), item.source()), count_max, key));
    }
    tables.push_back(item.as_table());
  }
  return tables;
}

tl::unexpected<Error> second_of_name(const TomlFile& file, std::string_view name,
                                     const toml::table& first, const toml::table& second) {
  return fail(
      ErrorCode::kInvalidArgument,
      fmt::format("{}there is a second one with the name '{}'; the first is on line {}",
                  toml_place(file.name(), second.source()), name, first.source().begin.line));
}

const toml::node* TomlReader::take(std::string_view key) {
  known_.push_back(key);
  return table_.get(key);
}

tl::unexpected<Error> TomlReader::fault(std::string_view key, std::string_view problem) const {
  const toml::node* node = table_.get(key);
  return fault_at(node != nullptr ? *node : table_, problem);
}

tl::unexpected<Error> TomlReader::fault_at(const toml::node& node, std::string_view problem) const {
  return fail(ErrorCode::kInvalidArgument,
              fmt::format("{}{} {}", toml_place(source_, node.source()), what_, problem));
}

Result<void> TomlReader::text(std::string_view key, std::string& out) {
  const toml::node* node = take(key);
  if (node == nullptr) return {};
  const auto value = node->value_exact<std::string>();
  if (!is_text(value)) {
    return fault(key, fmt::format("needs a string of 1 to {} bytes for '{}'", kTextMax, key));
  }
  out = *value;
  return {};
}

Result<void> TomlReader::any_text(std::string_view key, std::string& out) {
  const toml::node* node = take(key);
  if (node == nullptr) return {};
  const auto value = node->value_exact<std::string>();
  if (!value) return fault(key, fmt::format("needs a string for '{}'", key));
  out = *value;
  return {};
}

Result<void> TomlReader::flag(std::string_view key, bool& out) {
  const toml::node* node = take(key);
  if (node == nullptr) return {};
  const auto value = node->value_exact<bool>();
  if (!value) return fault(key, fmt::format("needs true or false for '{}'", key));
  out = *value;
  return {};
}

Result<void> TomlReader::name(std::string_view key, std::string& out) {
  const toml::node* node = take(key);
  if (node == nullptr) return {};
  const auto value = node->value_exact<std::string>();
  if (!value || !is_name(*value)) {
    return fault(key, fmt::format("needs 1 to {} letters, digits, '_', '-' and '.' for '{}'",
                                  kNameMax, key));
  }
  out = *value;
  return {};
}

Result<void> TomlReader::texts(std::string_view key, size_t count_max,
                               std::vector<std::string>& out) {
  const toml::node* node = take(key);
  if (node == nullptr) return {};
  const toml::array* array = node->as_array();
  const auto wrong = [&] {
    return fault(key, fmt::format("needs an array of 1 to {} strings for '{}'", count_max, key));
  };
  if (array == nullptr || array->empty() || array->size() > count_max) return wrong();
  out.clear();
  for (const toml::node& item : *array) {
    const auto value = item.value_exact<std::string>();
    if (!is_text(value)) return wrong();
    out.push_back(*value);
  }
  return {};
}

Result<void> TomlReader::number(std::string_view key, double min, double max, RangeEnds ends,
                                double& out) {
  const toml::node* node = take(key);
  if (node == nullptr) return {};
  const bool with_min = ends == RangeEnds::kBoth;
  const bool with_max = ends != RangeEnds::kNone;
  const auto value = node->is_number() ? node->value<double>() : std::nullopt;
  if (!value || !(with_min ? *value >= min : *value > min) ||
      !(with_max ? *value <= max : *value < max)) {
    return fault(key, fmt::format("needs a number {} {:g} {} {:g} for '{}'",
                                  with_min ? "from" : "above", min,
                                  with_min   ? "to"
                                  : with_max ? "and up to"
                                             : "and below",
                                  max, key));
  }
  out = *value;
  return {};
}

Result<void> TomlReader::count(std::string_view key, uint64_t min, uint64_t max, uint64_t& out) {
  const toml::node* node = take(key);
  if (node == nullptr) return {};
  const auto value = node->value_exact<int64_t>();
  if (!value || *value < 0 || static_cast<uint64_t>(*value) < min ||
      static_cast<uint64_t>(*value) > max) {
    return fault(key, fmt::format("needs a whole number from {} to {} for '{}'", min, max, key));
  }
  out = static_cast<uint64_t>(*value);
  return {};
}

Result<void> TomlReader::duration(std::string_view key, int64_t min_ns, int64_t max_ns,
                                  int64_t& out) {
  const toml::node* node = take(key);
  if (node == nullptr) return {};
  const auto text = node->value_exact<std::string>();
  const auto value = text ? parse_duration(*text) : std::nullopt;
  if (!value || *value < min_ns || *value > max_ns) {
    return fault(key,
                 fmt::format("needs a time from \"{}\" to \"{}\", such as \"5m\" or \"1h30m\", "
                             "for '{}'",
                             duration_text(min_ns), duration_text(max_ns), key));
  }
  out = *value;
  return {};
}

Result<void> TomlReader::labels(std::string_view key, size_t count_max,
                                std::vector<std::pair<std::string, std::string>>& out) {
  const toml::node* node = take(key);
  if (node == nullptr) return {};
  const toml::table* table = node->as_table();
  const auto wrong = [&] {
    return fault(key, fmt::format("needs a table of up to {} strings for '{}', whose names are "
                                  "letters, digits and '_'",
                                  count_max, key));
  };
  if (table == nullptr || table->size() > count_max) return wrong();
  out.clear();
  for (const auto& [name, item] : *table) {
    const auto value = item.value_exact<std::string>();
    if (!is_label(name.str()) || !is_text(value)) return wrong();
    out.emplace_back(name.str(), *value);
  }
  return {};
}

Result<std::vector<const toml::table*>> TomlReader::tables(std::string_view key, size_t count_max) {
  std::vector<const toml::table*> out;
  const toml::node* node = take(key);
  if (node == nullptr) return out;
  const toml::array* array = node->as_array();
  if (array == nullptr || !array->is_homogeneous<toml::table>() || array->size() > count_max) {
    return fault(key, fmt::format("needs 1 to {} tables for '{}'", count_max, key));
  }
  for (const toml::node& item : *array) out.push_back(item.as_table());
  return out;
}

Result<std::string> TomlReader::word(std::string_view key,
                                     std::span<const std::string_view> words) {
  const toml::node* node = take(key);
  const auto value = node == nullptr ? std::nullopt : node->value_exact<std::string>();
  if (!value || std::ranges::find(words, *value) == words.end()) {
    return fault(key, fmt::format("needs one of \"{}\" for '{}'", fmt::join(words, "\", \""), key));
  }
  return *value;
}

Result<void> TomlReader::forbid(std::span<const std::string_view> keys,
                                std::string_view why) const {
  for (const std::string_view key : keys) {
    if (has(key)) return fault(key, fmt::format("has '{}', {}", key, why));
  }
  return {};
}

Result<void> TomlReader::done() const {
  for (const auto& [key, node] : table_) {
    if (std::ranges::find(known_, key.str()) != known_.end()) continue;
    return fault(key.str(), fmt::format("has the unknown key '{}'; known are {}", key.str(),
                                        fmt::join(known_, ", ")));
  }
  return {};
}

}  // namespace qaio
