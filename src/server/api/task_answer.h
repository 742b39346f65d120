// What a task that is a question answers, as /chat and /v1/tasks/{name} write it.
#pragma once

#include "base/json_writer.h"
#include "tasks/pipeline.h"
#include "tasks/task.h"

namespace qaio {

// The members "label" and "score", and what else the kind of question has; "scores" too where
// `all_scores`. Probabilities are written to their last digit, so that they sum to 1.
void write_question_answer(const TaskDefinition& task, const TaskOutcome& outcome, bool all_scores,
                           JsonWriter& json);

// How GET /v1/tasks describes the question.
void write_question(const TaskDefinition& task, JsonWriter& json);

}  // namespace qaio
