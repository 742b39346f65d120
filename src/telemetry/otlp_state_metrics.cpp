#include "telemetry/otlp_state_metrics.h"

#include <initializer_list>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/process_stats.h"
#include "telemetry/otlp_json.h"
#include "telemetry/otlp_points.h"

namespace qaio {
namespace {

using Pair = std::pair<std::string_view, std::string_view>;

std::string attributes(std::initializer_list<Pair> pairs) {
  std::string text;
  JsonWriter json(text);
  OtlpAttributes out(json);
  for (const auto& [name, value] : pairs) out.text(name, value);
  return text;
}

template <typename Number>
OtlpPoint point(Number value, std::initializer_list<Pair> pairs = {}) {
  if constexpr (std::is_floating_point_v<Number>) return {attributes(pairs), double{value}};
  return {attributes(pairs), static_cast<int64_t>(value)};
}

class Writer {
 public:
  Writer(int64_t start_unix_ns, int64_t now_unix_ns)
      : start_unix_ns_(start_unix_ns), now_unix_ns_(now_unix_ns) {}

  void metric(const OtlpMetricHead& head, const std::vector<OtlpPoint>& points) {
    if (!out_.empty()) out_ += ',';
    write_otlp_metric(head, points, start_unix_ns_, now_unix_ns_, out_);
  }
  std::string take() { return std::move(out_); }

 private:
  const int64_t start_unix_ns_;
  const int64_t now_unix_ns_;
  std::string out_;
};

void add_engine(const EngineState& engine, Writer& out) {
  out.metric({"qaio.sequences", "{sequence}", "Tasks in the engine, by whether they compute.",
              OtlpKind::kUpDownCounter},
             {point(engine.running, {{"qaio.state", "running"}}),
              point(engine.waiting, {{"qaio.state", "waiting"}})});
  const int unavailable = engine.kv_blocks_used + engine.kv_blocks_pinned;
  const int free = engine.kv_blocks_total - unavailable - engine.kv_blocks_cached;
  out.metric({"qaio.kv_cache.blocks", "{block}", "Blocks of KV memory, by what they are used for.",
              OtlpKind::kUpDownCounter},
             {point(engine.kv_blocks_used, {{"qaio.state", "used"}}),
              point(engine.kv_blocks_pinned, {{"qaio.state", "pinned"}}),
              point(engine.kv_blocks_cached, {{"qaio.state", "cached"}}),
              point(free, {{"qaio.state", "free"}})});
  out.metric({"qaio.kv_cache.utilization", "1",
              "Share of KV memory that running tasks and pinned prompts hold.", OtlpKind::kGauge},
             {point(engine.kv_blocks_total == 0
                        ? 0.0
                        : static_cast<double>(unavailable) / engine.kv_blocks_total)});
  if (engine.states_total > 0) {
    out.metric({"qaio.recurrent.states", "{state}",
                "States of recurrent layers, by what they are used for.", OtlpKind::kUpDownCounter},
               {point(engine.states_used, {{"qaio.state", "used"}}),
                point(engine.states_cached, {{"qaio.state", "cached"}}),
                point(engine.states_total - engine.states_used - engine.states_cached,
                      {{"qaio.state", "free"}})});
  }
  out.metric({"qaio.engine.steps", "{step}", "Steps of the engine.", OtlpKind::kCounter},
             {point(engine.steps)});
}

void add_losses(const ServerState& state, Writer& out) {
  out.metric(
      {"qaio.dropped_records", "{record}",
       "Requests whose record was lost because observing them fell behind.", OtlpKind::kCounter},
      {point(state.records_dropped)});
  out.metric(
      {"qaio.dropped_log_lines", "{line}",
       "Lines of the log that nobody read or that could not be written.", OtlpKind::kCounter},
      {point(state.log_lines_dropped)});
  if (state.archives.empty()) return;
  std::vector<OtlpPoint> points;
  for (const ArchiveState& archive : state.archives) {
    points.push_back(
        point(archive.written, {{"qaio.archive", archive.kind}, {"qaio.outcome", "written"}}));
    points.push_back(
        point(archive.lost, {{"qaio.archive", archive.kind}, {"qaio.outcome", "lost"}}));
  }
  out.metric({"qaio.archived_records", "{record}",
              "Records for the archives, by what became of them.", OtlpKind::kCounter},
             points);
  std::vector<OtlpPoint> waiting;
  for (const ArchiveState& archive : state.archives)
    waiting.push_back(point(archive.waiting, {{"qaio.archive", archive.kind}}));
  out.metric({"qaio.waiting_archive_records", "{record}",
              "Records that wait for an archive to be writable again.", OtlpKind::kUpDownCounter},
             waiting);
}

void add_process(Writer& out) {
  const CpuTime cpu = process_cpu_time();
  const ProcessUsage usage = process_usage();
  const ProcessState process = process_state();
  out.metric(
      {"process.cpu.time", "s", "CPU time of all threads.", OtlpKind::kCounter},
      {point(cpu.user_s, {{"cpu.mode", "user"}}), point(cpu.system_s, {{"cpu.mode", "system"}})});
  out.metric({"process.memory.usage", "By", "Memory in RAM.", OtlpKind::kUpDownCounter},
             {point(process.resident_bytes)});
  out.metric({"process.memory.virtual", "By", "Address space.", OtlpKind::kUpDownCounter},
             {point(process.virtual_bytes)});
  out.metric({"process.paging.faults", "{fault}", "Page faults; a major one waits for the disk.",
              OtlpKind::kCounter},
             {point(usage.minor_faults, {{"system.paging.fault.type", "minor"}}),
              point(usage.major_faults, {{"system.paging.fault.type", "major"}})});
}

}  // namespace

std::string otlp_state_metrics(const ServerState& state, int64_t start_unix_ns,
                               int64_t now_unix_ns) {
  Writer out(start_unix_ns, now_unix_ns);
  if (state.engine) add_engine(*state.engine, out);
  add_losses(state, out);
  add_process(out);
  return out.take();
}

}  // namespace qaio
