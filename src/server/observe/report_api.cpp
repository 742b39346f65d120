// GET /report: the report of `qaio report`, of what this server served.
#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>

#include "report/report.h"
#include "report/report_html.h"
#include "report/report_json.h"
#include "report/report_sections.h"
#include "report/report_text.h"
#include "server/observe/served_facts.h"

namespace qaio {
namespace {

constexpr int64_t kLastDefault = 100;
constexpr auto kFields = std::to_array<std::string_view>(
    {"last", "since", "until", "version", "task", "trend", "format", "charts", "lang"});

struct Format {
  std::string_view name;
  std::string_view media_type;  // as `Accept` names it
  std::string_view content_type;
  std::string (*render)(const Report& report);
};
constexpr auto kFormats = std::to_array<Format>(
    {{"json", "application/json", "application/json",
      [](const Report& report) { return report_json(report); }},
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
  bool charts = false;
  Language language = Language::kEnglish;
};

Result<TrendBy> trend_field(const QueryFields& fields) {
  QAIO_ASSIGN(const auto found,
              fields.choice("trend", std::to_array<std::string_view>({"day", "version"})));
  if (!found) return TrendBy::kNone;
  return *found == 0 ? TrendBy::kDay : TrendBy::kVersion;
}

Result<ReportQuery> read_query(const HttpRequest& request, int64_t now_unix_ms) {
  QAIO_ASSIGN(const QueryFields fields, QueryFields::parse(request.query, kFields));
  ReportQuery query;
  QAIO_ASSIGN(const auto last, fields.integer("last", 1, kFactsMax));
  QAIO_ASSIGN(query.selection, selection_fields(fields, "", now_unix_ms));
  RecordSelection& selection = query.selection;
  QAIO_ASSIGN(query.trend, trend_field(fields));
  QAIO_ASSIGN(query.charts, fields.flag("charts"));
  QAIO_ASSIGN(query.language, language_field(fields));
  const bool asked = selection.since_unix_ms || selection.until_unix_ms ||
                     !selection.version.empty() || query.trend != TrendBy::kNone;
  selection.last = static_cast<size_t>(last.value_or(asked ? kFactsMax : kLastDefault));
  std::array<std::string_view, kFormats.size()> names;
  std::ranges::transform(kFormats, names.begin(), &Format::name);
  QAIO_ASSIGN(const auto format, fields.choice("format", names));
  query.format = format ? &kFormats[*format] : &accepted_format(request.accept);
  if (query.charts && query.format->name != "json") {
    return fail(ErrorCode::kInvalidArgument, "'charts' goes with format=json; html has them anyway",
                "charts");
  }
  return query;
}

HttpResponse report_response(const CompactRecords& facts, std::vector<SloRule> rules,
                             const ReportQuery& query) {
  const Format& format = *query.format;
  HttpResponse response;
  response.content_type = format.content_type;
  ReportOptions how;
  how.trend = query.trend;
  how.rules = std::move(rules);
  how.language = query.language;
  const Report report = make_report(facts, how);
  response.body = query.charts ? report_json(report, true) : format.render(report);
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
  answer_from_facts(
      call, sources,
      [sources = sources, query = *query](const FactsLoader& load) -> Result<HttpResponse> {
        QAIO_ASSIGN(const CompactRecords facts, load(query.selection));
        return report_response(facts, rules_of(sources), query);
      });
}

}  // namespace

void add_report_api(Router& router, const ObserveSources& sources) {
  router.add("GET", "/report", Scope::kRead,
             [sources](const auto& call) { show_report(call, sources); });
}

}  // namespace qaio
