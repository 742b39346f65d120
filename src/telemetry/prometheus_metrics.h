// What Prometheus scrapes. docs/metrics.md describes every metric.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "record/observer.h"
#include "telemetry/server_state.h"

namespace qaio {

// Counts records on the observer's thread; text() may be called from any thread at any time and
// waits for nothing but a single observation.
class PrometheusMetrics final : public RecordConsumer {
 public:
  // `thresholds_s` become edges of the histograms of durations beside the usual ones, so that the
  // share of requests within a threshold is exact.
  explicit PrometheusMetrics(const std::vector<double>& thresholds_s = {});
  ~PrometheusMetrics() override;

  void consume(std::span<const RecordPtr> records) override;
  void amend(const RecordPtr& amended) override;

  // Everything in the text exposition format 0.0.4.
  std::string text(const ServerState& state) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace qaio
