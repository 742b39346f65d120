// The tables of a TOML file and what stands in one, with errors that say where they are. For .cpp
// files of those who have tables there.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "config/toml_file.h"

#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

namespace qaio {

struct TomlRoot {
  toml::table table;
};

// "FILE line 7: "
std::string toml_place(std::string_view source, const toml::source_region& region);

// The [[key]] tables of `file` in their order; none if it has no such key.
Result<std::vector<const toml::table*>> toml_tables(
    const TomlFile& file, std::string_view key,
    size_t count_max = std::numeric_limits<size_t>::max());

// Why the second of two tables with the same name is refused.
tl::unexpected<Error> second_of_name(const TomlFile& file, std::string_view name,
                                     const toml::table& first, const toml::table& second);

// Which ends belong to a range of numbers.
enum class RangeEnds : uint8_t { kBoth, kUpper, kNone };

// Keys are read by name; each function leaves `out` as it is if the key is missing. What was never
// asked for is unknown: done() refuses it. After an error the reader is of no further use.
class TomlReader {
 public:
  // `what`: how messages call it, "rule 'a'".
  TomlReader(const toml::table& table, std::string_view source, std::string what)
      : table_(table), source_(source), what_(std::move(what)) {}

  // A table inside this one, called "rule 'a' burn".
  TomlReader within(const toml::table& table, std::string_view name) const {
    return {table, source_, what_ + " " + std::string(name)};
  }
  void call(std::string what) { what_ = std::move(what); }
  bool has(std::string_view key) const { return table_.contains(key); }

  Result<void> text(std::string_view key, std::string& out);      // of 1 to 4096 bytes
  Result<void> any_text(std::string_view key, std::string& out);  // which may be empty
  // Of letters, digits, '_', '-' and '.'; 1 to 64 of them.
  Result<void> name(std::string_view key, std::string& out);
  Result<void> texts(std::string_view key, size_t count_max, std::vector<std::string>& out);
  Result<void> number(std::string_view key, double min, double max, RangeEnds ends, double& out);
  Result<void> flag(std::string_view key, bool& out);
  Result<void> count(std::string_view key, uint64_t min, uint64_t max, uint64_t& out);
  // "30s"; in ns.
  Result<void> duration(std::string_view key, int64_t min_ns, int64_t max_ns, int64_t& out);
  // Of strings, as label = "value".
  Result<void> labels(std::string_view key, size_t count_max,
                      std::vector<std::pair<std::string, std::string>>& out);
  // Of tables; empty if the key is missing.
  Result<std::vector<const toml::table*>> tables(std::string_view key, size_t count_max);
  // One of these words.
  Result<std::string> word(std::string_view key, std::span<const std::string_view> words);
  // Keys that go only with others: refused if they are there, with the reason.
  Result<void> forbid(std::span<const std::string_view> keys, std::string_view why) const;
  Result<void> done() const;

  // "FILE line 7: rule 'a' WHAT"; at the key's line if there is one.
  tl::unexpected<Error> fault(std::string_view key, std::string_view problem) const;
  tl::unexpected<Error> fault_at(const toml::node& node, std::string_view problem) const;

  // For what none of the above reads; nullptr if the key is missing.
  const toml::node* take(std::string_view key);

 private:
  const toml::table& table_;
  std::string_view source_;
  std::string what_;
  std::vector<std::string_view> known_;
};

}  // namespace qaio
