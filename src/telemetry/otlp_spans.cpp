#include "telemetry/otlp_spans.h"

#include <optional>
#include <string_view>

#include "base/json_writer.h"
#include "base/random.h"
#include "record/outcome.h"
#include "telemetry/otlp_genai.h"
#include "telemetry/otlp_json.h"
#include "trace/task_counters.h"

namespace qaio {
namespace {

// Numbers of the protocol.
constexpr int kKindInternal = 1;
constexpr int kKindServer = 2;
constexpr int kStatusError = 2;
constexpr int kFlagSampled = 1;
constexpr int kFlagHasIsRemote = 0x100;
constexpr int kFlagIsRemote = 0x200;  // the parent

class SpanWriter {
 public:
  SpanWriter(const RequestRecord& record, const OtlpServer& server)
      : record_(record), trace_(record.trace), server_(server), json_(spans_.json) {}

  OtlpSpans write() {
    write_request();
    const uint64_t tasks_span = write_stages(record_.lane, trace_.span_id, Stage::kTasks);
    for (const TaskRecord& task : record_.tasks) {
      const bool inside = tasks_span != 0 && task.lane.begin_ns() >= tasks_begin_ns_ &&
                          task.lane.end_ns() <= tasks_end_ns_;
      write_task(task, inside ? tasks_span : trace_.span_id);
    }
    return std::move(spans_);
  }

 private:
  std::string unix_ns(TimeNs time_ns) const {
    return std::to_string(record_.arrived_unix_ms * 1'000'000 +
                          (time_ns - record_.lane.begin_ns()));
  }

  // Begins a span object; end() ends it.
  void begin(uint64_t span_id, uint64_t parent_id, std::string_view name, int kind, TimeNs begin_ns,
             TimeNs end_ns) {
    ++spans_.count;
    const bool remote = span_id == trace_.span_id && parent_id != 0;
    json_.begin_object().key("traceId").string(trace_id_text(trace_.trace_id));
    json_.key("spanId").string(span_id_text(span_id));
    if (parent_id != 0) json_.key("parentSpanId").string(span_id_text(parent_id));
    if (!trace_.state.empty()) json_.key("traceState").string(trace_.state);
    json_.key("flags").integer((trace_.sampled ? kFlagSampled : 0) | kFlagHasIsRemote |
                               (remote ? kFlagIsRemote : 0));
    json_.key("name").string(name).key("kind").integer(kind);
    json_.key("startTimeUnixNano").string(unix_ns(begin_ns));
    json_.key("endTimeUnixNano").string(unix_ns(end_ns));
  }
  void end(bool failed) {
    if (failed) json_.key("status").begin_object().key("code").integer(kStatusError).end_object();
    json_.end_object();
  }
  // Of a span within this request: follows from the request's own.
  uint64_t child_id() {
    const uint64_t id = Random::mixed(trace_.span_id + spans_.count);
    return id == 0 ? 1 : id;
  }

  void write_request() {
    const std::string_view method = http_method(record_);
    const std::string_view error = http_error_type(record_);
    std::string name(method == "_OTHER" ? "HTTP" : method);
    if (record_.routed) name += " " + record_.path;
    begin(trace_.span_id, trace_.parent_span_id, name, kKindServer, record_.lane.begin_ns(),
          record_.lane.end_ns());
    json_.key("attributes");
    {
      OtlpAttributes out(json_);
      out.text("http.request.method", method);
      if (method != record_.method) out.text("http.request.method_original", record_.method);
      out.text("url.scheme", "http");
      out.text("server.address", server_.address);
      if (server_.port > 0) out.integer("server.port", server_.port);
      // The route of a path with a parameter does not tell it, nor what is kept of an unknown one.
      if (record_.path.find_first_of("{*") == std::string::npos) {
        out.text("url.path", record_.path);
      }
      if (record_.routed) out.text("http.route", record_.path);
      if (record_.status != kClientClosedRequest) {
        out.integer("http.response.status_code", record_.status);
      }
      out.text("error.type", error);
      out.text("qaio.request.id", record_.request_id);
      out.text("qaio.error.code", record_.error_code);
      out.integer("qaio.input.chars", record_.input_chars);
      out.integer("qaio.input.tokens", record_.input_tokens);
      out.integer("qaio.requests_ahead", record_.requests_ahead);
      out.integer("qaio.history.dropped", record_.history_dropped);
      out.real("qaio.unattributed", to_seconds(record_.lane.unattributed_ns()));
      out.real("qaio.process.cpu_time", to_seconds(record_.cpu_ns));
      out.integer("qaio.process.minor_faults", record_.minor_faults);
      out.integer("qaio.process.major_faults", record_.major_faults);
      out.integer("qaio.process.context_switches", record_.context_switches);
      out.integer("qaio.process.resident_bytes", record_.resident_bytes);
    }
    end(!error.empty());
  }

  // A span for each interval; the id of the last one of stage `wanted`, 0 without.
  uint64_t write_stages(const StageLane& lane, uint64_t parent_id,
                        std::optional<Stage> wanted = std::nullopt) {
    uint64_t found = 0;
    for (size_t i = 0; i < lane.size(); ++i) {
      const uint64_t id = child_id();
      begin(id, parent_id, stage_name(lane[i].stage), kKindInternal, lane[i].begin_ns,
            lane[i].end_ns);
      end(false);
      if (lane[i].stage != wanted) continue;
      found = id;
      tasks_begin_ns_ = lane[i].begin_ns;
      tasks_end_ns_ = lane[i].end_ns;
    }
    return found;
  }

  void write_task(const TaskRecord& task, uint64_t parent_id) {
    const uint64_t id = child_id();
    const std::string_view operation = genai_operation(task);
    std::string name(operation);
    if (!server_.model.empty()) name += " " + server_.model;
    begin(id, parent_id, name, kKindInternal, task.lane.begin_ns(), task.lane.end_ns());
    json_.key("attributes");
    write_task_attributes(task, operation);
    if (task.counters.first_token_ns != 0) {
      json_.key("events").begin_array().begin_object();
      json_.key("timeUnixNano").string(unix_ns(task.counters.first_token_ns));
      json_.key("name").string("qaio.first_token").end_object().end_array();
    }
    end(!task.error_code.empty());
    write_stages(task.lane, id);
  }

  void write_task_attributes(const TaskRecord& task, std::string_view operation) {
    const TaskCounters& counters = task.counters;
    OtlpAttributes out(json_);
    out.text("gen_ai.operation.name", operation);
    out.text("gen_ai.provider.name", kGenAiProvider);
    out.text("gen_ai.request.model", server_.model);
    out.text("gen_ai.response.model", server_.model);
    if (task.settings) {
      out.integer("gen_ai.request.max_tokens", task.settings->max_new_tokens);
      out.real("gen_ai.request.temperature", task.settings->temperature);
      out.real("gen_ai.request.top_p", task.settings->top_p);
      // An attribute's integer is signed; the bits are the same.
      out.integer("gen_ai.request.seed", static_cast<int64_t>(task.settings->seed));
    }
    if (task.error_code.empty()) {
      out.text("gen_ai.response.id",
               task.response_id.empty() ? record_.request_id : task.response_id);
    }
    if (!task.finish_reason.empty()) {
      out.texts("gen_ai.response.finish_reasons", {task.finish_reason});
    }
    out.integer("gen_ai.usage.input_tokens", all_prompt_tokens(counters));
    out.integer("gen_ai.usage.output_tokens", counters.completion_tokens);
    out.integer("gen_ai.usage.cache_read.input_tokens", counters.cached_tokens);
    if (!record_.input_text.empty()) {
      out.text("gen_ai.input.messages", message("user", record_.input_text, {}));
    }
    if (!task.output_text.empty()) {
      // The latest conventions tell the reason as an attribute alone.
      const bool tell_reason = server_.genai == GenAiConventions::k1_41;
      out.text("gen_ai.output.messages",
               message("assistant", task.output_text,
                       tell_reason ? std::string_view(task.finish_reason) : std::string_view()));
    }
    out.text("error.type", task.error_code);
    out.text("qaio.task", task.task);
    out.text("qaio.label", task.label);
    if (task.score) out.real("qaio.score", *task.score);
    if (counters.questions > 0) {
      out.integer("qaio.questions", counters.questions);
      out.integer("qaio.question_tokens", counters.question_tokens);
      out.integer("qaio.options", counters.options);
    }
    out.text("qaio.prompt_version", task.prompt_version);
    out.integer("qaio.queued_ahead", counters.queued_ahead);
    out.integer("qaio.prefill.steps", counters.prefill_steps);
    out.integer("qaio.decode.steps", counters.decode_steps);
    out.integer("qaio.batch.max", counters.batch_max);
    if (const uint32_t steps = counters.prefill_steps + counters.decode_steps; steps > 0) {
      out.real("qaio.batch.mean", static_cast<double>(counters.batch_sum) / steps);
    }
    if (counters.first_token_ns != 0) {
      out.real("qaio.time_to_first_token",
               to_seconds(counters.first_token_ns - record_.lane.begin_ns()));
    }
    out.real("qaio.forward_time", to_seconds(counters.forward_ns));
    out.real("qaio.sample_time", to_seconds(counters.sample_ns));
    out.real("qaio.unattributed", to_seconds(task.lane.unattributed_ns()));
  }

  // One message as the conventions' JSON schema has it, in a text.
  static std::string message(std::string_view role, std::string_view text,
                             std::string_view finish_reason) {
    std::string out;
    JsonWriter json(out);
    json.begin_array().begin_object().key("role").string(role).key("parts").begin_array();
    json.begin_object().key("type").string("text").key("content").string(text).end_object();
    json.end_array();
    if (!finish_reason.empty()) json.key("finish_reason").string(finish_reason);
    json.end_object().end_array();
    return out;
  }

  const RequestRecord& record_;
  const TraceContext& trace_;
  const OtlpServer& server_;
  OtlpSpans spans_;
  JsonWriter json_;
  TimeNs tasks_begin_ns_ = 0;  // of the last stage `tasks`
  TimeNs tasks_end_ns_ = 0;
};

}  // namespace

OtlpSpans otlp_spans(const RequestRecord& record, const OtlpServer& server) {
  return SpanWriter(record, server).write();
}

}  // namespace qaio
