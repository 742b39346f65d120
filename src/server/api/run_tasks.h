// Runs tasks for /chat and /v1/tasks: see request_runner.h.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/json_writer.h"
#include "server/api/api.h"
#include "tasks/pipeline.h"

namespace qaio {

struct TaskCall {
  std::shared_ptr<Call> call;
  std::shared_ptr<const Backend> backend;
  PipelineRequest request;
  // Writes the answer's own members, such as "reply", into the object being written.
  std::function<void(const RequestOutcome& outcome, JsonWriter& json)> write_result;
  // A stream has both: called on the connection's executor as a task ends and for each piece of
  // text, they return an event or "". The stream ends with `done` (the whole answer) or `error`.
  std::function<std::string(const TaskOutcome& outcome)> task_event;
  std::function<std::string(size_t task, const std::string& text)> text_event;
};

// The call's `parse` stage ends here.
void run_tasks(TaskCall task_call);

}  // namespace qaio
