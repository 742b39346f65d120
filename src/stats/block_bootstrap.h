// Intervals of a percentile's change that allow for disturbances: what was slow in a row is drawn
// as a whole, not request by request as if each were evidence of its own.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "stats/statistics.h"

namespace qaio {

// About sqrt(n) consecutive blocks of each sample, n the smaller count; their pairing means
// nothing. Neither sample may be empty.
std::vector<TimeBlock> consecutive_blocks(std::span<const double> a, std::span<const double> b);

struct ChangeIntervals {
  Interval difference;               // of percentile(b) - percentile(a)
  std::optional<Interval> relative;  // of percentile(b) / percentile(a) - 1; absent if a's may be 0
};

// 95 % percentile-bootstrap intervals over whole blocks. `paired`: a block's two sides were
// measured at the same time and are drawn together. Of more than 10,000 values an even sample is
// drawn from. `blocks` must not be empty, nor any side of one.
ChangeIntervals bootstrap_blocks(std::span<const TimeBlock> blocks, bool paired, double percent,
                                 Random& random);

}  // namespace qaio
