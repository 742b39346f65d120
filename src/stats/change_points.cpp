#include "stats/change_points.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/random.h"
#include "stats/ranks.h"
#include "stats/statistics.h"

namespace qaio {
namespace {

constexpr int kPermutations = 499;  // the smallest p is 1 / 500

// Minus the mean of all: they sum to 0.
std::vector<double> centered_ranks(std::span<const double> values) {
  std::vector<double> ranks = ranks_of(values).of;
  const double center = static_cast<double>(values.size() + 1) / 2;
  for (double& rank : ranks) rank -= center;
  return ranks;
}

struct Split {
  size_t index = 0;
  double height = 0;  // |sum of ranks before it| over its standard deviation, up to a constant
};

Split best_split(std::span<const double> ranks, size_t segment_min) {
  Split best;
  double sum = 0;
  const auto n = static_cast<double>(ranks.size());
  for (size_t i = 1; i < ranks.size(); ++i) {
    sum += ranks[i - 1];
    if (i < segment_min || ranks.size() - i < segment_min) continue;
    const auto k = static_cast<double>(i);
    const double height = std::abs(sum) / std::sqrt(k * (n - k) / n);
    if (height > best.height) best = {i, height};
  }
  return best;
}

double permutation_p(std::vector<double> ranks, double height, size_t segment_min, double p_max,
                     Random& random) {
  int higher = 0;
  const double enough = p_max * (kPermutations + 1);
  for (int round = 0; round < kPermutations; ++round) {
    for (size_t i = ranks.size(); i > 1; --i) std::swap(ranks[i - 1], ranks[random.below(i)]);
    higher += best_split(ranks, segment_min).height >= height;
    if (1 + higher > enough) break;  // it will not be significant any more
  }
  return static_cast<double>(1 + higher) / (kPermutations + 1);
}

double median_of(std::span<const double> values) { return median({values.begin(), values.end()}); }

void segment(std::span<const double> values, size_t offset, const ChangePointOptions& options,
             Random& random, std::vector<ChangePoint>& found) {
  if (values.size() < 2 * options.segment_min) return;
  const std::vector<double> ranks = centered_ranks(values);
  const Split split = best_split(ranks, options.segment_min);
  if (split.index == 0) return;
  const double p = permutation_p(ranks, split.height, options.segment_min, options.p_max, random);
  if (p > options.p_max) return;
  segment(values.first(split.index), offset, options, random, found);
  found.push_back({.index = offset + split.index, .p = p});
  segment(values.subspan(split.index), offset + split.index, options, random, found);
}

// Medians between neighbouring changes; the smallest change goes while it is below the minimum, for
// its neighbours' segments grow by that.
void drop_small_changes(std::span<const double> values, double change_min,
                        std::vector<ChangePoint>& found) {
  while (!found.empty()) {
    for (size_t i = 0; i < found.size(); ++i) {
      const size_t begin = i == 0 ? 0 : found[i - 1].index;
      const size_t end = i + 1 == found.size() ? values.size() : found[i + 1].index;
      found[i].before = median_of(values.subspan(begin, found[i].index - begin));
      found[i].after = median_of(values.subspan(found[i].index, end - found[i].index));
    }
    const auto relative = [](const ChangePoint& point) {
      return std::abs(point.after - point.before) / std::max(std::abs(point.before), 1e-300);
    };
    const auto smallest = std::ranges::min_element(found, {}, relative);
    if (relative(*smallest) >= change_min) return;
    found.erase(smallest);
  }
}

}  // namespace

std::vector<ChangePoint> find_change_points(std::span<const double> values,
                                            const ChangePointOptions& options) {
  Random random(options.seed);
  std::vector<ChangePoint> found;
  segment(values, 0, options, random, found);
  drop_small_changes(values, options.change_min, found);
  return found;
}

}  // namespace qaio
