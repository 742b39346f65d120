// Where in a series of values their level changed for good.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace qaio {

struct ChangePoint {
  size_t index = 0;   // of the first value after the change
  double before = 0;  // median of the values from the change before it
  double after = 0;   // and to the next one
  double p = 0;       // of the permutation test
};

struct ChangePointOptions {
  size_t segment_min = 15;   // values between two changes, at least
  double change_min = 0.05;  // of the medians, relative; smaller changes do not count
  double p_max = 0.01;       // larger ones may be chance
  uint64_t seed = 1;
};

// Binary segmentation: a segment is cut where the ranks before and after differ most (the largest
// standardized rank sum over all places), if random orders of its values have so large a difference
// with probability p_max at most; then both halves are examined. Ranks make outliers harmless. In
// order of index.
std::vector<ChangePoint> find_change_points(std::span<const double> values,
                                            const ChangePointOptions& options);

}  // namespace qaio
