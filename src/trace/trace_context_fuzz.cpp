// libFuzzer: any bytes as a `traceparent` and as a `tracestate`; what is accepted is canonical.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "trace/trace_context.h"

namespace {

void check(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace qaio;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto parent = parse_traceparent(text);
  const TraceContext span = begin_span(parent, text, parent && parent->sampled);
  check(span.span_id != 0 && span.trace_id.valid());
  check(valid_tracestate(span.state));
  const std::string written = traceparent_text(span);
  const auto again = parse_traceparent(written);
  check(again && again->trace_id == span.trace_id && again->span_id == span.span_id);
  if (!parent) return 0;
  check(again->sampled == parent->sampled && span.trace_id == parent->trace_id);
  check(span.parent_span_id == parent->span_id);
  // Of version 00 every byte but the unused flags is told again.
  if (text.starts_with("00"))
    check(text.size() == 55 && text.substr(0, 36) == written.substr(0, 36));
  return 0;
}
