// What is kept of a request: times, counts and outcomes, never the texts. Every request leaves one,
// also those that were refused, cancelled or failed.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "trace/trace.h"

namespace qaio {

struct TaskRecord {
  std::string task;
  Lane lane;
  TaskCounters counters;
  std::string finish_reason;   // "stop", "length", "scored"; empty if it failed
  std::string error_code;      // empty if it succeeded
  std::string label;           // classify only
  std::optional<float> score;  // classify only
};

struct RequestRecord {
  std::string request_id;
  std::string method;
  std::string path;  // the route ("/v1/tasks/{name}"), or the path as received when none matched
  int64_t arrived_unix_ms = 0;
  int status = 0;          // HTTP; 499: the client left before the answer
  std::string error_code;  // empty on success
  Lane lane;               // the request's own: http_read, parse, tasks, serialize, http_write
  std::vector<TaskRecord> tasks;
  int history_dropped = 0;
  int64_t cpu_ns = 0;  // CPU time of the whole process while the request was here
  int64_t resident_bytes = 0;
};

// Called once per request on its I/O thread, behind the answer; must be quick and not throw.
using RecordSink = std::function<void(const RequestRecord&)>;

}  // namespace qaio
