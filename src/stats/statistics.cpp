#include "stats/statistics.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <numeric>

#include "stats/ranks.h"

namespace qaio {
namespace {

constexpr size_t kExactProductMax = 400;
constexpr double kNormalOfMad = 1.4826;  // 1 / (the standard normal's 75th percentile)

// Marsaglia and Tsang, "A simple method for generating gamma variables" (2000); shape >= 1.
double gamma(double shape, Random& random) {
  const double d = shape - 1.0 / 3;
  const double c = 1 / std::sqrt(9 * d);
  while (true) {
    const double x = random.normal();
    const double cube = 1 + c * x;
    if (cube <= 0) continue;
    const double v = cube * cube * cube;
    const double u = 1 - random.uniform();  // in (0, 1]
    if (std::log(u) < 0.5 * x * x + d - d * v + d * std::log(v)) return d * v;
  }
}

Interval middle_95(std::vector<double> values) {
  std::ranges::sort(values);
  return {percentile(values, 2.5), percentile(values, 97.5)};
}

// P(U <= u) if all orders of the n_a + n_b values are equally likely. counts[m][v]: in how many
// ways m values of a, among those placed so far, precede v pairs (Mann and Whitney's recursion).
double exact_cumulative(size_t n_a, size_t n_b, size_t u) {
  std::vector<std::vector<double>> ways(n_a + 1, std::vector<double>(n_a * n_b + 1, 0));
  for (size_t m = 0; m <= n_a; ++m) ways[m][0] = 1;  // no value of b yet
  for (size_t n = 1; n <= n_b; ++n) {
    // f(m, n, v) = f(m - 1, n, v - n) + f(m, n - 1, v): the largest value is a's or b's.
    for (size_t m = 1; m <= n_a; ++m) {
      for (size_t v = n_a * n_b; v >= n; --v) {
        if (v <= (m - 1) * n + n) ways[m][v] += ways[m - 1][v - n];
      }
    }
  }
  const auto& all = ways[n_a];
  const double total = std::accumulate(all.begin(), all.end(), 0.0);
  return std::accumulate(all.begin(), all.begin() + static_cast<ptrdiff_t>(u) + 1, 0.0) / total;
}

struct MannWhitney {
  double u_a = 0;       // pairs in which a's value is larger, ties counting half
  double tie_term = 0;  // as Ranks has it
};

MannWhitney mann_whitney(std::span<const double> a, std::span<const double> b) {
  const Ranks ranks = ranks_of(a, b);
  const auto n_a = static_cast<double>(a.size());
  const auto end_a = ranks.of.begin() + std::ssize(a);
  return {.u_a = std::accumulate(ranks.of.begin(), end_a, 0.0) - n_a * (n_a + 1) / 2,
          .tie_term = ranks.tie_term};
}

// The continued fraction of the incomplete beta function by Lentz's method (DLMF 8.17.22).
double beta_fraction(double a, double b, double x) {
  constexpr double kTiny = 1e-300;
  double c = 1;
  double d = 1 / std::max(1 - (a + b) * x / (a + 1), kTiny);
  double fraction = d;
  for (int m = 1; m <= 300; ++m) {
    const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
    const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
    for (const double term : {even, odd}) {
      d = 1 + term * d;
      c = 1 + term / c;
      d = 1 / (std::abs(d) < kTiny ? kTiny : d);
      if (std::abs(c) < kTiny) c = kTiny;
      fraction *= c * d;
    }
    if (std::abs(c * d - 1) < 1e-14) break;
  }
  return fraction;
}

// Regularized incomplete beta function.
double incomplete_beta(double a, double b, double x) {
  if (x <= 0 || x >= 1) return x <= 0 ? 0 : 1;
  const double front = std::exp(std::lgamma(a + b) - std::lgamma(a) - std::lgamma(b) +
                                a * std::log(x) + b * std::log1p(-x));
  if (x < (a + 1) / (a + b + 2)) return front * beta_fraction(a, b, x) / a;
  return 1 - front * beta_fraction(b, a, 1 - x) / b;
}

constexpr size_t kBlockSampleMin = 16;
constexpr size_t kBlocksMin = 3;  // of which a deviation says something

// Of consecutive blocks of nearly equal length.
std::vector<double> block_means(std::span<const double> values, size_t blocks) {
  std::vector<double> means;
  for (size_t i = 0; i < blocks; ++i) {
    const size_t begin = i * values.size() / blocks;
    const size_t end = (i + 1) * values.size() / blocks;
    means.push_back(mean(values.subspan(begin, end - begin)));
  }
  return means;
}

// Welch's t test of the means of sqrt(n) / `longer` blocks.
double welch_p(std::span<const double> a, std::span<const double> b, double longer) {
  const auto means = [longer](std::span<const double> values) {
    const double blocks = std::sqrt(static_cast<double>(values.size())) / longer;
    return block_means(values, std::max(kBlocksMin, static_cast<size_t>(blocks)));
  };
  const std::vector<double> blocks_a = means(a);
  const std::vector<double> blocks_b = means(b);
  const auto squared_error = [](const std::vector<double>& blocks) {
    const double deviation = standard_deviation(blocks);
    return deviation * deviation / static_cast<double>(blocks.size());
  };
  const double error_a = squared_error(blocks_a);
  const double error_b = squared_error(blocks_b);
  const double difference = mean(blocks_b) - mean(blocks_a);
  const double error = error_a + error_b;
  if (error <= 0) return difference == 0 ? 1 : 0;
  const double degrees = error * error /
                         (error_a * error_a / static_cast<double>(blocks_a.size() - 1) +
                          error_b * error_b / static_cast<double>(blocks_b.size() - 1));
  return student_p(difference / std::sqrt(error), degrees);
}

constexpr size_t kPivotSample = 2048;
constexpr uint64_t kPivotSeed = 1;
constexpr double kPivotDeviations = 4;  // how far a sample's percentile may be from that of all

size_t nearest_rank(size_t count, double percent) {
  const double rank = std::ceil(percent / 100 * static_cast<double>(count));
  return static_cast<size_t>(std::clamp(rank, 1.0, static_cast<double>(count)));
}

// A range in which the percentile lies, most probably, by a sorted sample.
struct Bracket {
  double low = -INFINITY;
  double high = INFINITY;
  size_t below = 0;             // values under it
  std::vector<double> in = {};  // those inside
};
Bracket bracket_of(std::span<const double> sample, double percent) {
  const auto size = static_cast<double>(sample.size());
  const double place = percent / 100 * size;
  const double reach = kPivotDeviations * std::sqrt(place * std::max(0.0, 1 - percent / 100)) + 2;
  Bracket bracket;
  if (place - reach > 0) bracket.low = sample[static_cast<size_t>(place - reach)];
  if (place + reach < size) bracket.high = sample[static_cast<size_t>(place + reach)];
  return bracket;
}

// Without branches, which nobody could predict.
void fill(Bracket& bracket, std::span<const double> values) {
  std::array<double, 1024> kept{};
  for (size_t begin = 0; begin < values.size(); begin += kept.size()) {
    size_t count = 0;
    for (const double value : values.subspan(begin, std::min(kept.size(), values.size() - begin))) {
      kept[count] = value;
      count +=
          static_cast<size_t>(value >= bracket.low) & static_cast<size_t>(value <= bracket.high);
      bracket.below += static_cast<size_t>(value < bracket.low);
    }
    bracket.in.insert(bracket.in.end(), kept.begin(), kept.begin() + static_cast<ptrdiff_t>(count));
  }
}

double selected(std::vector<double> values, size_t at) {
  const auto place = values.begin() + static_cast<ptrdiff_t>(at);
  std::ranges::nth_element(values, place);
  return *place;
}

}  // namespace

std::vector<double> percentiles(std::span<const double> values, std::span<const double> percents) {
  if (values.empty()) return std::vector<double>(percents.size());
  // With few values the sample would be as large as they are.
  std::vector<double> sample;
  Random random(kPivotSeed);
  for (size_t i = 0; i < kPivotSample && values.size() > 8 * kPivotSample; ++i)
    sample.push_back(values[random.below(values.size())]);
  std::ranges::sort(sample);
  std::vector<Bracket> brackets;
  for (const double percent : percents) brackets.push_back(bracket_of(sample, percent));
  for (Bracket& bracket : brackets) fill(bracket, values);
  std::vector<double> out;
  for (size_t i = 0; i < percents.size(); ++i) {
    Bracket& bracket = brackets[i];
    const size_t at = nearest_rank(values.size(), percents[i]) - 1;
    const bool inside = at >= bracket.below && at - bracket.below < bracket.in.size();
    out.push_back(inside ? selected(std::move(bracket.in), at - bracket.below)
                         : selected({values.begin(), values.end()}, at));
  }
  return out;
}

double percentile(std::span<const double> sorted, double percent) {
  return sorted.empty() ? 0 : sorted[nearest_rank(sorted.size(), percent) - 1];
}

double mean(std::span<const double> values) {
  if (values.empty()) return 0;
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

double median(std::vector<double> values) {
  if (values.empty()) return 0;
  const auto middle = values.begin() + static_cast<ptrdiff_t>(nearest_rank(values.size(), 50) - 1);
  std::ranges::nth_element(values, middle);
  return *middle;
}

double interquartile_mean(std::vector<double> values) {
  std::ranges::sort(values);
  const size_t outside = values.size() / 4;
  return mean(std::span(values).subspan(outside, values.size() - 2 * outside));
}

double standard_deviation(std::span<const double> values) {
  if (values.size() < 2) return 0;
  const double center = mean(values);
  double squares = 0;
  for (const double value : values) squares += (value - center) * (value - center);
  return std::sqrt(squares / static_cast<double>(values.size() - 1));
}

double scaled_median_deviation(std::span<const double> values) {
  const double center = median({values.begin(), values.end()});
  std::vector<double> distances;
  distances.reserve(values.size());
  for (const double value : values) distances.push_back(std::abs(value - center));
  return kNormalOfMad * median(std::move(distances));
}

double bootstrap_percentile(std::span<const double> sorted, double percent, Random& random) {
  const auto k = static_cast<double>(nearest_rank(sorted.size(), percent));
  const double below = gamma(k, random);
  const double above = gamma(static_cast<double>(sorted.size()) - k + 1, random);
  const double position = below / (below + above) * static_cast<double>(sorted.size());
  return sorted[std::min(static_cast<size_t>(position), sorted.size() - 1)];
}

Interval bootstrap_interval(std::span<const double> sorted, double percent, Random& random) {
  std::vector<double> rounds(kBootstrapRounds);
  for (double& round : rounds) round = bootstrap_percentile(sorted, percent, random);
  return middle_95(std::move(rounds));
}

Interval bootstrap_change(std::span<const double> sorted_a, std::span<const double> sorted_b,
                          double percent, Random& random) {
  std::vector<double> rounds(kBootstrapRounds);
  for (double& round : rounds) {
    const double a = bootstrap_percentile(sorted_a, percent, random);
    round = bootstrap_percentile(sorted_b, percent, random) / a - 1;
  }
  return middle_95(std::move(rounds));
}

Interval bootstrap_interquartile_mean(std::span<const double> values, Random& random) {
  std::vector<double> rounds(kBootstrapRounds);
  std::vector<double> drawn(values.size());
  for (double& round : rounds) {
    for (double& value : drawn) value = values[random.below(values.size())];
    round = interquartile_mean(drawn);
  }
  return middle_95(std::move(rounds));
}

double mann_whitney_p(std::span<const double> a, std::span<const double> b) {
  if (a.empty() || b.empty()) return 1;
  const MannWhitney ranking = mann_whitney(a, b);
  const auto n_a = static_cast<double>(a.size());
  const auto n_b = static_cast<double>(b.size());
  const double u = std::min(ranking.u_a, n_a * n_b - ranking.u_a);
  if (ranking.tie_term == 0 && a.size() * b.size() <= kExactProductMax) {
    return std::min(1.0, 2 * exact_cumulative(a.size(), b.size(), static_cast<size_t>(u)));
  }
  const double n = n_a + n_b;
  const double variance = n_a * n_b / 12 * (n + 1 - ranking.tie_term / (n * (n - 1)));
  if (variance <= 0) return 1;  // all values are equal
  const double distance = std::max(0.0, n_a * n_b / 2 - u - 0.5);
  return std::erfc(distance / std::sqrt(2 * variance));
}

double student_p(double t, double degrees) {
  return incomplete_beta(degrees / 2, 0.5, degrees / (degrees + t * t));
}

double block_rank_p(std::span<const double> a, std::span<const double> b) {
  if (std::min(a.size(), b.size()) < kBlockSampleMin) return 1;
  const std::vector<double> ranks = ranks_of(a, b).of;
  const auto ranks_a = std::span(ranks).first(a.size());
  const auto ranks_b = std::span(ranks).subspan(a.size());
  return std::max(welch_p(ranks_a, ranks_b, 1), welch_p(ranks_a, ranks_b, 2));
}

std::vector<TimeBlock> time_blocks(std::span<const int64_t> times_a, std::span<const double> a,
                                   std::span<const int64_t> times_b, std::span<const double> b) {
  const size_t smaller = std::min(a.size(), b.size());
  if (smaller < kBlockSampleMin) return {};
  const size_t count = a.size() + b.size();
  const auto blocks = static_cast<size_t>(std::sqrt(static_cast<double>(smaller)));
  std::vector<TimeBlock> out(blocks);
  for (size_t of_a = 0, of_b = 0; of_a + of_b < count;) {
    TimeBlock& block = out[(of_a + of_b) * blocks / count];
    const bool next_is_a = of_b == b.size() || (of_a < a.size() && times_a[of_a] <= times_b[of_b]);
    if (next_is_a) {
      block.a.push_back(a[of_a++]);
    } else {
      block.b.push_back(b[of_b++]);
    }
  }
  const bool took_turns = std::ranges::all_of(out, [&](const TimeBlock& block) {
    return 4 * block.a.size() * blocks >= a.size() && 4 * block.b.size() * blocks >= b.size();
  });
  return took_turns ? out : std::vector<TimeBlock>();
}

double matched_rank_p(std::span<const TimeBlock> blocks) {
  if (blocks.size() < 2) return 1;
  std::vector<double> shares;  // of pairs in which a's value is larger, beyond half of them
  for (const TimeBlock& block : blocks) {
    const auto pairs = static_cast<double>(block.a.size() * block.b.size());
    shares.push_back(mann_whitney(block.a, block.b).u_a / pairs - 0.5);
  }
  const auto count = static_cast<double>(shares.size());
  const double error = standard_deviation(shares) / std::sqrt(count);
  if (error <= 0) return mean(shares) == 0 ? 1 : 0;
  return student_p(mean(shares) / error, count - 1);
}

double fisher_p(size_t of_a, size_t count_a, size_t of_b, size_t count_b) {
  const size_t both = of_a + of_b;
  const auto log_choose = [](size_t n, size_t k) {
    const auto log_factorial = [](size_t i) { return std::lgamma(static_cast<double>(i) + 1); };
    return log_factorial(n) - log_factorial(k) - log_factorial(n - k);
  };
  const double log_all = log_choose(count_a + count_b, both);
  const auto log_probability = [&](size_t k) {  // of k in A
    return log_choose(count_a, k) + log_choose(count_b, both - k) - log_all;
  };
  constexpr double kRounding = 1e-7;  // as probable as this one
  const double here = log_probability(of_a) + kRounding;
  double sum = 0;
  for (size_t k = both - std::min(both, count_b); k <= std::min(both, count_a); ++k) {
    const double log_p = log_probability(k);
    if (log_p <= here) sum += std::exp(log_p);
  }
  return std::min(1.0, sum);
}

std::vector<double> holm(std::span<const double> p) {
  std::vector<size_t> order(p.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::ranges::sort(order, {}, [&](size_t i) { return p[i]; });
  std::vector<double> corrected(p.size());
  double largest = 0;
  for (size_t i = 0; i < order.size(); ++i) {
    largest = std::max(largest, static_cast<double>(p.size() - i) * p[order[i]]);
    corrected[order[i]] = std::min(1.0, largest);
  }
  return corrected;
}

}  // namespace qaio
