#include "server/observe/served_facts.h"

#include <array>
#include <utility>

#include "archive/archive_source.h"

namespace qaio {
namespace {

constexpr std::chrono::seconds kTimeMax{30};

// What memory holds of this run.
CompactRecords recent_facts(const RecentRecords& recent, const RunInfo& run,
                            const RecordSelection& selection) {
  const std::vector<RecordPtr> all = recent.last(recent.count_max());
  RecordSelector selector(selection);
  const uint32_t number = selector.add_run(run, all.size() < recent.count_max());
  for (const RecordPtr& record : all) selector.add(record, number);
  return compact_records(selector.take());
}

Result<CompactRecords> archived_facts(SqliteArchive& archive, const RecordSelection& selection,
                                      const Unwanted& unwanted) {
  Result<CompactRecords> facts = ArchiveSource(archive.path(), unwanted).load_facts(selection, 1);
  if (facts && facts->damaged > 0) archive.report_damaged(facts->damaged);
  return facts;
}

}  // namespace

Result<RecordSelection> selection_fields(const QueryFields& fields, std::string_view prefix,
                                         int64_t now_unix_ms) {
  const auto name = [prefix](std::string_view field) {
    return std::string(prefix) + std::string(field);
  };
  RecordSelection selection;
  QAIO_ASSIGN(selection.since_unix_ms, fields.time(name("since"), now_unix_ms));
  QAIO_ASSIGN(selection.until_unix_ms, fields.time(name("until"), now_unix_ms));
  selection.version = fields.text(name("version")).value_or("");
  selection.model = fields.text(name("model")).value_or("");
  selection.task = fields.text("task").value_or("");
  selection.path = fields.text("route").value_or("");
  return selection;
}

Result<Language> language_field(const QueryFields& fields) {
  QAIO_ASSIGN(const auto found,
              fields.choice("lang", std::to_array<std::string_view>({"en", "zh"})));
  return found == 1U ? Language::kChinese : Language::kEnglish;
}

void answer_from_facts(const std::shared_ptr<Call>& call, const ObserveSources& sources,
                       std::function<Result<HttpResponse>(const FactsLoader& load)> make) {
  const Unwanted unwanted = unwanted_after(kTimeMax, call, *sources.reports);
  const auto answer = answering(call, [=, sources = sources, make = std::move(make)] {
    answer_aside(*sources.reports, call, [=]() -> HttpResponse {
      if (sources.archive == nullptr) {
        Result<HttpResponse> response = make([&sources](const RecordSelection& selection) {
          return Result<CompactRecords>(
              recent_facts(*sources.recent, sources.state().run, selection));
        });
        return response ? *std::move(response) : error_response(response.error());
      }
      Result<HttpResponse> response = make([&](const RecordSelection& selection) {
        return archived_facts(*sources.archive, selection, unwanted);
      });
      return response ? *std::move(response)
                      : archive_error_response(*sources.archive, response.error());
    });
  });
  sources.observer->when_consumed(answering(call, [sources = sources, answer] {
    if (sources.archive == nullptr) return answer();
    when_archived(sources, answer);
  }));
}

}  // namespace qaio
