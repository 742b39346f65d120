#include "tasks/calibration_toml.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <limits>
#include <vector>

#include "config/toml_reader.h"

namespace qaio {
namespace {

constexpr std::string_view kKey = "calibration";
constexpr auto kKinds = std::to_array<std::string_view>({"choice", "score", "yes_no"});
constexpr auto kNotWithTask = std::to_array<std::string_view>({"kind"});

QuestionKind kind_from_name(std::string_view name) {
  for (const QuestionKind kind : {QuestionKind::kChoice, QuestionKind::kScore}) {
    if (question_kind_name(kind) == name) return kind;
  }
  return QuestionKind::kYesNo;
}

bool gives_probabilities(const TaskDefinition& task) {
  return task.kind != TaskKind::kGenerate && task.decode == DecodeMode::kScore;
}

Result<void> check_task(const TomlReader& reader, const std::string& name,
                        const TaskRegistry& tasks) {
  const TaskDefinition* task = tasks.find(name);
  if (task == nullptr) {
    std::vector<std::string_view> known;
    for (const TaskDefinition& one : tasks.all()) {
      if (gives_probabilities(one)) known.push_back(one.name);
    }
    return reader.fault("task", fmt::format("is for the unknown task '{}'; there are {}", name,
                                            fmt::join(known, ", ")));
  }
  if (!gives_probabilities(*task)) {
    return reader.fault("task",
                        fmt::format("is for the task '{}', which gives no probabilities", name));
  }
  return {};
}

Result<CalibrationEntry> read_entry(const toml::table& table, std::string_view source,
                                    const TaskRegistry& tasks) {
  TomlReader reader(table, source, "a calibration");
  CalibrationEntry entry;
  if (reader.has("task")) {
    QAIO_RETURN_IF_ERROR(reader.forbid(kNotWithTask, "which does not go with a 'task'"));
    QAIO_RETURN_IF_ERROR(reader.name("task", entry.task));
    QAIO_RETURN_IF_ERROR(check_task(reader, entry.task, tasks));
  } else if (reader.has("kind")) {
    QAIO_ASSIGN(const std::string kind, reader.word("kind", kKinds));
    entry.kind = kind_from_name(kind);
  } else {
    return reader.fault("task", "needs a 'task' or a 'kind'");
  }
  if (!reader.has("temperature")) return reader.fault("temperature", "needs a 'temperature'");
  QAIO_RETURN_IF_ERROR(
      reader.number("temperature", 0, kTemperatureMax, RangeEnds::kUpper, entry.temperature));
  QAIO_RETURN_IF_ERROR(reader.done());
  return entry;
}

std::string key_value(const CalibrationEntry& entry) {
  return entry.task.empty() ? fmt::format("kind = \"{}\"", question_kind_name(*entry.kind))
                            : fmt::format("task = \"{}\"", entry.task);
}

bool is_for(const toml::table& table, const CalibrationEntry& entry) {
  const bool of_task = !entry.task.empty();
  const auto value = table[of_task ? "task" : "kind"].value_exact<std::string>();
  return value && *value == (of_task ? entry.task : question_kind_name(*entry.kind));
}

// nullptr: there is none.
Result<const toml::table*> find_table(const TomlFile& file, const CalibrationEntry& entry) {
  QAIO_ASSIGN(const auto tables, toml_tables(file, kKey));
  const toml::table* found = nullptr;
  for (const toml::table* table : tables) {
    if (!is_for(*table, entry)) continue;
    if (found != nullptr) {
      return second_of_name(file, entry.task.empty() ? question_kind_name(*entry.kind) : entry.task,
                            *found, *table);
    }
    found = table;
  }
  return found;
}

// Where in `text` a place is whose columns are characters; both from 1.
size_t offset_of(std::string_view text, const toml::source_position& place) {
  size_t at = 0;
  for (uint32_t line = 1; line < place.line; ++line) {
    at = std::min(text.find('\n', at), text.size() - 1) + 1;
  }
  for (uint32_t column = 1; column < place.column && at < text.size(); ++column) {
    do ++at;
    while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80);
  }
  return at;
}

bool says(std::string_view toml, const std::string& name, const CalibrationEntry& entry,
          std::string_view number) {
  const auto file = TomlFile::parse(toml, name);
  if (!file) return false;
  const auto table = find_table(*file, entry);
  const toml::node* const value =
      table && *table != nullptr ? (*table)->get("temperature") : nullptr;
  return value != nullptr && fmt::format("{:.4f}", value->value_or(0.0)) == number;
}

Result<std::string> with_entry(std::string toml, const std::string& name,
                               const CalibrationEntry& entry) {
  const std::string number = fmt::format("{:.4f}", entry.temperature);
  QAIO_ASSIGN(const TomlFile file, TomlFile::parse(toml, name));
  QAIO_ASSIGN(const toml::table* const table, find_table(file, entry));
  if (table == nullptr) {
    if (!toml.empty()) toml += toml.ends_with('\n') ? "\n" : "\n\n";
    toml += fmt::format("[[{}]]\n{}\ntemperature = {}\n", kKey, key_value(entry), number);
  } else {
    const toml::node* const old = table->get("temperature");
    if (old == nullptr || !old->is_number()) {
      return TomlReader(*table, name, "a calibration").fault("temperature", "has no temperature");
    }
    const size_t begin = offset_of(toml, old->source().begin);
    toml.replace(begin, offset_of(toml, old->source().end) - begin, number);
  }
  // Whoever wrote the file may have written it in a way that takes no table at its end. The number
  // may be a stand-in, with which a file is tried before anything is measured: it is nobody's to
  // copy.
  if (!says(toml, name, entry, number)) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("{}: a temperature for {} cannot be written into it; write its "
                            "'{}' as [[{}]] tables first",
                            name, key_value(entry), kKey, kKey));
  }
  return toml;
}

}  // namespace

Result<CalibrationTables> read_calibration(const TomlFile& file, const TaskRegistry& tasks) {
  QAIO_ASSIGN(const auto tables,
              toml_tables(file, kKey, TaskRegistry::kTasksMax + kQuestionKindCount));
  CalibrationTables out;
  for (size_t i = 0; i < tables.size(); ++i) {
    QAIO_ASSIGN(const CalibrationEntry entry, read_entry(*tables[i], file.name(), tasks));
    for (size_t before = 0; before < i; ++before) {
      if (!is_for(*tables[before], entry)) continue;
      return second_of_name(file, entry.task.empty() ? question_kind_name(*entry.kind) : entry.task,
                            *tables[before], *tables[i]);
    }
    if (entry.kind) {
      out.kinds.buckets[static_cast<size_t>(*entry.kind)] = {
          {std::numeric_limits<size_t>::max(), entry.temperature}};
    } else {
      out.tasks.emplace(entry.task, entry.temperature);
    }
  }
  return out;
}

Result<std::string> with_calibration(std::string toml, const std::string& name,
                                     std::span<const CalibrationEntry> entries) {
  for (const CalibrationEntry& entry : entries) {
    QAIO_ASSIGN(toml, with_entry(std::move(toml), name, entry));
  }
  return toml;
}

}  // namespace qaio
