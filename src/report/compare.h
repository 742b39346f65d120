// Is B worse than A? Of every measure of two sets of requests, and of the shares that failed: by
// how much, and could it be chance?
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "load/load_result.h"
#include "record/compact_record.h"
#include "record/record_set.h"
#include "report/language.h"
#include "report/measures.h"
#include "report/report_sections.h"
#include "stats/statistics.h"

namespace qaio {

enum class Verdict : uint8_t {
  kFaster,
  kSlower,
  kBetter,  // fewer requests fail
  kWorse,   // more requests fail
  kSame,
  kTooFew,
  kUntested,  // the values that a test needs are not there
};
// "faster", "slower", "better", "worse", "no difference", "too few", "not tested".
std::string_view verdict_name(Verdict verdict);
std::string verdict_text(Language language, Verdict verdict);

// What a side is: for people, who may have mixed the two up.
struct SideSummary {
  std::string source = {};  // as the command line names it
  std::vector<std::string> versions = {};
  std::vector<std::string> models = {};
  std::string setting = {};  // of a load
  int64_t first_unix_ms = 0;
  int64_t last_unix_ms = 0;  // of the last arrival
  size_t requests = 0;
  size_t answered = 0;  // what times are about
};

struct SideFigures {
  size_t count = 0;
  double median = 0;  // ms
  double p95 = 0;
  std::optional<Interval> median_interval;  // 95 %; absent where only percentiles are known
  std::optional<Interval> p95_interval;
};

// How one percentile of a measure changed.
struct Change {
  double relative = 0;  // 0.1 is 10 % more
  double ms = 0;
  std::optional<Interval> interval = {};     // 95 %, of `relative`; absent where that says nothing
  std::optional<Interval> ms_interval = {};  // of the p95
  std::optional<double> p = {};  // corrected for everything tested (Holm); absent: not tested
  Verdict verdict = Verdict::kTooFew;

  // What is known of the interval does not hold 0.
  bool clear() const;
};

struct MeasureComparison {
  std::string name;
  MeasureKind kind = MeasureKind::kHeadline;
  SideFigures a = {};
  SideFigures b = {};
  bool at_equal_tokens = false;  // changes and p compare times relative to what tokens explain
  bool in_turns = false;         // both sides took turns: compared within short times
  bool immaterial = false;       // a stage too small to be tested: no difference whatever it does
  Change median = {};
  Change p95 = {};
  Verdict verdict = Verdict::kTooFew;  // of both
};
// "slower (p95)": which of its percentiles changed so.
std::string verdict_text(Language language, const MeasureComparison& measure);

// "+12.3 %", "+250 %*": `*` at equal tokens; empty of too few.
std::string change_text(const MeasureComparison& measure, const Change& change);

// Requests that did not get what they asked for, of all that were asked for.
struct ShareComparison {
  std::string name;  // "failed", "refused", "rejected", "never sent"
  size_t count_a = 0;
  size_t of_a = 0;
  size_t count_b = 0;
  size_t of_b = 0;
  std::optional<double> p = {};  // as a measure's; absent: nobody was
  Verdict verdict = Verdict::kSame;

  double share_a() const;  // 0 of none
  double share_b() const;
};

struct CompareOptions {
  double change_min = 0.05;  // smaller changes of a median do not matter
  // Of a p95, which a few requests move: so many times that, ...
  double tail_factor = 2;
  size_t tail_count_min = 100;  // ... and not of fewer requests
  double p_max = 0.05;
  size_t count_min = 20;            // requests on either side, below it: too few
  double share_min = 0.01;          // of the time; smaller stages are not tested
  double stage_change_share = 0.2;  // a stage must change the median total by so much of change_min
  double share_change_min = 0.005;  // of requests that failed: one in 200
  uint64_t seed = 1;
  Language language = Language::kEnglish;
};

struct Comparison {
  SideSummary a = {};
  SideSummary b = {};
  std::vector<MeasureComparison> measures = {};
  std::vector<ShareComparison> shares = {};
  std::string untested = {};  // why times that are there could not be tested; empty: they were
  std::vector<std::string> notes = {};  // what to know about the two sides
  Verdict verdict = Verdict::kTooFew;
  // Of the stages that changed as the verdict says, the one with the most ms; empty if none did.
  std::string stage = {};
  std::string sentence = {};  // the verdict, for people
  Language language = Language::kEnglish;
};

// Times are compared at equal tokens where these explain at least a quarter of their variation, so
// that longer prompts or answers on one side do not count as slower; notes tell of such
// differences.
Comparison compare_records(const CompactRecords& a, const CompactRecords& b,
                           const CompareOptions& options);
Comparison compare_records(const RecordSet& a, const RecordSet& b, const CompareOptions& options);

// Of two results of `qaio load --json`, by the requests that they hold. Of an older one, which
// holds percentiles only, no time is judged, as the sentence says.
Comparison compare_loads(const LoadResult& a, const LoadResult& b, const CompareOptions& options);

// What A and B are, side by side.
Grid comparison_sides(const Comparison& comparison);
// Without the sentence where there were too few to compare, or nothing could be tested.
std::string comparison_text(const Comparison& comparison);
// One line with its newline. With `charts`: the picture of it.
std::string comparison_json(const Comparison& comparison, bool charts = false);
// One file with its chart, as report_html().
std::string comparison_html(const Comparison& comparison);

}  // namespace qaio
