// Giving a task the temperature with which its probabilities say how often it is right.
#pragma once

#include <string>

#include "base/result.h"
#include "report/evaluation.h"
#include "tasks/task.h"

namespace qaio {

// kInvalidArgument for a file at `path` that cannot take a temperature, before texts are judged.
Result<void> check_calibration_file(const TaskDefinition& task, const std::string& path);

// Fits a temperature on half of the evaluation's texts. If it lowers the calibration error of the
// other half, writes it to the TOML file at `path`, whose other text stays, or to a new one there.
// The evaluation then says what was found. kInvalidArgument for too few texts or a file that cannot
// take it, kIo.
Result<void> calibrate(const TaskDefinition& task, const std::string& path, Evaluation& evaluation);

}  // namespace qaio
