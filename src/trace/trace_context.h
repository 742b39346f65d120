// W3C Trace Context: the place of a request in a trace that spans several programs.
// https://www.w3.org/TR/trace-context/
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace qaio {

struct TraceId {
  uint64_t high = 0;
  uint64_t low = 0;  // both 0: none

  bool valid() const { return (high | low) != 0; }
  bool operator==(const TraceId&) const = default;
};

// What a request says of its caller.
struct TraceParent {
  TraceId trace_id = {};  // valid
  uint64_t span_id = 0;   // the caller's own; never 0
  bool sampled = false;   // whether the caller keeps its part of the trace
};

struct TraceContext {
  TraceId trace_id = {};
  uint64_t span_id = 0;         // the request's own
  uint64_t parent_span_id = 0;  // the caller's; 0: the trace begins here
  bool sampled = false;         // whether the request's spans are exported
  std::string state = {};       // the caller's `tracestate`
};

inline constexpr size_t kTraceStateBytesMax = 512;

// The value of a `traceparent` header. Versions after 00 are read as far as they agree with it.
// Absent if it is invalid in any way: the trace then begins anew.
std::optional<TraceParent> parse_traceparent(std::string_view text);

// Whether a `tracestate`, several headers joined by commas, can be passed on: it keeps to the
// grammar and is not longer than kTraceStateBytesMax.
bool valid_tracestate(std::string_view text);

// The request's own context: a new span of the parent's trace, or of a new trace. Ids are random
// as far as others can tell, without a lock or a call of the system. Thread-safe.
TraceContext begin_span(const std::optional<TraceParent>& parent, std::string_view state,
                        bool sampled);

// "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", with the request's own span.
std::string traceparent_text(const TraceContext& context);

// 32 and 16 lower-case hexadecimal digits, and back: nothing else is read, 0 included.
std::string trace_id_text(const TraceId& id);
std::string span_id_text(uint64_t id);
std::optional<TraceId> parse_trace_id(std::string_view text);
std::optional<uint64_t> parse_span_id(std::string_view text);

}  // namespace qaio
