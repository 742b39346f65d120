#include "server/observe/stats_json.h"

#include "base/process_stats.h"
#include "base/time_units.h"

namespace qaio {
namespace {

int64_t signed_of(uint64_t count) { return static_cast<int64_t>(count); }

void write_summaries(std::span<const DurationSummary> summaries, JsonWriter& json) {
  json.begin_object();
  for (const DurationSummary& summary : summaries) {
    if (summary.count == 0) continue;
    json.key(summary.name).begin_object();
    json.key("count").integer(signed_of(summary.count));
    json.key("mean").thousandths(to_us(summary.mean_ns));
    json.key("p50").thousandths(to_us(summary.p50_ns));
    json.key("p95").thousandths(to_us(summary.p95_ns));
    json.key("p99").thousandths(to_us(summary.p99_ns));
    json.key("max").thousandths(to_us(summary.max_ns));
    json.end_object();
  }
  json.end_object();
}

void write_window(const WindowStats& window, JsonWriter& json) {
  const RequestCounts& counts = window.counts;
  json.begin_object();
  json.key("covered_s").thousandths(window.covered_ns / 1'000'000);
  json.key("requests").integer(signed_of(counts.requests));
  for (size_t i = 0; i < kOutcomeCount; ++i)
    json.key(outcome_name(static_cast<Outcome>(i))).integer(signed_of(counts.outcomes[i]));
  json.key("errors").begin_object();
  for (const auto& [code, count] : window.errors) json.key(code).integer(signed_of(count));
  json.end_object();
  json.key("usage").begin_object();
  json.key("prompt_tokens").integer(signed_of(counts.prompt_tokens));
  json.key("cached_tokens").integer(signed_of(counts.cached_tokens));
  json.key("completion_tokens").integer(signed_of(counts.completion_tokens));
  json.key("questions").integer(signed_of(counts.questions)).end_object();
  const double covered_ns = static_cast<double>(window.covered_ns);
  json.key("process").begin_object();
  json.key("cpu_usage")
      .number(covered_ns == 0 ? 0 : static_cast<double>(window.usage.cpu_ns) / covered_ns);
  json.key("minor_faults").integer(window.usage.minor_faults);
  json.key("major_faults").integer(window.usage.major_faults);
  json.key("context_switches").integer(window.usage.context_switches).end_object();
  json.key("request");
  write_summaries(window.request, json);
  json.key("tasks").begin_object();
  for (const WindowStats::Task& task : window.tasks) {
    json.key(task.name);
    write_summaries(task.times, json);
  }
  json.end_object().end_object();
}

void write_engine(const EngineState& engine, JsonWriter& json) {
  json.begin_object();
  json.key("running").integer(engine.running);
  json.key("waiting").integer(engine.waiting);
  json.key("kv_blocks_used").integer(engine.kv_blocks_used);
  json.key("kv_blocks_pinned").integer(engine.kv_blocks_pinned);
  json.key("kv_blocks_cached").integer(engine.kv_blocks_cached);
  json.key("kv_blocks_total").integer(engine.kv_blocks_total);
  if (engine.states_total > 0) {
    json.key("states_used").integer(engine.states_used);
    json.key("states_cached").integer(engine.states_cached);
    json.key("states_total").integer(engine.states_total);
  }
  json.key("steps").integer(signed_of(engine.steps));
  json.key("prompt_tokens").integer(signed_of(engine.prompt_tokens));
  json.key("cached_tokens").integer(signed_of(engine.cached_tokens));
  json.key("completion_tokens").integer(signed_of(engine.completion_tokens));
  json.key("preemptions").integer(signed_of(engine.preemptions));
  json.end_object();
}

}  // namespace

void write_stats(std::span<const WindowStats> windows, const ServerState& state, JsonWriter& json) {
  json.begin_object().key("version").string(state.run.version);
  json.key("model");
  state.engine ? json.string(state.run.model) : json.null();
  json.key("started_unix_ms").integer(state.run.started_unix_ms);
  json.key("records_dropped").integer(signed_of(state.records_dropped));
  json.key("log_lines_dropped").integer(signed_of(state.log_lines_dropped));
  json.key("archives").begin_array();
  for (const ArchiveState& archive : state.archives) {
    json.begin_object().key("archive").string(archive.kind);
    json.key("written").integer(signed_of(archive.written));
    json.key("lost").integer(signed_of(archive.lost));
    json.key("paused").boolean(archive.paused);
    json.key("waiting").integer(signed_of(archive.waiting));
    if (archive.client_times_lost)
      json.key("client_times_lost").integer(signed_of(*archive.client_times_lost));
    json.end_object();
  }
  json.end_array();
  json.key("memory_usage").thousandths(process_resident_bytes() * 1000 / (1 << 20));
  json.key("engine");
  state.engine ? write_engine(*state.engine, json) : void(json.null());
  json.key("windows").begin_object();
  for (const WindowStats& window : windows) {
    json.key(window.name);
    write_window(window, json);
  }
  json.end_object().end_object();
}

}  // namespace qaio
