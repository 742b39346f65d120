// Length against time: what a chart shows of the fits that findings are made of.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "report/findings.h"

namespace qaio {

struct LengthPoint {
  double tokens = 0;
  double ms = 0;  // without what neighbours cost
};

// Prefill against the prompt tokens it computed, or decode against the tokens it generated.
struct LengthPlot {
  struct Outlier {
    std::string request_id;
    LengthPoint at;
    double beyond_ms = 0;  // what length does not explain
  };

  std::string task;
  Stage stage = Stage::kPrefill;
  double ms_at_zero = 0;
  double ms_per_token = 0;
  double explained = 0;             // of the variation
  size_t requests = 0;              // that the line is fitted to: all, or an even sample of many
  std::vector<LengthPoint> points;  // at most kPointsMax, evenly thinned; outliers apart
  std::vector<Outlier> outliers;    // the largest first, at most kOutliersMax
  size_t outliers_all = 0;

  static constexpr size_t kPointsMax = 400;
  static constexpr size_t kOutliersMax = 20;
};

// Of every task and stage whose time follows from its length. An outlier stands in the stage with
// most of what is not explained.
std::vector<LengthPlot> length_plots(const FindingInput& input);

}  // namespace qaio
