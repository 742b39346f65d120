// What a load came to, and what it was measured with.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/clock.h"
#include "load/api.h"
#include "load/summary.h"

namespace qaio {

struct LoadSetting {
  std::string url;
  LoadApi api = LoadApi::kQaioChat;
  std::string model;  // empty: the server's
  int concurrency = 0;
  std::optional<double> rate;
  uint64_t seed = 0;
  double slo_percent = 95;  // of the requests must keep the SLO
  // "exact" or "approximate" prompt lengths; "file": requests came from one.
  std::string prompt_lengths;
};

struct LoadReport {
  LoadSummary summary;
  TimeNs start_ns = 0;  // of the measured requests, on the clock of their samples
  int64_t started_unix_ms = 0;
  double seconds = 0;  // first measured request to the end of the last
  uint64_t warmup_succeeded = 0;
  uint64_t warmup_failed = 0;
  uint64_t never_sent = 0;  // due within the duration, but there never was a free place
  int in_flight_max = 0;
  double client_cpu = 0;     // cores that this process used meanwhile; near 1 it was the bottleneck
  bool interrupted = false;  // by SIGINT or SIGTERM: requests in flight were abandoned

  double per_second(double count) const { return count / seconds; }
  double per_second(int64_t tokens) const { return per_second(static_cast<double>(tokens)); }
  double per_second(uint64_t requests) const { return per_second(static_cast<double>(requests)); }
  // Requests that keep the SLO, of all that were due: failed and never sent ones do not keep it.
  // 100 without any.
  double slo_kept_percent() const;
  // True without an SLO.
  bool slo_met(double wanted_percent) const;
};

}  // namespace qaio
