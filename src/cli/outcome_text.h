// A request's answers and times, for people.
#pragma once

#include <optional>
#include <string>

#include "tasks/pipeline.h"

namespace qaio {

const TaskOutcome* find_outcome(const RequestOutcome& outcome, std::string_view task);

// A generate task's text; a classify task's "正面 (98.2 %)", or "-" when the model named no label;
// of a scale "3, pleased (61.0 %); mean 2.79".
std::string answer_text(const TaskOutcome& task);

// One row per stage, one column of ms per task; each column adds up to its total.
std::string breakdown_table(const RequestOutcome& outcome);

// "152 ms, first token 36 ms, 7.9 ms per token, 15 tokens" of a generate task.
std::string times_line(const TaskOutcome& task);

}  // namespace qaio
