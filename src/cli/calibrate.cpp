#include "cli/calibrate.h"

#include <fmt/format.h>

#include <vector>

#include "base/mapped_file.h"
#include "base/new_file.h"
#include "tasks/calibration_toml.h"

namespace qaio {
namespace {

// Fewer say nothing: one wrong answer would be a tenth of a half.
constexpr size_t kTextsMin = 40;

// Empty where there is no file.
Result<std::string> text_of(const std::string& path) {
  const auto file = MappedFile::open(path);
  if (file) {
    return std::string(reinterpret_cast<const char*>(file->bytes().data()), file->bytes().size());
  }
  if (file.error().code == ErrorCode::kNotFound) return std::string();
  return tl::unexpected<Error>(file.error());
}

Result<std::string> with_temperature_of(const TaskDefinition& task, const std::string& path,
                                        double temperature) {
  std::vector<CalibrationEntry> entries = {
      {.task = task.name, .kind = {}, .temperature = temperature}};
  // What holds for the task's question is the best that is known of others of its kind.
  if (task.question) {
    entries.push_back({.task = {}, .kind = task.question->kind, .temperature = temperature});
  }
  QAIO_ASSIGN(std::string before, text_of(path));
  return with_calibration(std::move(before), path, entries);
}

}  // namespace

Result<void> check_calibration_file(const TaskDefinition& task, const std::string& path) {
  QAIO_ASSIGN(const std::string text, with_temperature_of(task, path, 1));
  return {};
}

Result<void> calibrate(const TaskDefinition& task, const std::string& path,
                       Evaluation& evaluation) {
  if (evaluation.predictions.size() < kTextsMin) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("a temperature needs at least {} texts that are answered, not {}",
                            kTextsMin, evaluation.predictions.size()));
  }
  evaluation.calibration = try_temperature(evaluation.predictions, evaluation.temperature);
  if (!evaluation.calibration->helps()) return {};
  QAIO_ASSIGN(const std::string text,
              with_temperature_of(task, path, *evaluation.calibration->temperature));
  QAIO_RETURN_IF_ERROR(write_new_file(path, text));
  evaluation.calibration_file = path;
  return {};
}

}  // namespace qaio
