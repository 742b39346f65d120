// Is B slower than A? For every measure of two sets of records: by how much, and could it be
// chance?
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "observe/load_result.h"
#include "observe/measures.h"
#include "observe/record_set.h"
#include "observe/statistics.h"

namespace qaio {

enum class Verdict : uint8_t { kFaster, kSlower, kSame, kTooFew };
std::string_view verdict_name(Verdict verdict);  // "faster", "slower", "no difference", "too few"

struct SideFigures {
  size_t count = 0;
  double median = 0;  // ms
  double p95 = 0;
  std::optional<Interval> median_interval;  // 95 %; absent where only percentiles are known
  std::optional<Interval> p95_interval;
};

struct MeasureComparison {
  std::string name;
  MeasureKind kind = MeasureKind::kHeadline;
  SideFigures a = {};
  SideFigures b = {};
  bool at_equal_tokens = false;  // change and p compare times relative to what tokens explain
  bool in_turns = false;         // both sides took turns: compared within short times
  double change = 0;             // of the median, relative: 0.1 is 10 % slower
  std::optional<Interval> change_interval = {};  // 95 %
  double change_ms = 0;                          // the change in ms of A's median
  std::optional<double> p = {};                  // of both tests, corrected for all measures (Holm)
  bool immaterial = false;  // a stage too small to be tested: no difference whatever it does
  Verdict verdict = Verdict::kTooFew;
};

struct CompareOptions {
  double change_min = 0.05;  // smaller changes of a median do not matter
  double p_max = 0.05;
  size_t count_min = 20;               // requests on either side, below it: too few
  double share_min = 0.01;             // of the time; smaller stages are not tested
  double change_of_total_min = 0.005;  // a stage's change must be so much of the median total
  uint64_t seed = 1;
};

struct Comparison {
  std::vector<MeasureComparison> measures;
  std::vector<std::string> notes;  // what to know about the two sides
  Verdict verdict = Verdict::kTooFew;
  // Of the stages that changed as the verdict says, the one with the most ms; empty if none did.
  std::string stage;
  std::string sentence;  // the verdict, for people
};

// Times are compared at equal tokens where these explain at least a quarter of their variation, so
// that longer prompts or answers on one side do not count as slower; notes tell of such
// differences.
Comparison compare_records(const RecordSet& a, const RecordSet& b, const CompareOptions& options);

// Of two results of `qaio load --json`. They hold percentiles only, so that no test is possible:
// the verdicts rest on the change of the median alone, as a note says.
Comparison compare_loads(const LoadResult& a, const LoadResult& b, const CompareOptions& options);

std::string comparison_json(const Comparison& comparison);  // one line with its newline

// The overall verdict from those of the measures; part of both comparisons.
void conclude(Comparison& comparison);

}  // namespace qaio
