// The fields that /chat and /v1/tasks/{name} have in common.
#pragma once

#include "server/api/api.h"
#include "server/http/call.h"
#include "server/http/json_fields.h"
#include "tasks/pipeline.h"

namespace qaio {

// Reads input, history, timeout_ms, max_new_tokens and the sampling parameters into `request`.
Result<void> read_task_fields(const JsonFields& fields, const Call& call, const ApiLimits& limits,
                              PipelineRequest& request);

}  // namespace qaio
