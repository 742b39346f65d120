#include "report/compare_measure.h"

#include <algorithm>
#include <array>
#include <optional>

#include "report/service_fit.h"
#include "stats/block_bootstrap.h"

namespace qaio {
namespace {

constexpr double kExplainedMin = 0.25;
constexpr double kExpectedMin = 0.1;  // of the median: a fit means nothing below it
constexpr double kTail = 95;

struct Pair {
  std::vector<double> a;
  std::vector<double> b;
};

// By the tokens of an even sample of both; nothing if they do not explain the times.
std::optional<TimeFit> fit_tokens(std::span<const std::vector<double>> tokens,
                                  std::span<const double> all_ms) {
  std::vector<std::vector<double>> rows;
  std::vector<double> ms;
  for (const size_t i : stratified_indices(all_ms.size())) {
    rows.push_back(tokens[i]);
    ms.push_back(all_ms[i]);
  }
  TimeFit fit = fit_times(rows, ms, kExplainedMin);
  if (fit.used.empty()) return std::nullopt;
  return fit;
}

// Both sides relative to what one fit over both expects of their tokens, in ms of the common
// median.
std::optional<Pair> at_equal_tokens(const MeasuredSide& a, const MeasuredSide& b) {
  std::vector<std::vector<double>> tokens;
  std::vector<double> ms;
  for (const MeasuredSide* side : {&a, &b}) {
    for (size_t i = 0; i < side->ms.size(); ++i) {
      tokens.push_back(side->tokens(i));
      ms.push_back(side->ms[i]);
    }
  }
  const auto fit = fit_tokens(tokens, ms);
  if (!fit) return std::nullopt;
  const double middle = median(ms);
  Pair pair;
  for (size_t i = 0; i < ms.size(); ++i) {
    const double expected = std::max(fit->predict(tokens[i]), kExpectedMin * middle);
    (i < a.ms.size() ? pair.a : pair.b).push_back(ms[i] / expected * middle);
  }
  return pair;
}

std::vector<double> sorted(std::span<const double> values) {
  std::vector<double> out(values.begin(), values.end());
  std::ranges::sort(out);
  return out;
}

SideFigures side_of(const MeasuredSide& side, Random& random) {
  const std::vector<double> ms = sorted(side.ms);
  return {.count = ms.size(),
          .median = percentile(ms, 50),
          .p95 = percentile(ms, 95),
          .median_interval = bootstrap_interval(ms, 50, random),
          .p95_interval = bootstrap_interval(ms, 95, random)};
}

double relative_change(double change, double before) {
  return before > 0 ? change / before : (change > 0 ? 1 : 0);
}

std::vector<int64_t> arrivals_of(const MeasuredSide& side) {
  std::vector<int64_t> times(side.ms.size());
  for (size_t i = 0; i < times.size(); ++i) times[i] = side.arrived_unix_ms(i);
  return times;
}

Change median_in_turns(std::span<const TimeBlock> blocks, double median_a, Random& random) {
  Change change{.p = matched_rank_p(blocks)};
  std::vector<double> changes;
  std::vector<double> differences;
  for (const TimeBlock& block : blocks) {
    const double of_a = interquartile_mean(block.a);
    const double difference = interquartile_mean(block.b) - of_a;
    differences.push_back(difference);
    if (of_a > 0) changes.push_back(difference / of_a);
  }
  if (changes.size() == blocks.size()) {
    change.relative = interquartile_mean(changes);
    change.interval = bootstrap_interquartile_mean(changes, random);
    change.ms = change.relative * median_a;
  } else {  // often 0, as a queue is: a relative change says nothing
    change.ms = interquartile_mean(differences);
    change.relative = relative_change(change.ms, median_a);
  }
  return change;
}

Change median_in_sequence(const Pair& pair, double median_a, Random& random) {
  Change change{.p = std::max(mann_whitney_p(pair.a, pair.b), block_rank_p(pair.a, pair.b))};
  const std::vector<double> a = sorted(pair.a);
  const std::vector<double> b = sorted(pair.b);
  const double before = percentile(a, 50);
  if (percentile(a, 2.5) > 0) {
    change.relative = percentile(b, 50) / before - 1;
    change.interval = bootstrap_change(a, b, 50, random);
    change.ms = change.relative * median_a;
  } else {  // often 0, as a queue is: a relative change says nothing
    change.ms = percentile(b, 50) - before;
    change.relative = relative_change(change.ms, before);
  }
  return change;
}

// Which values are in the tail of both sides together: of equal distributions, 5 % of either side.
// The tests of times, made of these, ask whether one side has more of the tail.
Pair in_tail(const Pair& pair) {
  std::vector<double> both = pair.a;
  both.insert(both.end(), pair.b.begin(), pair.b.end());
  const double limit = percentiles(both, std::array{kTail})[0];
  const auto mark = [limit](std::vector<double> values) {
    for (double& value : values) value = value > limit ? 1 : 0;
    return values;
  };
  return {mark(pair.a), mark(pair.b)};
}

// `blocks`: of both sides by time if they took turns, else empty.
Change tail_change(const Pair& pair, std::span<const TimeBlock> blocks, double p95_a,
                   Random& random) {
  Change change{.verdict = Verdict::kUntested};
  const double before = percentiles(pair.a, std::array{kTail})[0];
  change.ms = percentiles(pair.b, std::array{kTail})[0] - before;
  change.relative = relative_change(change.ms, before);
  const bool in_turns = !blocks.empty();
  const std::vector<TimeBlock> parts =
      in_turns ? std::vector<TimeBlock>() : consecutive_blocks(pair.a, pair.b);
  const ChangeIntervals intervals =
      bootstrap_blocks(in_turns ? blocks : parts, in_turns, kTail, random);
  change.interval = intervals.relative;
  change.ms_interval = intervals.difference;
  if (before > 0) {  // in ms of what was measured, not at equal tokens
    const double scale = p95_a / before;
    change.ms *= scale;
    change.ms_interval->low *= scale;
    change.ms_interval->high *= scale;
  }
  return change;
}

}  // namespace

bool Change::clear() const {
  const auto excludes_zero = [](const Interval& its) { return its.low > 0 || its.high < 0; };
  return (interval || ms_interval) && (!interval || excludes_zero(*interval)) &&
         (!ms_interval || excludes_zero(*ms_interval));
}

MeasureComparison compare_measure(const std::string& name, MeasureKind kind, const MeasuredSide& a,
                                  const MeasuredSide& b, double total_mean_ms,
                                  const CompareOptions& options, Random& random) {
  MeasureComparison out{.name = name, .kind = kind};
  out.a = side_of(a, random);
  out.b = side_of(b, random);
  const size_t count = std::min(a.ms.size(), b.ms.size());
  if (count < options.count_min) return out;
  out.immaterial = kind == MeasureKind::kStage &&
                   std::max(mean(a.ms), mean(b.ms)) < options.share_min * total_mean_ms;
  if (out.immaterial) {
    out.median.verdict = out.p95.verdict = Verdict::kSame;
    return out;
  }
  Pair pair{{a.ms.begin(), a.ms.end()}, {b.ms.begin(), b.ms.end()}};
  if (auto adjusted = at_equal_tokens(a, b)) {
    pair = *std::move(adjusted);
    out.at_equal_tokens = true;
  }
  // Both in order of arrival, so that blocks see what lasted.
  const std::vector<int64_t> times_a = arrivals_of(a);
  const std::vector<int64_t> times_b = arrivals_of(b);
  const std::vector<TimeBlock> blocks = time_blocks(times_a, pair.a, times_b, pair.b);
  out.in_turns = !blocks.empty();
  out.median = out.in_turns ? median_in_turns(blocks, out.a.median, random)
                            : median_in_sequence(pair, out.a.median, random);
  if (count < options.tail_count_min) return out;
  out.p95 = tail_change(pair, blocks, out.a.p95, random);
  const Pair tail = in_tail(pair);
  out.p95.p = out.in_turns ? matched_rank_p(time_blocks(times_a, tail.a, times_b, tail.b))
                           : std::max(mann_whitney_p(tail.a, tail.b), block_rank_p(tail.a, tail.b));
  return out;
}

}  // namespace qaio
