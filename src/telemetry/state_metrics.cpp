#include "telemetry/state_metrics.h"

#include <string>
#include <utility>

#include "base/process_stats.h"
#include "telemetry/metric_families.h"

namespace qaio {
namespace {

void add_engine(const EngineState& engine, MetricFamilies& out) {
  out.gauge("qaio_sequences_running", "Tasks in the engine's steps.", engine.running);
  out.gauge("qaio_sequences_waiting", "Tasks that wait for their first step.", engine.waiting);
  const int held = engine.kv_blocks_used + engine.kv_blocks_pinned + engine.kv_blocks_cached;
  out.gauge("qaio_kv_blocks", "Blocks of KV memory, by what they are used for.",
            {labelled("state", "used", engine.kv_blocks_used),
             labelled("state", "pinned", engine.kv_blocks_pinned),
             labelled("state", "cached", engine.kv_blocks_cached),
             labelled("state", "free", engine.kv_blocks_total - held)});
  const double unavailable = engine.kv_blocks_used + engine.kv_blocks_pinned;
  out.gauge("qaio_kv_usage_ratio", "Share of KV memory that running tasks and pinned prompts hold.",
            engine.kv_blocks_total == 0 ? 0 : unavailable / engine.kv_blocks_total);
  if (engine.states_total > 0) {
    out.gauge("qaio_recurrent_states", "States of recurrent layers, by what they are used for.",
              {labelled("state", "used", engine.states_used),
               labelled("state", "cached", engine.states_cached),
               labelled("state", "free",
                        engine.states_total - engine.states_used - engine.states_cached)});
  }
  out.counter("qaio_engine_steps_total", "Steps of the engine.", static_cast<double>(engine.steps));
  out.counter("qaio_preemptions_total",
              "Times that a task was paused because others needed its memory or place.",
              static_cast<double>(engine.preemptions));
  out.counter("qaio_prefix_cache_queries_total",
              "Prompt tokens that were looked for in the prefix cache.",
              static_cast<double>(engine.prompt_tokens));
  out.counter("qaio_prefix_cache_hits_total", "Prompt tokens that the prefix cache held.",
              static_cast<double>(engine.cached_tokens));
}

void add_otlp(const OtlpCounts& otlp, MetricFamilies& out) {
  out.counter("qaio_otlp_spans_total", "Spans to be exported, by what became of them.",
              {labelled("outcome", "exported", otlp.spans_exported),
               labelled("outcome", "rejected", otlp.spans_rejected),
               labelled("outcome", "failed", otlp.spans_failed),
               labelled("outcome", "dropped", otlp.spans_dropped)});
  out.gauge("qaio_otlp_spans_waiting", "Spans that wait to be sent, or to be tried again.",
            static_cast<double>(otlp.spans_waiting));
  out.counter("qaio_otlp_metric_exports_total", "Exports of metrics, by what became of them.",
              {labelled("outcome", "exported", otlp.metrics_exported),
               labelled("outcome", "failed", otlp.metrics_failed)});
  out.gauge("qaio_otlp_metric_exports_waiting", "Exports of metrics that wait likewise.",
            static_cast<double>(otlp.metrics_waiting));
}

void add_archives(const std::vector<ArchiveState>& archives, MetricFamilies& out) {
  std::vector<MetricValue> written;
  std::vector<MetricValue> lost;
  std::vector<MetricValue> client_times_lost;
  std::vector<MetricValue> paused;
  std::vector<MetricValue> waiting;
  for (const ArchiveState& archive : archives) {
    written.push_back(labelled("archive", archive.kind, archive.written));
    lost.push_back(labelled("archive", archive.kind, archive.lost));
    paused.push_back(labelled("archive", archive.kind, archive.paused ? 1 : 0));
    waiting.push_back(labelled("archive", archive.kind, archive.waiting));
    if (archive.client_times_lost) {
      client_times_lost.push_back(
          labelled("archive", archive.kind, static_cast<double>(*archive.client_times_lost)));
    }
  }
  out.counter("qaio_archive_records_written_total", "Records that an archive holds or held.",
              std::move(written));
  out.counter("qaio_archive_records_lost_total",
              "Records that an archive lost: not written, or gone with its file.", std::move(lost));
  out.gauge("qaio_archive_paused", "1 while an archive cannot be written.", std::move(paused));
  out.gauge("qaio_archive_records_waiting",
            "Records that wait for an archive to be writable again.", std::move(waiting));
  out.counter("qaio_archive_client_times_lost_total",
              "Client times that an archive lost, of records that it has.",
              std::move(client_times_lost));
}

void add_connections(const ConnectionState& state, MetricFamilies& out) {
  out.gauge("qaio_http_connections", "Open connections.", state.connections);
  out.gauge("qaio_http_memory_bytes",
            "Memory that long requests being read and long answers being written hold.",
            static_cast<double>(state.memory_bytes));
  out.gauge("qaio_http_memory_max_bytes", "What they may hold; more are refused.",
            static_cast<double>(state.memory_bytes_max));
  if (!state.tls) return;
  out.counter(
      "qaio_tls_handshakes_total", "TLS handshakes of clients, by how they ended.",
      {labelled("result", "succeeded", static_cast<double>(state.tls->handshakes_succeeded)),
       labelled("result", "failed", static_cast<double>(state.tls->handshakes_failed))});
  out.gauge("qaio_tls_certificate_expiry_timestamp_seconds",
            "When the first of the server's certificates expires, Unix time.",
            static_cast<double>(state.tls->certificate_expires_unix_s));
}

void add_process(const ServerState& state, MetricFamilies& out) {
  const ProcessUsage usage = process_usage();
  const ProcessState process = process_state();
  out.counter("process_cpu_seconds_total", "CPU time of all threads.",
              static_cast<double>(usage.cpu_ns) / 1e9);
  out.gauge("process_resident_memory_bytes", "Memory in RAM.",
            static_cast<double>(process.resident_bytes));
  out.gauge("process_virtual_memory_bytes", "Address space.",
            static_cast<double>(process.virtual_bytes));
  out.gauge("process_open_fds", "Open files and sockets.", process.open_files);
  out.gauge("process_max_fds", "Most files and sockets that may be open.",
            static_cast<double>(process.open_files_max));
  out.gauge("process_start_time_seconds", "When the program started, Unix time.",
            static_cast<double>(state.run.started_unix_ms) / 1e3);
  out.counter("qaio_process_page_faults_total", "Page faults; a major one waits for the disk.",
              {labelled("kind", "minor", usage.minor_faults),
               labelled("kind", "major", usage.major_faults)});
  out.counter("qaio_process_context_switches_total", "Context switches of all threads.",
              static_cast<double>(usage.context_switches));
}

}  // namespace

std::vector<prometheus::MetricFamily> state_metrics(const ServerState& state) {
  MetricFamilies out;
  out.gauge("qaio_build_info", "Always 1; the labels say what runs.",
            std::vector<MetricValue>{{{{"version", state.run.version},
                                       {"model", state.run.model},
                                       {"isa", state.run.isa},
                                       {"threads", std::to_string(state.run.threads)}},
                                      1}});
  out.gauge("qaio_ready", "1 once the model is loaded and warm.", state.engine ? 1 : 0);
  out.counter("qaio_records_dropped_total",
              "Requests whose record was lost because observing them fell behind.",
              static_cast<double>(state.records_dropped));
  if (state.connections) add_connections(*state.connections, out);
  out.counter("qaio_log_lines_dropped_total",
              "Lines of the log that nobody read or that could not be written.",
              static_cast<double>(state.log_lines_dropped));
  if (state.otlp) add_otlp(*state.otlp, out);
  if (!state.archives.empty()) add_archives(state.archives, out);
  if (state.engine) add_engine(*state.engine, out);
  add_process(state, out);
  return out.take();
}

}  // namespace qaio
