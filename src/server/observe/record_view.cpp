#include "server/observe/record_view.h"

#include "base/time_units.h"
#include "record/client_times_json.h"
#include "record/rounded_times.h"
#include "server/observe/breakdown.h"
#include "trace/task_counters.h"

namespace qaio {
namespace {

std::string ms_name(const TaskCounter& counter) {
  constexpr std::string_view kNs = "ns";
  return std::string(counter.name.substr(0, counter.name.size() - kNs.size())) + "ms";
}

void write_text_or_null(std::string_view name, const std::string& text, JsonWriter& json) {
  json.key(name);
  text.empty() ? json.null() : json.string(text);
}

// Archives do not keep it.
void write_trace(const TraceContext& trace, JsonWriter& json) {
  json.key("trace");
  if (trace.span_id == 0) {
    json.null();
    return;
  }
  json.begin_object().key("trace_id").string(trace_id_text(trace.trace_id));
  json.key("span_id").string(span_id_text(trace.span_id)).key("parent_span_id");
  trace.parent_span_id == 0 ? json.null() : json.string(span_id_text(trace.parent_span_id));
  json.key("sampled").boolean(trace.sampled).end_object();
}

// Relative to `origin_ns`, the request's first byte.
void write_lane(std::string_view name, const StageLane& lane, TimeNs origin_ns, JsonWriter& json) {
  const auto since_origin = [&](TimeNs time_ns) { return to_us(time_ns - origin_ns); };
  json.begin_object().key("lane").string(name);
  json.key("begin_ms").thousandths(since_origin(lane.begin_ns()));
  json.key("end_ms").thousandths(since_origin(lane.end_ns()));
  json.key("intervals").begin_array();
  for (size_t i = 0; i < lane.size(); ++i) {
    json.begin_object().key("stage").string(stage_name(lane[i].stage));
    json.key("begin_ms").thousandths(since_origin(lane[i].begin_ns));
    json.key("end_ms").thousandths(since_origin(lane[i].end_ns)).end_object();
  }
  json.end_array();
  json.key("dropped_intervals").integer(lane.dropped()).end_object();
}

// Times in ms. Moments are relative to the request's first byte; null: it never came to that.
void write_counters(const TaskCounters& counters, TimeNs origin_ns, JsonWriter& json) {
  json.begin_object();
  for (const TaskCounter& counter : kTaskCounters) {
    const int64_t value = counter.get(counters);
    if (counter.unit == CounterUnit::kCount) {
      json.key(counter.name).integer(value);
      continue;
    }
    const bool moment = counter.unit == CounterUnit::kMoment;
    json.key(ms_name(counter));
    moment&& value == 0 ? json.null() : json.thousandths(to_us(moment ? value - origin_ns : value));
  }
  json.end_object();
}

void write_task(const TaskRecord& task, TimeNs origin_ns, JsonWriter& json) {
  json.begin_object().key("task").string(task.task);
  write_text_or_null("finish_reason", task.finish_reason, json);
  write_text_or_null("error", task.error_code, json);
  write_text_or_null("label", task.label, json);
  json.key("score");
  task.score ? json.number(*task.score) : json.null();
  write_text_or_null("prompt_version", task.prompt_version, json);
  json.key("counters");
  write_counters(task.counters, origin_ns, json);
  json.end_object();
}

void write_client(const RequestRecord& record, JsonWriter& json) {
  json.key("client");
  const std::optional<ClientMicros> client = client_micros(record);
  if (!client) {
    json.null();
    return;
  }
  json.begin_object();
  write_client_times(*client, json);
  json.end_object();
}

}  // namespace

void write_record_view(const RequestRecord& record, JsonWriter& json,
                       std::optional<uint64_t> same_id) {
  const TimeNs origin_ns = record.lane.begin_ns();
  json.begin_object().key("request_id").string(record.request_id);
  write_trace(record.trace, json);
  json.key("method").string(record.method);
  json.key("path").string(record.path);
  json.key("arrived_unix_ms").integer(record.arrived_unix_ms);
  json.key("status").integer(record.status);
  write_text_or_null("error", record.error_code, json);
  write_text_or_null("api_key", record.key, json);
  json.key("input_chars").integer(record.input_chars);
  json.key("input_tokens").integer(record.input_tokens);
  json.key("requests_ahead").integer(record.requests_ahead);
  json.key("history_dropped").integer(record.history_dropped);
  write_times(record, make_breakdown(record), json);
  write_client(record, json);
  json.key("process").begin_object();
  json.key("cpu_ms").thousandths(to_us(record.cpu_ns));
  json.key("minor_faults").integer(record.minor_faults);
  json.key("major_faults").integer(record.major_faults);
  json.key("context_switches").integer(record.context_switches).end_object();
  json.key("tasks").begin_array();
  for (const TaskRecord& task : record.tasks) write_task(task, origin_ns, json);
  json.end_array().key("lanes").begin_array();
  write_lane("request", record.lane, origin_ns, json);
  for (const TaskRecord& task : record.tasks) write_lane(task.task, task.lane, origin_ns, json);
  json.end_array();
  if (same_id) json.key("same_id").integer(static_cast<int64_t>(*same_id));
  json.end_object();
}

}  // namespace qaio
