#include "record/record_json.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <limits>
#include <optional>

#include "base/json.h"
#include "base/json_writer.h"
#include "base/new_file.h"
#include "record/record_bounds.h"
#include "record/request_times.h"
#include "trace/task_counters.h"

namespace qaio {
namespace {

namespace json = boost::json;

constexpr int64_t kCountMax = std::numeric_limits<uint32_t>::max();
constexpr size_t kTasksMax = 1024;
constexpr std::string_view kCsvBegin = "arrived,";  // as CSV archives and exports do

void write_lane(const StageLane& lane, JsonWriter& out) {
  out.key("lane").begin_object();
  out.key("begin_ns").integer(lane.begin_ns()).key("end_ns").integer(lane.end_ns());
  if (lane.dropped() > 0) out.key("dropped").integer(lane.dropped());
  out.key("stages").begin_array();
  for (size_t i = 0; i < lane.size(); ++i) {
    out.begin_array().string(stage_name(lane[i].stage));
    out.integer(lane[i].begin_ns).integer(lane[i].end_ns).end_array();
  }
  out.end_array().end_object();
}

void write_text(std::string_view name, const std::string& text, JsonWriter& out) {
  if (!text.empty()) out.key(name).string(text);
}

void write_trace(const TraceContext& trace, JsonWriter& out) {
  if (!trace.trace_id.valid()) return;
  out.key("trace").begin_object().key("trace_id").string(trace_id_text(trace.trace_id));
  out.key("span_id").string(span_id_text(trace.span_id));
  if (trace.parent_span_id != 0) {
    out.key("parent_span_id").string(span_id_text(trace.parent_span_id));
  }
  if (trace.sampled) out.key("sampled").boolean(true);
  write_text("state", trace.state, out);
  out.end_object();
}

void write_client(const RequestRecord& record, JsonWriter& out) {
  if (!record.client_times) return;
  const ClientTimes& times = *record.client_times;
  out.key("client").begin_object().key("first_byte_ns").integer(times.first_byte_ns);
  if (times.first_token_ns) out.key("first_token_ns").integer(*times.first_token_ns);
  out.key("last_byte_ns").integer(times.last_byte_ns);
  out.key("done_ns").integer(times.done_ns).end_object();
}

void write_task(const TaskRecord& task, JsonWriter& out) {
  out.begin_object().key("task").string(task.task);
  write_lane(task.lane, out);
  out.key("counters").begin_object();
  for (const TaskCounter& counter : kTaskCounters) {
    const int64_t value = counter.get(task.counters);
    if (value != 0) out.key(counter.name).integer(value);
  }
  const GapCounts& gaps = task.counters.gap_counts;
  if (std::ranges::any_of(gaps, [](uint32_t count) { return count != 0; })) {
    out.key("gap_counts").begin_array();
    for (const uint32_t count : gaps) out.integer(count);
    out.end_array();
  }
  out.end_object();
  write_text("finish_reason", task.finish_reason, out);
  write_text("error_code", task.error_code, out);
  write_text("label", task.label, out);
  if (task.score) out.key("score").number(*task.score);
  write_text("output_text", task.output_text, out);
  write_text("prompt_version", task.prompt_version, out);
  out.end_object();
}

// Reads members of one object; the first fault stays, later ones are ignored.
class Fields {
 public:
  Fields(const json::object& object, std::optional<Error>& fault)
      : object_(object), fault_(fault) {}

  void text(std::string_view name, std::string& out) const {
    const json::value* value = find(name);
    if (value == nullptr) return;
    if (!value->is_string()) return wrong(name, "must be a string");
    out = std::string_view(value->get_string());
  }
  void flag(std::string_view name, bool& out) const {
    const json::value* value = find(name);
    if (value == nullptr) return;
    if (!value->is_bool()) return wrong(name, "must be true or false");
    out = value->get_bool();
  }
  template <typename Int>
  void integer(std::string_view name, Int& out, int64_t max = kRecordIntMax,
               int64_t min = 0) const {
    const json::value* value = find(name);
    if (value == nullptr) return;
    if (const auto number = to_integer(*value); number && *number >= min && *number <= max) {
      out = static_cast<Int>(*number);
    } else {
      wrong(name, "must be an integer from " + std::to_string(min) + " to " + std::to_string(max));
    }
  }
  const json::object* object(std::string_view name) const {
    const json::value* value = find(name);
    if (value == nullptr || value->is_object()) return value ? &value->get_object() : nullptr;
    wrong(name, "must be an object");
    return nullptr;
  }
  const json::array* array(std::string_view name) const {
    const json::value* value = find(name);
    if (value == nullptr || value->is_array()) return value ? &value->get_array() : nullptr;
    wrong(name, "must be an array");
    return nullptr;
  }
  const json::value* find(std::string_view name) const { return object_.if_contains(name); }
  void wrong(std::string_view name, const std::string& what) const {
    if (!fault_) {
      fault_ = Error{ErrorCode::kInvalidArgument, "\"" + std::string(name) + "\" " + what,
                     std::string(name)};
    }
  }
  static std::optional<int64_t> to_integer(const json::value& value) {
    json::error_code ec;
    const auto number = value.to_number<int64_t>(ec);
    return ec || !value.is_number() ? std::nullopt : std::optional(number);
  }

 private:
  const json::object& object_;
  std::optional<Error>& fault_;
};

std::optional<Stage> stage_of(std::string_view name) {
  for (size_t i = 0; i < kStageCount; ++i) {
    if (stage_name(static_cast<Stage>(i)) == name) return static_cast<Stage>(i);
  }
  return std::nullopt;
}

std::optional<StageLane::Interval> interval_of(const json::value& value) {
  if (!value.is_array() || value.get_array().size() != 3 || !value.get_array()[0].is_string())
    return std::nullopt;
  const json::array& parts = value.get_array();
  const auto stage = stage_of(std::string_view(parts[0].get_string()));
  const auto begin = Fields::to_integer(parts[1]);
  const auto end = Fields::to_integer(parts[2]);
  if (!stage || !begin || !end) return std::nullopt;
  return StageLane::Interval{*stage, *begin, *end};
}

void read_lane(const Fields& owner, std::optional<Error>& fault, StageLane& lane) {
  const json::object* object = owner.object("lane");
  if (object == nullptr) return owner.wrong("lane", "is missing");
  const Fields fields(*object, fault);
  int64_t begin = 0;
  int64_t end = 0;
  int64_t dropped = 0;
  fields.integer("begin_ns", begin);
  fields.integer("end_ns", end);
  fields.integer("dropped", dropped, kLaneDroppedMax);
  lane.start(begin);
  TimeNs last = begin;
  if (const json::array* stages = fields.array("stages")) {
    if (stages->size() > StageLane::kIntervalsMax)
      return fields.wrong("stages", "has too many intervals");
    for (const json::value& value : *stages) {
      const auto interval = interval_of(value);
      if (!interval) return fields.wrong("stages", "must hold [stage, begin_ns, end_ns]");
      if (interval->begin_ns < last || interval->end_ns < interval->begin_ns ||
          interval->end_ns > end)
        return fields.wrong("stages", "must be in order, apart and inside their lane");
      lane.add(interval->stage, interval->begin_ns, interval->end_ns);
      last = interval->end_ns;
    }
  }
  if (end < begin) return fields.wrong("end_ns", "must not be before begin_ns");
  if (dropped > 0 && lane.size() < StageLane::kIntervalsMax)
    return fields.wrong("dropped", "needs a full lane");
  for (int64_t i = 0; i < dropped; ++i) lane.add(Stage::kHttpRead, last, last);
  lane.finish(end);
}

// What earlier versions wrote has fewer ranges: where they went, as the archive's migration has it.
size_t range_of(size_t range, size_t ranges) {
  constexpr size_t kSame = 19;
  constexpr auto kMoved = std::to_array<size_t>({20, 22, 23, 24, 30});
  static_assert(kMoved.back() == kGapBoundsNs.size());
  return ranges == GapCounts().size() || range < kSame ? range : kMoved[range - kSame];
}

void read_gaps(const Fields& counters, GapCounts& gaps) {
  constexpr size_t kEarlierRanges = 24;
  const json::array* array = counters.array("gap_counts");
  if (array == nullptr) return;
  if (array->size() != gaps.size() && array->size() != kEarlierRanges)
    return counters.wrong("gap_counts", "must have " + std::to_string(gaps.size()) + " elements");
  for (size_t i = 0; i < array->size(); ++i) {
    const auto count = Fields::to_integer((*array)[i]);
    if (!count || *count < 0 || *count > kCountMax)
      return counters.wrong("gap_counts", "must hold counts");
    gaps[range_of(i, array->size())] = static_cast<uint32_t>(*count);
  }
}

TaskRecord read_task(const json::value& value, std::optional<Error>& fault) {
  TaskRecord task;
  static const json::object kNone;
  const Fields fields(value.is_object() ? value.get_object() : kNone, fault);
  if (!value.is_object()) fields.wrong("tasks", "must hold objects");
  fields.text("task", task.task);
  read_lane(fields, fault, task.lane);
  if (const json::object* counters = fields.object("counters")) {
    const Fields numbers(*counters, fault);
    for (const TaskCounter& counter : kTaskCounters) {
      int64_t number = 0;
      numbers.integer(counter.name, number, std::min(counter.max, kRecordIntMax));
      counter.set(task.counters, number);
    }
    read_gaps(numbers, task.counters.gap_counts);
  }
  fields.text("finish_reason", task.finish_reason);
  fields.text("error_code", task.error_code);
  fields.text("label", task.label);
  fields.text("output_text", task.output_text);
  fields.text("prompt_version", task.prompt_version);
  if (const json::value* score = fields.find("score")) {
    if (score->is_number()) {
      task.score = static_cast<float>(score->to_number<double>());
    } else {
      fields.wrong("score", "must be a number");
    }
  }
  return task;
}

void read_trace(const Fields& fields, TraceContext& trace) {
  const auto id = [&](std::string_view name, const auto& parse, auto& out) {
    std::string text;
    fields.text(name, text);
    if (const auto value = parse(text)) {
      out = *value;
    } else {
      fields.wrong(name, "must be a lower-case hexadecimal id");
    }
  };
  id("trace_id", parse_trace_id, trace.trace_id);
  id("span_id", parse_span_id, trace.span_id);
  if (fields.find("parent_span_id") != nullptr) {
    id("parent_span_id", parse_span_id, trace.parent_span_id);
  }
  fields.flag("sampled", trace.sampled);
  fields.text("state", trace.state);
  if (!valid_tracestate(trace.state)) fields.wrong("state", "must be a tracestate");
}

ClientTimes read_client(const Fields& fields) {
  ClientTimes times;
  fields.integer("first_byte_ns", times.first_byte_ns, kClientTimeMaxNs);
  if (fields.find("first_token_ns") != nullptr) {
    fields.integer("first_token_ns", times.first_token_ns.emplace(), kClientTimeMaxNs);
  }
  fields.integer("last_byte_ns", times.last_byte_ns, kClientTimeMaxNs);
  fields.integer("done_ns", times.done_ns, kClientTimeMaxNs);
  if (!in_order(times)) fields.wrong("client", "must hold times in their order");
  return times;
}

Result<RequestRecord> read_record(const json::object& object) {
  RequestRecord record;
  std::optional<Error> fault;
  const Fields fields(object, fault);
  if (fields.find("request_id") == nullptr) fields.wrong("request_id", "is missing");
  fields.text("request_id", record.request_id);
  fields.text("method", record.method);
  fields.text("path", record.path);
  fields.flag("routed", record.routed);
  if (const json::object* trace = fields.object("trace")) {
    read_trace(Fields(*trace, fault), record.trace);
  }
  fields.integer("arrived_unix_ms", record.arrived_unix_ms, kRecordUnixMsMax);
  fields.integer("status", record.status, kRecordStatusMax);
  fields.text("error_code", record.error_code);
  fields.text("api_key", record.key);
  read_lane(fields, fault, record.lane);
  if (const json::array* tasks = fields.array("tasks")) {
    if (tasks->size() > kTasksMax) fields.wrong("tasks", "has too many elements");
    for (const json::value& task : *tasks) {
      if (fault) break;
      record.tasks.push_back(read_task(task, fault));
    }
  }
  if (const json::object* client = fields.object("client")) {
    record.client_times = read_client(Fields(*client, fault));
  }
  fields.integer("history_dropped", record.history_dropped, std::numeric_limits<int>::max());
  fields.integer("input_chars", record.input_chars);
  fields.integer("input_tokens", record.input_tokens);
  fields.integer("requests_ahead", record.requests_ahead);
  fields.text("input_text", record.input_text);
  fields.integer("cpu_ns", record.cpu_ns);
  fields.integer("minor_faults", record.minor_faults);
  fields.integer("major_faults", record.major_faults);
  fields.integer("context_switches", record.context_switches);
  fields.integer("resident_bytes", record.resident_bytes);
  if (fault) return tl::unexpected<Error>(*std::move(fault));
  return record;
}

Result<RunInfo> read_run(const json::object& line) {
  RunInfo run;
  std::optional<Error> fault;
  const json::object* object = Fields(line, fault).object("run");
  if (object != nullptr) {
    const Fields fields(*object, fault);
    fields.text("version", run.version);
    fields.text("model", run.model);
    fields.text("model_hash", run.model_hash);
    fields.text("isa", run.isa);
    fields.integer("threads", run.threads, kRecordThreadsMax);
    fields.integer("started_unix_ms", run.started_unix_ms, kRecordUnixMsMax);
  } else if (!fault) {
    fault = Error{ErrorCode::kInvalidArgument, "\"run\" is missing", "run"};
  }
  if (fault) return tl::unexpected<Error>(*std::move(fault));
  return run;
}

Result<json::object> parse_line(std::string_view text) {
  QAIO_ASSIGN(json::value value, parse_json(text, "the record"));
  if (!value.is_object()) return fail(ErrorCode::kInvalidArgument, "not a JSON object");
  return std::move(value.get_object());
}

// Of one line of a file.
Result<void> take_line(std::string_view text, RecordSelector& selector,
                       std::optional<uint32_t>& run) {
  QAIO_ASSIGN(const json::object line, parse_line(text));
  if (line.contains("run")) {
    QAIO_ASSIGN(RunInfo info, read_run(line));
    const json::value* from_start = line.if_contains("from_start");
    const bool partial = from_start != nullptr && from_start->is_bool() && !from_start->get_bool();
    run = selector.add_run(std::move(info), !partial);
    return {};
  }
  if (!run) run = selector.add_run({}, false);  // records alone: nothing is known of their process
  QAIO_ASSIGN(RequestRecord record, read_record(line));
  selector.add(std::make_shared<const RequestRecord>(std::move(record)), *run);
  return {};
}

}  // namespace

std::string run_line(const RunInfo& run, bool from_start) {
  std::string line;
  JsonWriter out(line);
  out.begin_object().key("run").begin_object();
  out.key("version").string(run.version).key("model").string(run.model);
  out.key("model_hash").string(run.model_hash).key("isa").string(run.isa);
  out.key("threads").integer(run.threads);
  out.key("started_unix_ms").integer(run.started_unix_ms).end_object();
  if (!from_start) out.key("from_start").boolean(false);
  out.end_object();
  return line + '\n';
}

std::string record_line(const RequestRecord& record) {
  std::string line;
  JsonWriter out(line);
  out.begin_object().key("request_id").string(record.request_id);
  write_trace(record.trace, out);
  out.key("method").string(record.method).key("path").string(record.path);
  if (record.routed) out.key("routed").boolean(true);
  out.key("arrived_unix_ms").integer(record.arrived_unix_ms);
  out.key("status").integer(record.status);
  write_text("error_code", record.error_code, out);
  write_text("api_key", record.key, out);
  write_lane(record.lane, out);
  out.key("tasks").begin_array();
  for (const TaskRecord& task : record.tasks) write_task(task, out);
  out.end_array();
  write_client(record, out);
  if (record.history_dropped > 0) out.key("history_dropped").integer(record.history_dropped);
  out.key("input_chars").integer(record.input_chars);
  if (record.input_tokens > 0) out.key("input_tokens").integer(record.input_tokens);
  if (record.requests_ahead > 0) out.key("requests_ahead").integer(record.requests_ahead);
  write_text("input_text", record.input_text, out);
  out.key("cpu_ns").integer(record.cpu_ns).key("minor_faults").integer(record.minor_faults);
  out.key("major_faults").integer(record.major_faults);
  out.key("context_switches").integer(record.context_switches);
  out.key("resident_bytes").integer(record.resident_bytes).end_object();
  return line + '\n';
}

Result<RequestRecord> parse_record(std::string_view text) {
  QAIO_ASSIGN(const json::object line, parse_line(text));
  return read_record(line);
}

Result<RunInfo> parse_run(std::string_view text) {
  QAIO_ASSIGN(const json::object line, parse_line(text));
  return read_run(line);
}

Result<RecordSet> RecordFile::load(const RecordSelection& selection) {
  std::ifstream file;
  if (path_ != "-") {
    errno = 0;
    file.open(path_, std::ios::binary);
    if (!file) {
      return fail(errno == ENOENT ? ErrorCode::kNotFound : ErrorCode::kIo,
                  path_ + ": " + std::strerror(errno));
    }
  }
  if (std::error_code ignored; std::filesystem::is_directory(path_, ignored)) {
    return fail(ErrorCode::kUnsupported,
                path_ +
                    ": a folder; an archive (qaio serve --archive) or JSON lines (qaio export "
                    "--format jsonl) can be read, CSV files are for spreadsheets");
  }
  std::istream& in = path_ == "-" ? std::cin : file;
  RecordSelector selector(selection);
  std::optional<uint32_t> run;
  std::string line;
  for (uint64_t number = 1; std::getline(in, line); ++number) {
    const std::string where = path_ + ": line " + std::to_string(number) + ": ";
    if (line.size() > kLineBytesMax)
      return fail(ErrorCode::kInvalidArgument, where + "longer than 8 MiB");
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    if (number == 1 && line.starts_with(kCsvBegin)) {
      return fail(ErrorCode::kUnsupported,
                  path_ +
                      ": CSV files are for spreadsheets; an archive (qaio serve --archive) and "
                      "JSON lines (qaio export --format jsonl) can be read");
    }
    if (auto taken = take_line(line, selector, run); !taken) {
      taken.error().message = where + taken.error().message;
      return tl::unexpected<Error>(std::move(taken.error()));
    }
  }
  if (in.bad()) return fail(ErrorCode::kIo, path_ + ": could not be read to its end");
  return selector.take();
}

Result<void> save_records(const RecordSet& set, const std::string& path) {
  QAIO_ASSIGN(NewFile file, NewFile::create(path));
  std::optional<uint32_t> run;
  for (const RecordSet::Item& item : set.items) {
    if (run != item.run) {
      QAIO_RETURN_IF_ERROR(file.write(run_line(set.run_of(item), set.runs[item.run].from_start)));
    }
    run = item.run;
    QAIO_RETURN_IF_ERROR(file.write(record_line(*item.record)));
  }
  return file.finish();
}

}  // namespace qaio
