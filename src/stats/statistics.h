// Statistics of samples: no assumption about their distribution, the same result on every machine.
// docs/report.md says why these.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/random.h"

namespace qaio {

// Nearest rank, as Histogram has it: the smallest value that at least `percent` % of all values do
// not exceed. `sorted` ascending; 0 of no values.
double percentile(std::span<const double> sorted, double percent);
// The same of values in any order, for several percents; far less work than sorting.
std::vector<double> percentiles(std::span<const double> values, std::span<const double> percents);
double mean(std::span<const double> values);  // 0 of no values
double median(std::vector<double> values);    // nearest rank; 0 of no values
// The mean of the middle half: hardly moved by outliers, and nearly as exact as the mean where
// there are none, which the median is not. 0 of no values.
double interquartile_mean(std::vector<double> values);
// The usual sample standard deviation; 0 below two values.
double standard_deviation(std::span<const double> values);
// Median absolute deviation from the median, times 1.4826: the standard deviation of a normal
// distribution, and hardly moved by outliers.
double scaled_median_deviation(std::span<const double> values);

struct Interval {
  double low = 0;
  double high = 0;
};

// What the percentile of one bootstrap resample would be. A resample's k-th smallest value is the
// sorted sample's value at the k-th smallest of n uniform positions, which has the distribution
// Beta(k, n - k + 1): exact, in constant time, without resampling. `sorted` must not be empty.
double bootstrap_percentile(std::span<const double> sorted, double percent, Random& random);

inline constexpr int kBootstrapRounds = 2000;

// 95 % percentile-bootstrap interval of the percentile. `sorted` must not be empty.
Interval bootstrap_interval(std::span<const double> sorted, double percent, Random& random);
// The same of percentile(b) / percentile(a) - 1; none of the percentiles may be 0.
Interval bootstrap_change(std::span<const double> sorted_a, std::span<const double> sorted_b,
                          double percent, Random& random);

// 95 % percentile-bootstrap interval of interquartile_mean(); by resampling, so for hundreds of
// values. Not of none.
Interval bootstrap_interquartile_mean(std::span<const double> values, Random& random);

// Two-sided p-value of the Mann-Whitney U test: how likely values that differ as much would be if
// both samples came from one distribution. Exact without ties where n_a * n_b <= 400; otherwise
// the normal approximation with tie and continuity correction. 1 if a sample is empty.
double mann_whitney_p(std::span<const double> a, std::span<const double> b);

// Two-sided p-value that samples which arrived in this order differ, allowing for disturbances that
// last: a machine that is busy for a while slows many requests in a row, which are then no
// independent evidence. Each sample is cut into about sqrt(n) consecutive blocks; Welch's t test of
// the blocks' mean ranks. The same of half as many blocks, which bear longer disturbances; the
// larger p. 1 if a sample has fewer than 16 values.
double block_rank_p(std::span<const double> a, std::span<const double> b);

// Values of two samples that arrived at about the same time.
struct TimeBlock {
  std::vector<double> a;
  std::vector<double> b;
};

// If two samples took turns, what disturbed one disturbed the other, and they are best compared
// within short times: about sqrt(n) blocks of consecutive arrivals of both, n the smaller count.
// Each time says when the value in the same place arrived; ascending. Empty if they did not take
// turns: a block would have less than a quarter of either sample's share, or a sample has fewer
// than 16 values.
std::vector<TimeBlock> time_blocks(std::span<const int64_t> times_a, std::span<const double> a,
                                   std::span<const int64_t> times_b, std::span<const double> b);

// Two-sided p-value that the samples differ: Student's t test of the blocks' Mann-Whitney
// statistics, so that neither what all blocks share nor what lasts longer than one matters.
double matched_rank_p(std::span<const TimeBlock> blocks);

// Two-sided p-value of Student's t with so many degrees of freedom.
double student_p(double t, double degrees);

// Two-sided p-value of Fisher's exact test that both shares, of_a in count_a and of_b in count_b,
// are one: how likely a split of the of_a + of_b is that is as improbable as this one.
double fisher_p(size_t of_a, size_t count_a, size_t of_b, size_t count_b);

// Holm's step-down correction: with all `p` tested at once, comparing the result with 0.05 keeps
// the chance of any false alarm below 5 %. In the order given; monotone in p, at most 1.
std::vector<double> holm(std::span<const double> p);

}  // namespace qaio
