// Percentiles of any number of durations in bounded memory.
#pragma once

#include <cstdint>
#include <vector>

namespace qaio {

// Log-linear buckets: 1,024 per power of two, so a percentile is at most 0.1 % above the exact one
// and never below it. Count, mean, smallest and largest value are exact. At most 500 KiB, used as
// values need it.
class Histogram {
 public:
  void add(int64_t value_ns);  // negative counts as 0

  uint64_t count() const { return count_; }
  // Of no values: 0.
  double mean_ns() const;
  int64_t min_ns() const { return count_ == 0 ? 0 : min_; }
  int64_t max_ns() const { return max_; }
  // Nearest rank: the smallest value that at least `percent` % of all values do not exceed.
  int64_t percentile_ns(double percent) const;

 private:
  std::vector<uint64_t> buckets_;
  uint64_t count_ = 0;
  double sum_ = 0;
  int64_t min_ = 0;
  int64_t max_ = 0;
};

}  // namespace qaio
