// What is kept of a request: times, counts and outcomes; its texts only when asked for. Every
// request leaves one, also those that were refused, cancelled or failed.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "trace/trace.h"
#include "trace/trace_context.h"

namespace qaio {

// What a generate task was asked for.
struct GenerationSettings {
  int max_new_tokens = 0;
  float temperature = 0;
  float top_p = 0;
  uint64_t seed = 0;
};

struct TaskRecord {
  std::string task;
  StageLane lane;
  TaskCounters counters;
  std::string finish_reason;   // "stop", "length", "scored"; empty if it failed
  std::string error_code;      // empty if it succeeded
  std::string label;           // classify and questions only
  std::optional<float> score;  // classify and questions only
  std::string output_text;     // what a generate task said; only with text recording
  std::string prompt_version;  // of the wording of questions about a text; empty: of other tasks
  std::optional<GenerationSettings> settings;  // generate only; in memory only
  std::string response_id;  // of the answer's body, where it is not the request's; in memory only
};

// What a browser says of a request of its own: its times since it sent it, by its clock.
struct ClientTimes {
  int64_t first_byte_ns = 0;              // of the answer
  std::optional<int64_t> first_token_ns;  // shown; absent: there was none
  int64_t last_byte_ns = 0;
  int64_t done_ns = 0;  // all of it is shown
};

struct RequestRecord {
  std::string request_id;
  TraceContext trace;  // no valid trace id: it was not kept
  std::string method;
  std::string path;     // the route ("/v1/tasks/{name}"); Router::recorded() of another path
  bool routed = false;  // whether one matched
  int64_t arrived_unix_ms = 0;
  int status = 0;          // HTTP; 499: the client left before the answer
  std::string error_code;  // empty on success
  std::string key;         // the name of the API key it came with; empty: none that is known
  StageLane lane;          // the request's own: http_read, parse, tasks, serialize, http_write
  std::vector<TaskRecord> tasks;
  int history_dropped = 0;
  int64_t input_chars = 0;     // code points of what the user said last; 0: no such request
  std::string input_text;      // the same itself; only with text recording
  int64_t input_tokens = 0;    // the same in tokens, without the template around it
  int64_t requests_ahead = 0;  // admitted to the model and not done when it asked for it
  // Of the whole process while the request was here.
  int64_t cpu_ns = 0;
  int64_t minor_faults = 0;
  int64_t major_faults = 0;
  int64_t context_switches = 0;
  int64_t resident_bytes = 0;               // at the end
  uint64_t client_token_hash = 0;           // of X-Client-Token; 0: none; in memory only
  std::optional<ClientTimes> client_times;  // come later, if ever: RecordConsumer::amend()
};

// The route by which clients say how long their requests took them.
inline constexpr std::string_view kClientTimesRoute = "/requests/{id}/client";

// Probes, lists, looks at statistics, and what clients say of earlier requests: they are no load of
// their own and kept out of the statistics.
inline bool is_safe_method(std::string_view method) { return method == "GET" || method == "HEAD"; }
inline bool only_observes(std::string_view method, std::string_view path) {
  return is_safe_method(method) || path == kClientTimesRoute;
}
inline bool only_observes(const RequestRecord& record) {
  return only_observes(record.method, record.path);
}

// Ids may be repeated, but no two requests of one begin in the same nanosecond.
inline bool same_request(const RequestRecord& a, const RequestRecord& b) {
  return a.lane.begin_ns() == b.lane.begin_ns() && a.request_id == b.request_id;
}

using RecordPtr = std::shared_ptr<const RequestRecord>;

// What is the same for all records of a process.
struct RunInfo {
  std::string version;  // of the program
  std::string model;
  std::string model_hash;  // of a sample of the model's files; docs/archive.md
  std::string isa;
  int threads = 0;
  int64_t started_unix_ms = 0;
};

}  // namespace qaio
