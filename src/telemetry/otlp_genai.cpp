#include "telemetry/otlp_genai.h"

#include <algorithm>
#include <array>

#include "record/outcome.h"

namespace qaio {

std::string_view genai_operation(const TaskRecord& task) {
  const bool scored = task.finish_reason == "scored" || !task.label.empty() ||
                      task.lane.stage_ns(Stage::kScore) > 0;
  if (scored) return "classify";
  return task.task == "completion" ? "text_completion" : "chat";
}

std::string_view http_error_type(const RequestRecord& record) {
  const bool refused = record.status >= 400 && record.status < kClientClosedRequest;
  if (refused) return {};
  if (!record.error_code.empty()) return record.error_code;
  return record.status >= 500 ? "internal" : std::string_view();
}

std::string_view http_method(const RequestRecord& record) {
  constexpr auto kKnown = std::to_array<std::string_view>(
      {"CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"});
  return std::ranges::find(kKnown, record.method) != kKnown.end() ? std::string_view(record.method)
                                                                  : "_OTHER";
}

}  // namespace qaio
