// GET /compare: the comparison of `qaio compare`, of what this server served; without sides, what
// there is to compare.
#include <fmt/format.h>

#include <array>
#include <string>

#include "report/compare.h"
#include "report/compare_choices.h"
#include "server/observe/served_facts.h"

namespace qaio {
namespace {

constexpr auto kFields = std::to_array<std::string_view>(
    {"a_version", "a_model", "a_since", "a_until", "b_version", "b_model", "b_since", "b_until",
     "task", "route", "last", "charts", "lang"});
constexpr auto kOfSide = std::to_array<std::string_view>({"version", "model", "since", "until"});

struct Side {
  RecordSelection selection;
  std::string source;  // as it was asked for; empty: not at all
};

struct CompareQuery {
  Side a;
  Side b;
  Language language = Language::kEnglish;
  bool charts = false;
};

Result<Side> read_side(const QueryFields& fields, std::string_view prefix, int64_t now_unix_ms) {
  Side side;
  QAIO_ASSIGN(side.selection, selection_fields(fields, prefix, now_unix_ms));
  for (const std::string_view name : kOfSide) {
    const auto text = fields.text(std::string(prefix) + std::string(name));
    if (!text) continue;
    side.source += fmt::format("{}{} {}", side.source.empty() ? "" : ", ", name, *text);
  }
  QAIO_ASSIGN(const auto last, fields.integer("last", 1, kFactsMax));
  side.selection.last = static_cast<size_t>(last.value_or(kFactsMax));
  return side;
}

Result<CompareQuery> read_query(const HttpRequest& request, int64_t now_unix_ms) {
  QAIO_ASSIGN(const QueryFields fields, QueryFields::parse(request.query, kFields));
  CompareQuery query;
  QAIO_ASSIGN(query.a, read_side(fields, "a_", now_unix_ms));
  QAIO_ASSIGN(query.b, read_side(fields, "b_", now_unix_ms));
  QAIO_ASSIGN(query.language, language_field(fields));
  QAIO_ASSIGN(query.charts, fields.flag("charts"));
  if (query.a.source.empty() != query.b.source.empty()) {
    const std::string side = query.a.source.empty() ? "a" : "b";
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("'{0}_version', '{0}_model', '{0}_since' or '{0}_until' must say what "
                            "{1} is compared with",
                            side, side == "a" ? "B" : "A"),
                side + "_version");
  }
  return query;
}

Result<HttpResponse> compare(const CompareQuery& query, const FactsLoader& load) {
  HttpResponse response;
  response.content_type = "application/json";
  QAIO_ASSIGN(const CompactRecords a, load(query.a.selection));
  if (query.a.source.empty()) {
    response.body = compare_choices_json(a);
    return response;
  }
  QAIO_ASSIGN(const CompactRecords b, load(query.b.selection));
  CompareOptions how;
  how.language = query.language;
  Comparison comparison = compare_records(a, b, how);
  comparison.a.source = query.a.source;
  comparison.b.source = query.b.source;
  response.body = comparison_json(comparison, query.charts);
  return response;
}

void show_comparison(const std::shared_ptr<Call>& call, const ObserveSources& sources) {
  const Result<CompareQuery> query = read_query(call->request(), call->clock().wall_unix_ms());
  call->lap(Stage::kParse);
  if (!query) {
    call->respond(error_response(query.error()));
    return;
  }
  answer_from_facts(call, sources,
                    [query = *query](const FactsLoader& load) { return compare(query, load); });
}

}  // namespace

void add_compare_api(Router& router, const ObserveSources& sources) {
  router.add("GET", "/compare", Scope::kRead,
             [sources](const auto& call) { show_comparison(call, sources); });
}

}  // namespace qaio
