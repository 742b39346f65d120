// Runs a load: keeps requests in flight, in a closed loop or by a schedule, and measures them.
#pragma once

#include <chrono>
#include <functional>
#include <optional>

#include "load/http_call.h"
#include "load/load_report.h"
#include "load/workload.h"

namespace qaio {

struct LoadRunOptions {
  // Requests in flight at most. In a closed loop always so many: the next one starts when one ends.
  int concurrency = 8;
  // Requests per second of an open loop: Poisson arrivals that do not wait for answers. One that
  // finds no free place is sent late, and its times begin when it was due.
  std::optional<double> rate;
  uint64_t warmup = 0;            // requests in a closed loop before the measured ones
  std::optional<uint64_t> count;  // measured requests at most
  std::optional<std::chrono::nanoseconds>
      duration;                        // no request begins later; those running finish
  std::chrono::nanoseconds timeout{};  // of each request, from when it is sent
  uint64_t seed = 0;
  Slo slo;
};

struct LoadProgress {
  double fraction = 0;
  bool warming_up = false;
  uint64_t succeeded = 0;
  uint64_t failed = 0;
  int in_flight = 0;
  double output_tok_s = 0;  // so far, of answers that are complete
  double questions_s = 0;   // likewise
};

// Everything passed outlives the call, which blocks and uses this thread only. While it runs,
// SIGINT and SIGTERM end it early; a second signal has its usual effect.
LoadReport run_load(const LoadRunOptions& options, const Target& target, const Transport& transport,
                    const Workload& workload,
                    const std::function<void(const LoadProgress&)>& on_progress);

}  // namespace qaio
