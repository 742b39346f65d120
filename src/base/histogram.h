// Percentiles of any number of durations in bounded memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace qaio {

// Log-linear buckets: so many per power of two, by the precision. A percentile is never below the
// exact one and at most one part in that many above it. Count, mean, smallest and largest value
// are exact.
//
// Memory is 8 bytes per bucket that holds a value (twice that while growing). Durations from 1 ms
// to 1 s, for instance, cover 10 powers of two: 10 KiB at most when coarse, 80 KiB when fine.
class Histogram {
 public:
  enum class Precision : uint8_t {
    kFine = 10,   // 1,024 buckets per power of two: 0.1 %
    kCoarse = 7,  // 128: 0.8 %
  };
  explicit Histogram(Precision precision = Precision::kFine)
      : step_bits_(static_cast<int>(precision)) {}

  void add(int64_t value_ns);  // negative counts as 0
  // As if every value of `other`, which has the same precision, had been added here.
  void merge(const Histogram& other);

  uint64_t count() const { return count_; }
  // Of no values: 0.
  double mean_ns() const;
  int64_t min_ns() const { return count_ == 0 ? 0 : min_; }
  int64_t max_ns() const { return max_; }
  // Nearest rank: the smallest value that at least `percent` % of all values do not exceed.
  int64_t percentile_ns(double percent) const;

  size_t memory_bytes() const { return buckets_.capacity() * sizeof(Bucket); }

 private:
  struct Bucket {
    uint64_t index : 16;
    uint64_t count : 48;
  };

  int step_bits_;
  std::vector<Bucket> buckets_;  // by index; only those that hold something
  uint64_t count_ = 0;
  double sum_ = 0;
  int64_t min_ = 0;
  int64_t max_ = 0;
};

}  // namespace qaio
