// The times that statistics are kept of, by the names they have everywhere: those of /chat's
// `metrics` and the stages of docs/tracing.md.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "record/record.h"

namespace qaio {

inline constexpr auto kRequestTimeNames = std::to_array<std::string_view>(
    {"total_response_time", "model_inference_time", "prompt_build_time", "output_parse_time",
     "queue_time", "ttft", "ttft_since_scheduled", "tpot", "http_read", "parse", "tasks",
     "serialize", "http_write", "unattributed"});
inline constexpr auto kTaskTimeNames = std::to_array<std::string_view>(
    {"total", "model_inference_time", "ttft_since_submitted", "ttft_since_scheduled", "tpot",
     "prompt_build", "tokenize", "queue", "prefill", "decode", "score", "output_parse",
     "unattributed"});

// Those of request_times.h and of the lanes, in ns and in the order of the names; absent where the
// request or task has none: a stage it never entered, a first token it never drew.
using NamedRequestTimes = std::array<std::optional<int64_t>, kRequestTimeNames.size()>;
using NamedTaskTimes = std::array<std::optional<int64_t>, kTaskTimeNames.size()>;
NamedRequestTimes named_times(const RequestRecord& record);
NamedTaskTimes named_times(const TaskRecord& task);

}  // namespace qaio
