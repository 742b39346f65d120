// A few of many values, evenly over their order, in bounded memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "base/random.h"

namespace qaio {

// All values while they are fewer than `max` (even); of more, one at random out of every 2, 4, 8,
// ... in a row, so that no rhythm of theirs is mistaken for the whole. Always the same for the same
// number of values.
template <typename T>
class ThinnedSample {
 public:
  explicit ThinnedSample(size_t max) : max_(max) {}

  void add(const T& value) {
    if (random_.below(++in_group_) == 0) choice_ = value;
    if (in_group_ < group_) return;
    in_group_ = 0;
    values_.push_back(std::move(choice_));
    if (values_.size() == max_) halve();
  }

  const std::vector<T>& values() const { return values_; }  // in order

 private:
  void halve() {
    for (size_t i = 0; i < max_ / 2; ++i) {
      const size_t kept = 2 * i + random_.below(2);
      if (kept != i) values_[i] = std::move(values_[kept]);
    }
    values_.resize(max_ / 2);
    group_ *= 2;
  }

  size_t max_;
  uint64_t group_ = 1;     // values of which one is kept
  uint64_t in_group_ = 0;  // seen of the current group
  T choice_{};             // of these
  std::vector<T> values_;
  Random random_{1};
};

}  // namespace qaio
