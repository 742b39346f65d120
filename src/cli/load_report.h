// What `qaio load` prints.
#pragma once

#include <string>

#include "load/load_run.h"

namespace qaio {

// What the figures were measured with.
struct LoadSetting {
  std::string url;
  std::string model;  // empty: the server's
  int concurrency = 0;
  std::optional<double> rate;
  uint64_t seed = 0;
  double slo_percent = 95;  // of the requests must keep the SLO
  // "exact" or "approximate" prompt lengths; "file": requests came from one.
  std::string prompt_lengths;
};

// Requests that keep the SLO, of all that were due: failed and never sent ones do not keep it.
// 100 without any.
double slo_kept_percent(const LoadReport& report);
// True without an SLO.
bool slo_met(const LoadReport& report, double slo_percent);

std::string load_table(const LoadReport& report, const LoadSetting& setting);
std::string load_json(const LoadReport& report, const LoadSetting& setting);

}  // namespace qaio
