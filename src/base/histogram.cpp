#include "base/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace qaio {
namespace {

// Values below 2 * kSteps have a bucket each. Above, the top kStepBits + 1 bits choose it.
constexpr int kStepBits = 10;
constexpr uint64_t kSteps = uint64_t{1} << kStepBits;

int shift_of(uint64_t value) {
  return std::max(0, static_cast<int>(std::bit_width(value)) - (kStepBits + 1));
}

size_t bucket_of(uint64_t value) {
  const int shift = shift_of(value);
  return static_cast<size_t>(shift) * kSteps + (value >> shift);
}

// The largest value in a bucket.
uint64_t upper_end(size_t bucket) {
  if (bucket < 2 * kSteps) return bucket;
  const uint64_t shift = bucket / kSteps - 1;
  return ((bucket - shift * kSteps + 1) << shift) - 1;
}

}  // namespace

void Histogram::add(int64_t value_ns) {
  value_ns = std::max<int64_t>(value_ns, 0);
  const size_t bucket = bucket_of(static_cast<uint64_t>(value_ns));
  if (bucket >= buckets_.size()) buckets_.resize(bucket + 1);
  ++buckets_[bucket];
  min_ = count_ == 0 ? value_ns : std::min(min_, value_ns);
  max_ = std::max(max_, value_ns);
  sum_ += static_cast<double>(value_ns);
  ++count_;
}

double Histogram::mean_ns() const { return count_ == 0 ? 0 : sum_ / static_cast<double>(count_); }

int64_t Histogram::percentile_ns(double percent) const {
  if (count_ == 0) return 0;
  // Less a rounding error: 99.9 % of 1000 is not to be 999.0000000000001.
  const double wanted = std::ceil(percent * static_cast<double>(count_) / 100 - 1e-9);
  const uint64_t rank =
      std::clamp<uint64_t>(static_cast<uint64_t>(std::max(wanted, 1.0)), 1, count_);
  uint64_t seen = 0;
  for (size_t bucket = 0; bucket < buckets_.size(); ++bucket) {
    seen += buckets_[bucket];
    if (seen >= rank) return std::min(static_cast<int64_t>(upper_end(bucket)), max_);
  }
  return max_;
}

}  // namespace qaio
