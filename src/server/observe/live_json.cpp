#include "server/observe/live_json.h"

#include <string_view>

namespace qaio {
namespace {

int64_t signed_of(uint64_t count) { return static_cast<int64_t>(count); }

void write_percentiles(const LiveTimes& times, JsonWriter& json) {
  json.key("count").integer(times.count);
  json.key("p50").number(times.p50_ms);
  json.key("p95").number(times.p95_ms);
  json.key("p99").number(times.p99_ms);
  json.key("max").number(times.max_ms);
}

void write_times(std::string_view name, const LiveTimes& times, JsonWriter& json) {
  if (times.count == 0) return;
  json.key(name).begin_object();
  write_percentiles(times, json);
  json.end_object();
}

void write_stages(const LiveStages& stages, JsonWriter& json) {
  json.key("stages").begin_object();
  for (size_t i = 0; i < kStageCount; ++i) {
    if (stages.mean_ms[i] > 0)
      json.key(stage_name(static_cast<Stage>(i))).number(stages.mean_ms[i]);
  }
  json.key("unattributed").number(stages.unattributed_ms).end_object();
}

void write_requests(const LivePoint& point, JsonWriter& json) {
  json.key("requests").integer(signed_of(point.counts.requests));
  for (size_t i = 0; i < kOutcomeCount; ++i)
    json.key(outcome_name(static_cast<Outcome>(i))).integer(signed_of(point.counts.outcomes[i]));
  json.key("prompt_tokens").integer(signed_of(point.counts.prompt_tokens));
  json.key("cached_tokens").integer(signed_of(point.counts.cached_tokens));
  json.key("completion_tokens").integer(signed_of(point.counts.completion_tokens));
  json.key("questions").integer(signed_of(point.counts.questions));
}

void write_server(const LivePoint& point, JsonWriter& json) {
  if (point.engine) {
    json.key("running").integer(point.engine->running);
    json.key("waiting").integer(point.engine->waiting);
    json.key("kv_blocks_used").integer(point.engine->kv_blocks_used);
    json.key("kv_blocks_pinned").integer(point.engine->kv_blocks_pinned);
    json.key("kv_blocks_cached").integer(point.engine->kv_blocks_cached);
    json.key("kv_blocks_total").integer(point.engine->kv_blocks_total);
    if (point.engine->states_total > 0) {
      json.key("states_used").integer(point.engine->states_used);
      json.key("states_cached").integer(point.engine->states_cached);
      json.key("states_total").integer(point.engine->states_total);
    }
  }
  json.key("cpu_cores").number(point.cpu_cores);
  json.key("resident_mib").number(point.resident_mib);
  json.key("records_dropped").integer(signed_of(point.records_dropped));
  json.key("dropped_total").integer(signed_of(point.dropped_total));
  json.key("lost_total").integer(signed_of(point.lost_total));
}

}  // namespace

void write_live_point(const LivePoint& point, int64_t end_unix_ms, JsonWriter& json) {
  json.begin_object().key("t").integer(end_unix_ms);
  json.key("s").number(static_cast<double>(point.covered_ns) / 1e9);
  write_requests(point, json);
  write_times("total", point.total, json);
  write_times("ttft", point.ttft, json);
  write_times("tpot", point.tpot, json);
  if (point.total.count > 0) write_stages(point.stages, json);
  json.key("heat").begin_array();
  for (const HeatCell& cell : point.heat)
    json.begin_array().integer(cell.range).integer(cell.count).end_array();
  json.end_array().key("tasks").begin_object();
  for (const LiveTask& task : point.tasks) {
    json.key(task.name).begin_object();
    write_percentiles(task.total, json);
    write_stages(task.stages, json);
    json.end_object();
  }
  json.end_object();
  if (point.clients.count > 0) {
    json.key("client").begin_object().key("count").integer(point.clients.count);
    json.key("network").number(point.clients.network_ms);
    json.key("rendering").number(point.clients.rendering_ms).end_object();
  }
  write_server(point, json);
  json.end_object();
}

void write_heat_bounds(JsonWriter& json) {
  json.begin_array();
  for (const int64_t bound_ns : heat_bounds_ns()) json.number(static_cast<double>(bound_ns) / 1e6);
  json.end_array();
}

}  // namespace qaio
