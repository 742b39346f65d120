#include "base/histogram.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cmath>
#include <iterator>

namespace qaio {
namespace {

// With s = 2^step_bits: values below 2 * s have a bucket each. Above, the top step_bits + 1 bits of
// a value choose it. The last is (63 - step_bits) * s + s - 1 + s: below 2^16 up to step_bits = 10.
uint64_t bucket_of(uint64_t value, int step_bits) {
  const int shift = std::max(0, static_cast<int>(std::bit_width(value)) - (step_bits + 1));
  return (static_cast<uint64_t>(shift) << step_bits) + (value >> shift);
}

// The largest value in a bucket.
uint64_t upper_end(uint64_t bucket, int step_bits) {
  const uint64_t steps = uint64_t{1} << step_bits;
  if (bucket < 2 * steps) return bucket;
  const uint64_t shift = bucket / steps - 1;
  return ((bucket - shift * steps + 1) << shift) - 1;
}

}  // namespace

void Histogram::add(int64_t value_ns) {
  value_ns = std::max<int64_t>(value_ns, 0);
  const uint64_t index = bucket_of(static_cast<uint64_t>(value_ns), step_bits_);
  const auto at = std::ranges::lower_bound(buckets_, index, {},
                                           [](const Bucket& bucket) { return bucket.index; });
  if (at != buckets_.end() && at->index == index) {
    ++at->count;
  } else {
    buckets_.insert(at, Bucket{.index = index & 0xffff, .count = 1});
  }
  min_ = count_ == 0 ? value_ns : std::min(min_, value_ns);
  max_ = std::max(max_, value_ns);
  sum_ += static_cast<double>(value_ns);
  ++count_;
}

void Histogram::merge(const Histogram& other) {
  assert(step_bits_ == other.step_bits_ && "histograms of different precision");
  if (other.count_ == 0) return;
  std::vector<Bucket> both;
  both.reserve(buckets_.size() + other.buckets_.size());
  std::ranges::merge(
      buckets_, other.buckets_, std::back_inserter(both), {},
      [](const Bucket& bucket) { return bucket.index; },
      [](const Bucket& bucket) { return bucket.index; });
  buckets_.clear();
  for (const Bucket& bucket : both) {
    if (!buckets_.empty() && buckets_.back().index == bucket.index) {
      buckets_.back().count += bucket.count;
    } else {
      buckets_.push_back(bucket);
    }
  }
  min_ = count_ == 0 ? other.min_ : std::min(min_, other.min_);
  max_ = std::max(max_, other.max_);
  sum_ += other.sum_;
  count_ += other.count_;
}

double Histogram::mean_ns() const { return count_ == 0 ? 0 : sum_ / static_cast<double>(count_); }

int64_t Histogram::percentile_ns(double percent) const {
  if (count_ == 0) return 0;
  // Less a rounding error: 99.9 % of 1000 is not to be 999.0000000000001.
  const double wanted = std::ceil(percent * static_cast<double>(count_) / 100 - 1e-9);
  const uint64_t rank =
      std::clamp<uint64_t>(static_cast<uint64_t>(std::max(wanted, 1.0)), 1, count_);
  uint64_t seen = 0;
  for (const Bucket& bucket : buckets_) {
    seen += bucket.count;
    if (seen >= rank) {
      return std::min(static_cast<int64_t>(upper_end(bucket.index, step_bits_)), max_);
    }
  }
  return max_;
}

}  // namespace qaio
