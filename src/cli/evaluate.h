// Running a task over labelled texts.
#pragma once

#include <span>

#include "app/runtime.h"
#include "base/result.h"
#include "report/evaluation.h"
#include "tasks/labelled_set.h"

namespace qaio {

// One text after the other; `mistakes_max` misjudged ones are kept. A text that fails is counted;
// an error is returned only if all do. `items` have labels of `task`, whose labels are scored.
Result<Evaluation> evaluate(const Runtime& runtime, const TaskDefinition& task,
                            std::span<const LabelledText> items, size_t mistakes_max);

}  // namespace qaio
