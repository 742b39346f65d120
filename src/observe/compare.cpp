#include "observe/compare.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/json_writer.h"
#include "observe/regression.h"
#include "observe/service_fit.h"

namespace qaio {
namespace {

constexpr double kExplainedMin = 0.25;
constexpr double kExpectedMin = 0.1;     // of the median: a fit means nothing below it
constexpr double kWorkloadChange = 0.1;  // of mean token counts: worth a note

// Prompt and generated tokens of the task, or of all tasks for the request's own lane. The whole
// prompt, not what was computed of it: a prefix cache that no longer works must show.
std::vector<double> tokens_of(const RequestRecord& record, const std::string& task) {
  std::vector<double> sums(2, 0);
  for (const TaskRecord& one : record.tasks) {
    if (!task.empty() && one.task != task) continue;
    sums[0] += one.counters.prompt_tokens;
    sums[1] += one.counters.completion_tokens;
  }
  return sums;
}

struct Pair {
  std::vector<double> a;
  std::vector<double> b;
};

// Both sides relative to what one fit over both expects of their tokens, in ms of the common
// median; nothing if tokens do not explain the times.
std::optional<Pair> at_equal_tokens(const RecordSet& set_a, const Measure& a,
                                    const RecordSet& set_b, const Measure& b) {
  std::vector<std::vector<double>> rows;
  std::vector<double> ms;
  const auto add = [&](const RecordSet& set, const Measure& measure) {
    for (size_t i = 0; i < measure.ms.size(); ++i) {
      rows.push_back(tokens_of(*set.items[measure.items[i]].record, measure.task));
      ms.push_back(measure.ms[i]);
    }
  };
  add(set_a, a);
  add(set_b, b);
  auto fit = fit_linear(rows, ms);
  if (!fit) {  // one of the counts is always the same
    for (auto& row : rows) row.pop_back();
    fit = fit_linear(rows, ms);
  }
  if (!fit || fit->explained < kExplainedMin) return std::nullopt;
  const double middle = median(ms);
  Pair pair;
  for (size_t i = 0; i < ms.size(); ++i) {
    const double expected = std::max(fit->predict(rows[i]), kExpectedMin * middle);
    (i < a.ms.size() ? pair.a : pair.b).push_back(ms[i] / expected * middle);
  }
  return pair;
}

// The stage whose change, in the direction of the overall verdict, takes the most ms: of those with
// that verdict, or else of those whose interval at least excludes 0.
const MeasureComparison* largest_stage(const Comparison& comparison, bool proven) {
  const MeasureComparison* largest = nullptr;
  const double sign = comparison.verdict == Verdict::kSlower   ? 1
                      : comparison.verdict == Verdict::kFaster ? -1
                                                               : 0;
  for (const MeasureComparison& measure : comparison.measures) {
    // `tasks` is what the stages of the tasks' lanes add up to.
    if (measure.kind != MeasureKind::kStage || measure.name == "tasks") continue;
    const auto& interval = measure.change_interval;
    const bool clear = interval && (sign > 0 ? interval->low > 0 : interval->high < 0);
    if (proven ? measure.verdict != comparison.verdict : !clear) continue;
    const double ms = sign * measure.change_ms;
    if (ms > (largest == nullptr ? 0 : sign * largest->change_ms)) largest = &measure;
  }
  return largest;
}

SideFigures side_of(const Measure& measure, Random& random) {
  const std::vector<double> sorted = measure.sorted();
  return {.count = sorted.size(),
          .median = percentile(sorted, 50),
          .p95 = percentile(sorted, 95),
          .median_interval = bootstrap_interval(sorted, 50, random),
          .p95_interval = bootstrap_interval(sorted, 95, random)};
}

double relative_change(double change, double before) {
  return before > 0 ? change / before : (change > 0 ? 1 : 0);
}

std::vector<int64_t> arrivals_of(const RecordSet& set, const Measure& measure) {
  std::vector<int64_t> times;
  times.reserve(measure.items.size());
  for (const size_t item : measure.items) times.push_back(set.items[item].record->arrived_unix_ms);
  return times;
}

void compare_in_turns(std::span<const TimeBlock> blocks, Random& random, MeasureComparison& out) {
  out.in_turns = true;
  out.p = matched_rank_p(blocks);
  std::vector<double> changes;
  std::vector<double> differences;
  for (const TimeBlock& block : blocks) {
    const double of_a = middle_mean(block.a);
    const double difference = middle_mean(block.b) - of_a;
    differences.push_back(difference);
    if (of_a > 0) changes.push_back(difference / of_a);
  }
  if (changes.size() == blocks.size()) {
    out.change = middle_mean(changes);
    out.change_interval = bootstrap_middle_mean(changes, random);
    out.change_ms = out.change * out.a.median;
  } else {  // often 0, as a queue is: a relative change says nothing
    out.change_ms = middle_mean(differences);
    out.change = relative_change(out.change_ms, out.a.median);
  }
}

MeasureComparison compare_measure(const RecordSet& set_a, const Measure& a, const RecordSet& set_b,
                                  const Measure& b, double total_mean_ms,
                                  const CompareOptions& options, Random& random) {
  MeasureComparison out{.name = a.name, .kind = a.kind};
  out.a = side_of(a, random);
  out.b = side_of(b, random);
  if (std::min(a.ms.size(), b.ms.size()) < options.count_min) return out;
  out.immaterial = a.kind == MeasureKind::kStage &&
                   std::max(mean(a.ms), mean(b.ms)) < options.share_min * total_mean_ms;
  if (out.immaterial) return out;
  Pair pair{a.ms, b.ms};
  if (auto adjusted = at_equal_tokens(set_a, a, set_b, b)) {
    pair = *std::move(adjusted);
    out.at_equal_tokens = true;
  }
  // Both in order of arrival, so that blocks see what lasted.
  const std::vector<TimeBlock> blocks =
      time_blocks(arrivals_of(set_a, a), pair.a, arrivals_of(set_b, b), pair.b);
  if (!blocks.empty()) {
    compare_in_turns(blocks, random, out);
    return out;
  }
  out.p = std::max(mann_whitney_p(pair.a, pair.b), block_rank_p(pair.a, pair.b));
  std::ranges::sort(pair.a);
  std::ranges::sort(pair.b);
  const double median_a = percentile(pair.a, 50);
  if (percentile(pair.a, 2.5) > 0) {
    out.change = percentile(pair.b, 50) / median_a - 1;
    out.change_interval = bootstrap_change(pair.a, pair.b, 50, random);
    out.change_ms = out.change * out.a.median;
  } else {  // often 0, as a queue is: a relative change says nothing
    out.change_ms = percentile(pair.b, 50) - median_a;
    out.change = relative_change(out.change_ms, median_a);
  }
  return out;
}

// Needs the corrected p-value.
Verdict judge(const MeasureComparison& measure, double total_ms, const CompareOptions& options) {
  if (measure.immaterial) return Verdict::kSame;
  if (!measure.p) return Verdict::kTooFew;
  const bool matters = std::abs(measure.change) >= options.change_min &&
                       std::abs(measure.change_ms) >= options.change_of_total_min * total_ms;
  if (*measure.p >= options.p_max || !matters) return Verdict::kSame;
  const auto& interval = measure.change_interval;
  if (interval && interval->low <= 0 && interval->high >= 0) return Verdict::kSame;
  return measure.change > 0 ? Verdict::kSlower : Verdict::kFaster;
}

double mean_tokens(const RecordSet& set, size_t column) {
  std::vector<double> counts;
  for (const RecordSet::Item& item : set.items)
    if (answered(*item.record)) counts.push_back(tokens_of(*item.record, "")[column]);
  return mean(counts);
}

void add_notes(const RecordSet& a, const RecordSet& b, Comparison& out) {
  if (std::ranges::any_of(out.measures, &MeasureComparison::in_turns)) {
    out.notes.emplace_back(
        "Both were measured at the same time: they are compared within short times, so that what "
        "disturbed both does not matter.");
  }
  constexpr std::array<std::string_view, 2> kWhat = {"prompts", "answers"};
  for (size_t column = 0; column < kWhat.size(); ++column) {
    const double of_a = mean_tokens(a, column);
    const double of_b = mean_tokens(b, column);
    if (std::abs(of_b - of_a) <= kWorkloadChange * std::max(of_a, 1.0)) continue;
    out.notes.push_back(fmt::format("B's {} are {:.0f} tokens long on average, A's {:.0f}.",
                                    kWhat[column], of_b, of_a));
  }
  const auto refused = [](const RecordSet& set) {
    return std::ranges::count_if(set.items, [](const RecordSet::Item& item) {
      return !item.record->error_code.empty() || item.record->status >= 400;
    });
  };
  if (refused(a) + refused(b) > 0)
    out.notes.push_back(fmt::format("Requests that failed are left out: {} of A, {} of B.",
                                    refused(a), refused(b)));
}

}  // namespace

std::string_view verdict_name(Verdict verdict) {
  switch (verdict) {
    case Verdict::kFaster:
      return "faster";
    case Verdict::kSlower:
      return "slower";
    case Verdict::kSame:
      return "no difference";
    case Verdict::kTooFew:
      return "too few";
  }
  return "unknown";
}

Comparison compare_records(const RecordSet& a, const RecordSet& b, const CompareOptions& options) {
  const std::vector<Measure> measures_a = collect_measures(a);
  const std::vector<Measure> measures_b = collect_measures(b);
  Comparison out;
  Random random(options.seed);
  std::vector<double> p;
  double total_ms = 0;
  const Measure* total = find_measure(measures_a, "total");
  const double total_mean_ms = total == nullptr ? 0 : mean(total->ms);
  for (const Measure& measure : measures_a) {
    const Measure* other = find_measure(measures_b, measure.name);
    if (other == nullptr) continue;
    out.measures.push_back(compare_measure(a, measure, b, *other, total_mean_ms, options, random));
    if (out.measures.back().p) p.push_back(*out.measures.back().p);
    if (measure.name == "total") total_ms = out.measures.back().a.median;
  }
  const std::vector<double> corrected = holm(p);
  size_t next = 0;
  for (MeasureComparison& measure : out.measures) {
    if (measure.p) measure.p = corrected[next++];
    measure.verdict = judge(measure, total_ms, options);
  }
  add_notes(a, b, out);
  conclude(out);
  return out;
}

void conclude(Comparison& comparison) {
  const auto any = [&](Verdict verdict, bool stages) {
    return std::ranges::any_of(comparison.measures, [&](const MeasureComparison& measure) {
      return measure.verdict == verdict && (stages || measure.kind == MeasureKind::kHeadline);
    });
  };
  comparison.verdict = any(Verdict::kSlower, true)   ? Verdict::kSlower
                       : any(Verdict::kFaster, true) ? Verdict::kFaster
                       : any(Verdict::kSame, false)  ? Verdict::kSame
                                                     : Verdict::kTooFew;
  const auto total = std::ranges::find(comparison.measures, "total", &MeasureComparison::name);
  const MeasureComparison* stage = largest_stage(comparison, true);
  const bool proven = stage != nullptr;
  if (!proven) stage = largest_stage(comparison, false);
  if (comparison.verdict == Verdict::kTooFew) {
    comparison.sentence = "There are too few requests to compare.";
    return;
  }
  if (comparison.verdict == Verdict::kSame) {
    comparison.sentence = "No difference that matters.";
    return;
  }
  comparison.sentence = fmt::format("B is {} than A", verdict_name(comparison.verdict));
  if (total != comparison.measures.end() && total->verdict == comparison.verdict)
    comparison.sentence += fmt::format(": {:+.1f} % of the total's median", 100 * total->change);
  if (stage != nullptr) {
    comparison.stage = stage->name;
    comparison.sentence +=
        fmt::format("; {} is {}responsible ({:+.1f} %, {:+.3g} ms)", stage->name,
                    proven ? "" : "probably ", 100 * stage->change, stage->change_ms);
  }
  comparison.sentence += '.';
}

}  // namespace qaio
