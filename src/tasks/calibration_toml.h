// The [[calibration]] tables of a TOML file: temperatures of tasks and of kinds of questions, which
// `qaio eval --calibrate` writes and a server reads.
//
//   [[calibration]]
//   task = "sentiment"    # answers of this task
//   temperature = 1.43
//
//   [[calibration]]
//   kind = "choice"       # questions of this kind, those of tasks without a table of their own too
//   temperature = 1.77
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "config/toml_file.h"
#include "tasks/question.h"
#include "tasks/task.h"

namespace qaio {

inline constexpr double kTemperatureMax = 1000;

struct CalibrationTables {
  Calibration kinds;  // of kinds without a table nothing: what the model's file says counts
  std::map<std::string, double, std::less<>> tasks;  // by name; of others their kind's counts
};

// kInvalidArgument names the line: a table with neither or both of task and kind, a task that is
// not in `tasks` or gives no probabilities, a temperature that is not in (0, kTemperatureMax], an
// unknown key, two tables for the same.
Result<CalibrationTables> read_calibration(const TomlFile& file, const TaskRegistry& tasks);

struct CalibrationEntry {
  std::string task;  // empty: `kind` has the temperature
  std::optional<QuestionKind> kind;
  double temperature = 1;
};

// The text of a TOML file with these temperatures: where it has a table for the same, the number in
// it is replaced, else a table is added at the end; every other byte stays. `toml` may be empty,
// `name` is what messages call it. kInvalidArgument for text that is no TOML, has two tables for
// the same, or takes no more tables.
Result<std::string> with_calibration(std::string toml, const std::string& name,
                                     std::span<const CalibrationEntry> entries);

}  // namespace qaio
