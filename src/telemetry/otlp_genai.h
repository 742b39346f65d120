// What a task is in the words of OpenTelemetry's conventions for generative AI.
#pragma once

#include <cstdint>
#include <string_view>

#include "record/record.h"

namespace qaio {

// Which edition of the conventions names what is exported. A program that follows one keeps to it
// until its user asks for another.
enum class GenAiConventions : uint8_t {
  k1_41,    // the last that stood in open-telemetry/semantic-conventions
  kLatest,  // of open-telemetry/semantic-conventions-genai
};

inline constexpr std::string_view kGenAiProvider = "qaio";

// gen_ai.operation.name: "chat", "text_completion", or our own "classify".
std::string_view genai_operation(const TaskRecord& task);

// error.type of a request as an HTTP server has it: empty for an answer, also for a refusal (4xx);
// `error_code` for 5xx, a client that left and a stream that broke off.
std::string_view http_error_type(const RequestRecord& record);

// http.request.method: one of those that HTTP defines, else "_OTHER".
std::string_view http_method(const RequestRecord& record);

}  // namespace qaio
