// What Prometheus scrapes. docs/metrics.md describes every metric.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "observe/observer.h"
#include "observe/otlp_counts.h"
#include "observe/sla_action.h"
#include "observe/sla_status.h"

namespace qaio {

// What the engine is doing, as Engine::load() has it; filled by who knows the engine.
struct EngineState {
  int waiting = 0;
  int running = 0;
  int kv_blocks_used = 0;
  int kv_blocks_pinned = 0;
  int kv_blocks_cached = 0;
  int kv_blocks_total = 0;
  // Since the start.
  uint64_t steps = 0;
  uint64_t prompt_tokens = 0;  // looked for in the prefix cache
  uint64_t cached_tokens = 0;  // found there
  uint64_t completion_tokens = 0;
};

// Of one archive since the start.
struct ArchiveState {
  std::string kind;  // "sqlite", "csv"
  uint64_t written = 0;
  uint64_t lost = 0;  // while it could not write
};

// What holds at this moment and is in no record.
struct ServerState {
  std::optional<EngineState> engine;  // absent until the model is ready
  RunInfo run;                        // model, ISA and threads are empty until then
  uint64_t records_dropped = 0;
  std::optional<OtlpCounts> otlp = {};  // absent: nothing is exported
  std::vector<ArchiveState> archives = {};
  std::vector<SlaStatus> sla = {};
  std::vector<SlaActionCounts> sla_actions = {};
};

// Counts records on the observer's thread; text() may be called from any thread at any time and
// waits for nothing but a single observation.
class PrometheusMetrics final : public RecordConsumer {
 public:
  // `thresholds_s` become edges of the histograms of durations beside the usual ones, so that the
  // share of requests within a threshold is exact.
  explicit PrometheusMetrics(const std::vector<double>& thresholds_s = {});
  ~PrometheusMetrics() override;

  void consume(std::span<const RecordPtr> records) override;

  // Everything in the text exposition format 0.0.4.
  std::string text(const ServerState& state) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace qaio
