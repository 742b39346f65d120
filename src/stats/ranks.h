// The ranks of values, which tests that assume no distribution work on.
#pragma once

#include <span>
#include <vector>

namespace qaio {

struct Ranks {
  std::vector<double> of;  // each value, in the order given; from 1, equal values share their mean
  double tie_term = 0;     // sum of t^3 - t over groups of t equal values
};

Ranks ranks_of(std::span<const double> values);
// Of two samples together, a's values first.
Ranks ranks_of(std::span<const double> a, std::span<const double> b);

}  // namespace qaio
