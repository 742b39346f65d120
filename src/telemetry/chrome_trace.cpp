#include "telemetry/chrome_trace.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "base/json_writer.h"
#include "record/client_times_json.h"
#include "record/request_times.h"
#include "trace/task_counters.h"

namespace qaio {
namespace {

constexpr int kStepsTrack = 1;

// Events of one file; times come as ns since its origin and are written as us.
class Events {
 public:
  explicit Events(JsonWriter& json) : json_(json) {}

  void group_name(int pid, const std::string& name) {
    metadata("process_name", pid, 0).key("name").string(name).end_object().end_object();
    metadata("process_sort_index", pid, 0).key("sort_index").integer(pid).end_object().end_object();
  }
  void track_name(int pid, int tid, const std::string& name) {
    metadata("thread_name", pid, tid).key("name").string(name).end_object().end_object();
    metadata("thread_sort_index", pid, tid);
    json_.key("sort_index").integer(tid).end_object().end_object();
  }
  // `write_args` writes members of an object.
  template <typename WriteArgs>
  void interval(int pid, int tid, std::string_view name, std::string_view category,
                int64_t begin_ns, int64_t end_ns, const WriteArgs& write_args) {
    head("X", pid, tid, name).key("cat").string(category).key("ts").thousandths(begin_ns);
    json_.key("dur").thousandths(end_ns - begin_ns).key("args").begin_object();
    write_args(json_);
    json_.end_object().end_object();
  }
  void moment(int pid, int tid, std::string_view name, std::string_view category, int64_t at_ns) {
    head("i", pid, tid, name).key("cat").string(category).key("ts").thousandths(at_ns);
    json_.key("s").string("t").end_object();
  }

 private:
  JsonWriter& head(std::string_view phase, int pid, int tid, std::string_view name) {
    json_.begin_object().key("ph").string(phase).key("pid").integer(pid).key("tid").integer(tid);
    return json_.key("name").string(name);
  }
  JsonWriter& metadata(std::string_view name, int pid, int tid) {
    return head("M", pid, tid, name).key("args").begin_object();
  }

  JsonWriter& json_;
};

void write_text(std::string_view name, const std::string& text, JsonWriter& json) {
  if (!text.empty()) json.key(name).string(text);
}

void write_request(const RequestRecord& record, JsonWriter& json) {
  json.key("request_id").string(record.request_id);
  if (record.trace.trace_id.valid()) {
    json.key("trace_id").string(trace_id_text(record.trace.trace_id));
  }
  json.key("status").integer(record.status);
  write_text("error", record.error_code, json);
  json.key("input_chars").integer(record.input_chars);
  if (record.history_dropped > 0) json.key("history_dropped").integer(record.history_dropped);
  json.key("cpu_ms").thousandths(record.cpu_ns / 1000);
  json.key("minor_faults").integer(record.minor_faults);
  json.key("major_faults").integer(record.major_faults);
  json.key("context_switches").integer(record.context_switches);
  json.key("unattributed_ms").thousandths(record.lane.unattributed_ns() / 1000);
}

void write_questions(const TaskCounters& counters, JsonWriter& json) {
  if (counters.questions == 0) return;
  json.key("questions").integer(counters.questions);
  json.key("question_tokens").integer(counters.question_tokens);
  json.key("options").integer(counters.options);
}

void write_task(const TaskRecord& task, JsonWriter& json) {
  const TaskCounters& counters = task.counters;
  json.key("prompt_tokens").integer(counters.prompt_tokens);
  json.key("cached_tokens").integer(counters.cached_tokens);
  json.key("completion_tokens").integer(counters.completion_tokens);
  write_questions(counters, json);
  json.key("queued_ahead").integer(counters.queued_ahead);
  json.key("batch_max").integer(counters.batch_max);
  write_text("finish_reason", task.finish_reason, json);
  write_text("error", task.error_code, json);
  write_text("label", task.label, json);
  write_text("prompt_version", task.prompt_version, json);
  if (task.score) json.key("score").number(*task.score);
  json.key("unattributed_ms").thousandths(task.lane.unattributed_ns() / 1000);
}

// A request's end for its client, on the server's clock: half of what the network took was before
// its first byte, for all that one knows.
struct ClientSpan {
  TimeNs sent_ns = 0;
  TimeNs done_ns = 0;
};
std::optional<ClientSpan> client_span(const RequestRecord& record) {
  const std::optional<ClientSplit> split = client_split(record);
  if (!split) return std::nullopt;
  const TimeNs sent_ns = record.lane.begin_ns() - split->network_ns / 2;
  return ClientSpan{.sent_ns = sent_ns, .done_ns = sent_ns + record.client_times->done_ns};
}

// What the counters say of one stage.
void write_stage(Stage stage, const TaskCounters& counters, JsonWriter& json) {
  if (stage == Stage::kQueue) json.key("queued_ahead").integer(counters.queued_ahead);
  if (stage == Stage::kPrefill) {
    json.key("prompt_tokens").integer(counters.prompt_tokens);
    json.key("cached_tokens").integer(counters.cached_tokens);
    json.key("steps").integer(counters.prefill_steps);
  }
  if (stage != Stage::kDecode && stage != Stage::kScore) return;
  if (stage == Stage::kDecode) json.key("tokens").integer(counters.completion_tokens);
  if (stage == Stage::kScore) write_questions(counters, json);
  json.key("steps").integer(counters.decode_steps);
  json.key("forward_ms").thousandths(counters.forward_ns / 1000);
  json.key("sample_ms").thousandths(counters.sample_ns / 1000);
  json.key("detokenize_ms").thousandths(counters.detokenize_ns / 1000);
}

// Tracks of requests that follow one another.
struct Row {
  int pid = 0;
  TimeNs end_ns = 0;
  std::map<std::string, int> tracks;  // of lanes, by their names
};

// One process of the program: its steady clock and where its requests are drawn.
struct RunTracks {
  std::optional<int64_t> shift_ns;  // Unix time - steady clock
  std::vector<Row> rows;
};

class ChromeTrace {
 public:
  ChromeTrace(const RecordSet& set, std::span<const EngineStep> steps)
      : set_(set), steps_(steps), runs_(set.runs.size()), json_(text_), events_(json_) {}

  std::string write() {
    find_origin();
    json_.begin_object().key("displayTimeUnit").string("ms").key("otherData").begin_object();
    json_.key("origin_unix_ms").integer(origin_ns_ / 1'000'000);
    if (!set_.runs.empty()) {
      const RunInfo& run = set_.runs.back().info;
      json_.key("version").string(run.version).key("model").string(run.model);
      json_.key("isa").string(run.isa).key("threads").integer(run.threads);
    }
    json_.end_object().key("traceEvents").begin_array();
    if (!steps_.empty() && !runs_.empty()) write_steps();
    for (const RecordSet::Item& item : set_.items) write_record(*item.record, item.run);
    json_.end_array().end_object();
    text_ += '\n';
    return std::move(text_);
  }

 private:
  // One shift for all requests of a run, so that they keep their places beside one another and
  // beside the steps: wall time is known in whole ms only.
  void find_origin() {
    origin_ns_ = std::numeric_limits<int64_t>::max();
    for (const RecordSet::Item& item : set_.items) {
      const TimeNs begin_ns = item.record->lane.begin_ns();
      auto& shift_ns = runs_[item.run].shift_ns;
      if (!shift_ns) shift_ns = item.record->arrived_unix_ms * 1'000'000 - begin_ns;
      const std::optional<ClientSpan> client = client_span(*item.record);
      origin_ns_ = std::min(origin_ns_, (client ? client->sent_ns : begin_ns) + *shift_ns);
    }
    if (!steps_.empty() && !runs_.empty()) {
      if (!runs_.back().shift_ns) runs_.back().shift_ns = 0;
      origin_ns_ = std::min(origin_ns_, steps_.front().begin_ns + *runs_.back().shift_ns);
    }
    if (origin_ns_ == std::numeric_limits<int64_t>::max()) origin_ns_ = 0;
  }

  int64_t at(TimeNs time_ns, uint32_t run) const {
    return time_ns + *runs_[run].shift_ns - origin_ns_;
  }

  void write_steps() {
    const auto run = static_cast<uint32_t>(runs_.size() - 1);
    const int pid = ++groups_;
    events_.group_name(pid, "engine");
    events_.track_name(pid, kStepsTrack, "steps");
    for (const EngineStep& step : steps_) {
      events_.interval(pid, kStepsTrack, step_name(step), "step", at(step.begin_ns, run),
                       at(step.end_ns, run), [&](JsonWriter& args) {
                         args.key("sequences").integer(step.sequences);
                         args.key("prompt_tokens").integer(step.prompt_tokens);
                         args.key("cached_tokens").integer(step.cached_tokens);
                         args.key("decode_tokens").integer(step.decode_tokens);
                         args.key("forward_ms").thousandths(step.forward_ns / 1000);
                       });
    }
  }
  static std::string_view step_name(const EngineStep& step) {
    if (step.prompt_tokens == 0) return "decode";
    return step.decode_tokens == 0 ? "prefill" : "prefill + decode";
  }

  void write_record(const RequestRecord& record, uint32_t run) {
    Row& row = free_row(record, run);
    const auto time = [&](TimeNs time_ns) { return at(time_ns, run); };
    if (record.client_times) write_client_lane(record, row, run);
    int tid = track(row, "request");
    events_.interval(row.pid, tid, record.method + " " + record.path, "request",
                     time(record.lane.begin_ns()), time(record.lane.end_ns()),
                     [&](JsonWriter& args) { write_request(record, args); });
    write_stages(record.lane, row.pid, tid, run, [](Stage, JsonWriter&) {});
    for (const TaskRecord& task : record.tasks) {
      tid = track(row, "task " + task.task);
      events_.interval(row.pid, tid, task.task, "task", time(task.lane.begin_ns()),
                       time(task.lane.end_ns()), [&](JsonWriter& args) { write_task(task, args); });
      write_stages(task.lane, row.pid, tid, run,
                   [&](Stage stage, JsonWriter& args) { write_stage(stage, task.counters, args); });
      if (task.counters.first_token_ns != 0) {
        events_.moment(row.pid, tid, "first token", "token", time(task.counters.first_token_ns));
      }
    }
  }

  void write_client_lane(const RequestRecord& record, Row& row, uint32_t run) {
    const ClientTimes& times = *record.client_times;
    const int tid = track(row, "client");
    const TimeNs sent_ns = client_span(record)->sent_ns;
    const auto since_sent = [&](TimeNs time_ns) { return at(sent_ns + time_ns, run); };
    events_.interval(row.pid, tid, "client", "client", since_sent(0), since_sent(times.done_ns),
                     [&](JsonWriter& args) { write_client_times(*client_micros(record), args); });
    const auto nothing = [](JsonWriter&) {};
    events_.interval(row.pid, tid, "waiting", "client", since_sent(0),
                     since_sent(times.first_byte_ns), nothing);
    events_.interval(row.pid, tid, "receiving", "client", since_sent(times.first_byte_ns),
                     since_sent(times.last_byte_ns), nothing);
    events_.interval(row.pid, tid, "rendering", "client", since_sent(times.last_byte_ns),
                     since_sent(times.done_ns), nothing);
    if (times.first_token_ns) {
      events_.moment(row.pid, tid, "first token painted", "client",
                     since_sent(*times.first_token_ns));
    }
  }

  template <typename WriteArgs>
  void write_stages(const StageLane& lane, int pid, int tid, uint32_t run,
                    const WriteArgs& write_args) {
    for (size_t i = 0; i < lane.size(); ++i) {
      events_.interval(pid, tid, stage_name(lane[i].stage), "stage", at(lane[i].begin_ns, run),
                       at(lane[i].end_ns, run),
                       [&](JsonWriter& args) { write_args(lane[i].stage, args); });
    }
  }

  // The first whose requests are over when this one begins.
  Row& free_row(const RequestRecord& record, uint32_t run) {
    TimeNs begin_ns = record.lane.begin_ns();
    TimeNs end_ns = record.lane.end_ns();
    if (const std::optional<ClientSpan> client = client_span(record)) {
      begin_ns = client->sent_ns;
      end_ns = std::max(end_ns, client->done_ns);
    }
    for (const TaskRecord& task : record.tasks) end_ns = std::max(end_ns, task.lane.end_ns());
    std::vector<Row>& rows = runs_[run].rows;
    auto row = std::ranges::find_if(rows, [&](const Row& one) { return one.end_ns <= begin_ns; });
    if (row == rows.end()) {
      row = rows.insert(rows.end(), Row{.pid = ++groups_, .tracks = {}});
      std::string name = fmt::format("requests {}", rows.size());
      if (runs_.size() > 1) name += fmt::format(" of run {}", run + 1);
      events_.group_name(row->pid, name);
    }
    row->end_ns = end_ns;
    return *row;
  }

  int track(Row& row, const std::string& name) {
    const auto [found, added] = row.tracks.emplace(name, static_cast<int>(row.tracks.size()) + 1);
    if (added) events_.track_name(row.pid, found->second, name);
    return found->second;
  }

  const RecordSet& set_;
  const std::span<const EngineStep> steps_;
  std::vector<RunTracks> runs_;
  int64_t origin_ns_ = 0;  // Unix time
  int groups_ = 0;
  std::string text_;
  JsonWriter json_;
  Events events_;
};

}  // namespace

std::string chrome_trace(const RecordSet& set, std::span<const EngineStep> steps) {
  return ChromeTrace(set, steps).write();
}

}  // namespace qaio
