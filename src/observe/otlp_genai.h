// What a task is in the words of OpenTelemetry's conventions for generative AI.
#pragma once

#include <string_view>

#include "observe/record.h"

namespace qaio {

inline constexpr std::string_view kGenAiProvider = "qaio";

// gen_ai.operation.name: "chat", "text_completion", or our own "classify".
std::string_view genai_operation(const TaskRecord& task);

// error.type of a request as an HTTP server has it: empty for an answer, also for a refusal (4xx);
// `error_code` for 5xx, a client that left and a stream that broke off.
std::string_view http_error_type(const RequestRecord& record);

// http.request.method: one of those that HTTP defines, else "_OTHER".
std::string_view http_method(const RequestRecord& record);

}  // namespace qaio
