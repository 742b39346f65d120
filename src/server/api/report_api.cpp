// GET /report: the report of `qaio report`, of what this server served.
#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>

#include "archive/archive_source.h"
#include "report/report.h"
#include "report/report_html.h"
#include "report/report_json.h"
#include "report/report_sections.h"
#include "report/report_text.h"
#include "server/api/observe_api.h"
#include "server/http/query_fields.h"

namespace qaio {
namespace {

constexpr int64_t kLastDefault = 100;
constexpr int64_t kLastMax = 100'000;  // about 50 MiB while it is made; more: `qaio report`
constexpr std::chrono::seconds kReportTime{30};
constexpr auto kFields = std::to_array<std::string_view>(
    {"last", "since", "until", "version", "task", "trend", "format"});

struct Format {
  std::string_view name;
  std::string_view media_type;  // as `Accept` names it
  std::string_view content_type;
  std::string (*render)(const Report& report);
};
constexpr auto kFormats = std::to_array<Format>(
    {{"json", "application/json", "application/json", report_json},
     {"html", "text/html", "text/html; charset=utf-8", report_html},
     {"text", "text/plain", "text/plain; charset=utf-8", report_text},
     {"markdown", "text/markdown", "text/markdown; charset=utf-8", report_markdown}});

// The first that the header names; what names none of them, as curl's, gets JSON, as everywhere in
// this API.
const Format& accepted_format(std::string_view accept) {
  while (!accept.empty()) {
    std::string_view range = accept.substr(0, accept.find(','));
    accept.remove_prefix(std::min(range.size() + 1, accept.size()));
    range = range.substr(0, range.find(';'));
    while (range.starts_with(' ')) range.remove_prefix(1);
    while (range.ends_with(' ')) range.remove_suffix(1);
    const auto found = std::ranges::find(kFormats, range, &Format::media_type);
    if (found != kFormats.end()) return *found;
  }
  return kFormats.front();
}

struct ReportQuery {
  RecordSelection selection;
  TrendBy trend = TrendBy::kNone;
  const Format* format = nullptr;
};

Result<TrendBy> trend_field(const QueryFields& fields) {
  const auto text = fields.text("trend");
  if (!text) return TrendBy::kNone;
  if (*text == "day") return TrendBy::kDay;
  if (*text == "version") return TrendBy::kVersion;
  return fail(ErrorCode::kInvalidArgument, "'trend' must be day or version", "trend");
}

Result<ReportQuery> read_query(const HttpRequest& request, int64_t now_unix_ms) {
  QAIO_ASSIGN(const QueryFields fields, QueryFields::parse(request.query, kFields));
  ReportQuery query;
  QAIO_ASSIGN(const auto last, fields.integer("last", 1, kLastMax));
  RecordSelection& selection = query.selection;
  QAIO_ASSIGN(selection.since_unix_ms, fields.time("since", now_unix_ms));
  QAIO_ASSIGN(selection.until_unix_ms, fields.time("until", now_unix_ms));
  selection.version = fields.text("version").value_or("");
  selection.task = fields.text("task").value_or("");
  QAIO_ASSIGN(query.trend, trend_field(fields));
  const bool asked = selection.since_unix_ms || selection.until_unix_ms ||
                     !selection.version.empty() || query.trend != TrendBy::kNone;
  selection.last = static_cast<size_t>(last.value_or(asked ? kLastMax : kLastDefault));
  const auto format = fields.text("format");
  query.format = format ? std::ranges::find(kFormats, *format, &Format::name)
                        : &accepted_format(request.accept);
  if (query.format == kFormats.end()) {
    return fail(ErrorCode::kInvalidArgument, "'format' must be json, html, text or markdown",
                "format");
  }
  return query;
}

// What memory holds of this run.
CompactRecords recent_facts(const RecentRecords& recent, const RunInfo& run,
                            const RecordSelection& selection) {
  const std::vector<RecordPtr> all = recent.last(recent.count_max());
  RecordSelector selector(selection);
  const uint32_t number = selector.add_run(run, all.size() < recent.count_max());
  for (const RecordPtr& record : all) selector.add(record, number);
  return compact_records(selector.take());
}

HttpResponse report_response(const CompactRecords& facts, std::vector<SloRule> rules,
                             const ReportQuery& query) {
  const Format& format = *query.format;
  HttpResponse response;
  response.content_type = format.content_type;
  ReportOptions how;
  how.trend = query.trend;
  how.rules = std::move(rules);
  response.body = format.render(make_report(facts, how));
  response.headers.push_back({"Vary", "Accept"});
  // What clients sent may stand in a report: even a fault in its escaping must run nothing.
  if (format.name == "html") {
    response.headers.push_back(
        {"Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'"});
  }
  return response;
}

std::vector<SloRule> rules_of(const ObserveSources& sources) {
  std::vector<SloRule> rules;
  for (SloStatus& status : sources.slo->snapshot()) rules.push_back(std::move(status.rule));
  return rules;
}

void show_report(const std::shared_ptr<Call>& call, const ObserveSources& sources) {
  const Result<ReportQuery> query = read_query(call->request(), call->clock().wall_unix_ms());
  call->lap(Stage::kParse);
  if (!query) {
    call->respond(error_response(query.error()));
    return;
  }
  const Unwanted unwanted = unwanted_after(kReportTime, call, *sources.reports);
  const auto answer = answering(call, [=, sources = sources, query = *query] {
    answer_aside(*sources.reports, call, [=] {
      if (sources.archive == nullptr) {
        return report_response(recent_facts(*sources.recent, sources.state().run, query.selection),
                               rules_of(sources), query);
      }
      const ArchiveSource source(sources.archive->path(), unwanted);
      const Result<CompactRecords> facts = source.load_facts(query.selection, 1);
      if (!facts) return archive_error_response(*sources.archive, facts.error());
      if (facts->damaged > 0) sources.archive->report_damaged(facts->damaged);
      return report_response(*facts, rules_of(sources), query);
    });
  });
  sources.observer->when_consumed(answering(call, [sources = sources, answer] {
    if (sources.archive == nullptr) return answer();
    when_archived(sources, answer);
  }));
}

}  // namespace

void add_report_api(Router& router, const ObserveSources& sources) {
  router.add("GET", "/report", [sources](const auto& call) { show_report(call, sources); });
}

}  // namespace qaio
