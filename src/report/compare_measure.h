// One measure of two sides: by how much its percentiles changed, and the chance of that.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "report/compare.h"

namespace qaio {

struct MeasuredSide {
  std::span<const double> ms;  // in order of arrival
  std::function<int64_t(size_t)> arrived_unix_ms;
  std::function<std::vector<double>(size_t)> tokens;  // what explains times: prompt, generated
};

// Fills everything but the verdicts of what was tested; its p-values are not corrected yet.
// `total_mean_ms`: of A's requests, by which stages are immaterial.
MeasureComparison compare_measure(const std::string& name, MeasureKind kind, const MeasuredSide& a,
                                  const MeasuredSide& b, double total_mean_ms,
                                  const CompareOptions& options, Random& random);

}  // namespace qaio
