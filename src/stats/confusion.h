// How a classifier's answers compare with the truth.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace qaio {

class Confusion {
 public:
  explicit Confusion(size_t labels) : labels_(labels), counts_(labels * labels) {}

  // Indices of labels.
  void add(size_t truth, size_t answer) { ++counts_[truth * labels_ + answer]; }

  size_t labels() const { return labels_; }
  uint64_t count(size_t truth, size_t answer) const { return counts_[truth * labels_ + answer]; }
  uint64_t truths(size_t label) const;   // texts that have it
  uint64_t answers(size_t label) const;  // texts that were given it
  uint64_t total() const;
  uint64_t right() const;

  // In [0, 1]; absent where there is nothing to divide by.
  std::optional<double> precision(
      size_t label) const;                           // right answers among those that say `label`
  std::optional<double> recall(size_t label) const;  // right answers among the texts that have it
  std::optional<double> f1(size_t label) const;
  double macro_f1() const;  // the mean over labels that occur; 0 if none does

 private:
  size_t labels_;
  std::vector<uint64_t> counts_;  // [truth, answer]
};

}  // namespace qaio
