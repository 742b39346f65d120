// What `qaio report` says about a set of records, as data; renderers turn it into text.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "record/compact_record.h"
#include "record/record_set.h"
#include "report/findings.h"
#include "report/language.h"
#include "report/length_plots.h"
#include "report/measures.h"
#include "slo/slo_compliance.h"
#include "stats/statistics.h"

namespace qaio {

// One measure over all requests that have it, in ms.
struct StageRow {
  std::string name;
  MeasureKind kind = MeasureKind::kStage;
  std::string task = {};  // of a task's lane
  size_t count = 0;
  double mean = 0;
  double p50 = 0;
  double p95 = 0;
  double p99 = 0;
  double max = 0;
  double share = 0;  // of the time of all requests; tasks side by side may add up to more than 1.
                     // Of a client's measure: of the time of all clients that reported
};

struct Throughput {
  double seconds = 0;  // first arrival to last end; of all runs, without the time between them
  double requests_s = 0;
  double prompt_tokens_s = 0;
  double cached_share = 0;  // of prompt tokens
  double output_tokens_s = 0;
  double questions_s = 0;            // of classifications
  double questions_per_request = 0;  // that asked any
  double in_flight = 0;              // requests at once, on average
  double cpu_cores = 0;              // of the processes, while a request was there; 0: unknown
  double resident_mib = 0;           // largest
};

// One bar of a waterfall; a request's own stages have no task.
struct WaterfallBar {
  std::string task;
  Stage stage = Stage::kHttpRead;
  double begin_ms = 0;  // from the request's first byte
  double end_ms = 0;
};

struct Waterfall {
  std::string request_id;
  std::string path;
  int64_t arrived_unix_ms = 0;
  double total_ms = 0;
  int64_t prompt_tokens = 0;
  int64_t output_tokens = 0;
  std::vector<WaterfallBar> bars = {};
};

// A moment of the timeline: one answered request.
struct TimelinePoint {
  int64_t arrived_unix_ms = 0;
  double total_ms = 0;
};

struct TrendGroup {
  std::string label;  // a day (UTC) or a version
  size_t count = 0;
  double p50 = 0;         // of the total, in ms
  Interval p50_interval;  // 95 %
  double p95 = 0;
  double ttft_p50 = 0;  // 0: no tokens
  double tpot_p50 = 0;
};

struct TrendChange {
  std::string label;  // of the group in which it happened
  std::string measure;
  size_t item = 0;              // of the set: the first request after it
  double fraction = 0;          // of the group's requests that came before
  int64_t arrived_unix_ms = 0;  // of that request
  std::string request_id;
  double before_ms = 0;  // medians, at equal tasks and tokens
  double after_ms = 0;
  double p = 0;
};

enum class TrendBy : uint8_t { kNone, kDay, kVersion };

struct ReportOptions {
  size_t slowest = 3;
  TrendBy trend = TrendBy::kNone;
  std::optional<PhysicalLimits> limits = {};
  std::vector<SloRule> rules = {SloRule()};
  int threads = 1;  // that compute it
  Language language = Language::kEnglish;
};

struct Report {
  std::vector<RunInfo> runs;             // that have records in it
  size_t requests = 0;                   // all of them
  size_t answered = 0;                   // what the figures below are about
  std::map<std::string, size_t> others;  // the rest by error code, "status 404", "without tasks"
  int64_t first_unix_ms = 0;
  int64_t last_unix_ms = 0;
  std::vector<StageRow> stages;  // headlines, request lane, each task's lane
  Throughput throughput;
  std::vector<Waterfall> slowest;
  std::vector<TimelinePoint> timeline;  // at most kTimelineMax, evenly thinned
  std::vector<Finding> findings;
  std::vector<LengthPlot> lengths;
  std::vector<SloCompliance> slo;
  bool limits_known = false;
  TrendBy trend_by = TrendBy::kNone;
  std::vector<TrendGroup> trend;     // in order of time
  std::vector<TrendChange> changes;  // the largest, in order of time
  size_t changes_left_out = 0;
  Language language = Language::kEnglish;

  static constexpr std::string_view kStatus = "status ";  // in `others`
  static constexpr std::string_view kWithoutTasks = "without tasks";
  static constexpr size_t kChangesMax = 10;
  static constexpr size_t kTimelineMax = 2000;
};

Report make_report(const CompactRecords& set, const ReportOptions& options);
Report make_report(const RecordSet& set, const ReportOptions& options);

Waterfall waterfall_of(const RequestRecord& record);
// Part of make_report().
void add_trend(const CompactRecords& set, const std::vector<Measure>& measures, TrendBy by,
               Report& report);

}  // namespace qaio
