// GET /requests, /requests/{id}: the last requests from memory, older ones from the archive.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>
#include <limits>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "archive/archive_reader.h"
#include "record/record_text.h"
#include "server/http/json_pieces.h"
#include "server/http/query_fields.h"
#include "server/observe/observe_api.h"
#include "server/observe/record_query.h"
#include "server/observe/record_view.h"
#include "telemetry/chrome_trace.h"

namespace qaio {
namespace {

constexpr int64_t kArchivedLimitMax = 1000;  // a list of MiB
constexpr size_t kRecordBytes = 3 << 10;     // of one in memory, about
constexpr std::chrono::seconds kSearchTime{2};
constexpr auto kOneFields = std::to_array<std::string_view>({"format"});

int64_t limit_max(const ObserveSources& sources) {
  const auto kept = static_cast<int64_t>(sources.recent->count_max());
  return sources.archive == nullptr ? kept : std::max(kept, kArchivedLimitMax);
}

HttpHeader kept_as(std::string_view file) {
  return {"Content-Disposition", fmt::format("attachment; filename=\"{}\"", file)};
}

// A timeline of these requests and, with `sources`, of the engine's steps meanwhile.
HttpResponse chrome_response(std::vector<RecordPtr> records, const RunInfo& run,
                             const ObserveSources* sources) {
  RecordSet set;
  set.runs.push_back({.info = run});
  TimeNs from_ns = std::numeric_limits<TimeNs>::max();
  TimeNs until_ns = 0;
  std::ranges::sort(records, {}, [](const RecordPtr& one) { return one->lane.begin_ns(); });
  for (RecordPtr& record : records) {
    from_ns = std::min(from_ns, record->lane.begin_ns());
    until_ns = std::max(until_ns, record->lane.end_ns());
    set.items.push_back({.record = std::move(record)});
  }
  std::vector<EngineStep> steps;
  if (!set.items.empty() && sources != nullptr && sources->steps)
    steps = sources->steps(from_ns, until_ns);
  HttpResponse response;
  response.headers.push_back(kept_as("qaio-trace.json"));
  response.body = chrome_trace(set, steps);
  return response;
}

// Gives records one after another, then null.
using NextRecord = std::function<RecordPtr()>;

HttpResponse json_list(NextRecord next, size_t held_bytes) {
  return json_in_pieces(
      [next = std::move(next), begun = false](JsonWriter& json) mutable {
        if (!std::exchange(begun, true)) json.begin_object().key("requests").begin_array();
        const RecordPtr record = next();
        if (record == nullptr) {
          json.end_array().end_object();
          return false;
        }
        write_record_view(*record, json);
        return true;
      },
      held_bytes);
}

HttpResponse csv_list(NextRecord next, size_t held_bytes) {
  HttpResponse response = text_in_pieces(
      [next = std::move(next), begun = false](std::string& text) mutable {
        if (!std::exchange(begun, true)) text += csv_list_header();
        const RecordPtr record = next();
        if (record != nullptr) append_csv_list(*record, text);
        return record != nullptr;
      },
      held_bytes);
  response.content_type = "text/csv; charset=utf-8; header=present";
  response.headers.push_back(kept_as("qaio-requests.csv"));
  return response;
}

// `held_bytes` is what `next` keeps.
HttpResponse list_response(const RecordQuery& query, NextRecord next, size_t held_bytes) {
  if (query.format == RecordFormat::kCsv) return csv_list(std::move(next), held_bytes);
  HttpResponse response = json_list(std::move(next), held_bytes);
  if (query.download) response.headers.push_back(kept_as("qaio-requests.json"));
  return response;
}

HttpResponse list_response(const RecordQuery& query, std::vector<RecordPtr> records) {
  const size_t held_bytes = records.size() * kRecordBytes;
  const auto next = [records = std::make_shared<const std::vector<RecordPtr>>(std::move(records)),
                     i = size_t{0}]() mutable {
    return i < records->size() ? (*records)[i++] : nullptr;
  };
  return list_response(query, next, held_bytes);
}

void sort_slowest_first(std::vector<RecordPtr>& records) {
  std::ranges::stable_sort(records, std::greater(),
                           [](const RecordPtr& record) { return record->lane.wall_ns(); });
}

// Those of memory, in the order that is wanted.
std::vector<RecordPtr> recent_ones(const RecentRecords& recent, const RecordQuery& query) {
  const size_t limit = query.slowest_first ? recent.count_max() : query.limit;
  std::vector<RecordPtr> found =
      recent.last(limit, [&](const RequestRecord& record) { return query.wants(record); });
  if (query.slowest_first) sort_slowest_first(found);
  if (found.size() > query.limit) found.resize(query.limit);
  return found;
}

// Of the newest, looks for each when it is its turn, and so keeps none for a client that does not
// read.
HttpResponse recent_response(const RecentRecords& recent, const RecordQuery& query) {
  if (query.slowest_first) return list_response(query, recent_ones(recent, query));
  const auto next = [&recent, query, place = recent.end_place(),
                     left = query.limit]() mutable -> RecordPtr {
    if (left == 0) return nullptr;
    --left;
    const auto found = recent.last_before(
        place, 1, [&](const RequestRecord& record) { return query.wants(record); });
    return found.empty() ? nullptr : found.front();
  };
  return list_response(query, next, 0);
}

Result<std::vector<ArchivedRecord>> archived(SqliteArchive& archive, const ArchiveFilter& filter,
                                             const Unwanted& unwanted) {
  QAIO_ASSIGN(ArchiveReader reader, ArchiveReader::open(archive.path()));
  reader.stop_when(unwanted);
  auto records = reader.read(filter);
  if (reader.damaged() > 0) archive.report_damaged(reader.damaged());
  return records;
}

// Those of memory, then those that it no longer holds. (A paused archive lacks the newest.)
HttpResponse joined_response(const RecordQuery& query, std::vector<RecordPtr> recent,
                             const std::vector<ArchivedRecord>& older) {
  std::set<std::pair<TimeNs, std::string_view>> remembered;  // as same_request() has it
  for (const RecordPtr& record : recent)
    remembered.emplace(record->lane.begin_ns(), record->request_id);
  std::vector<RecordPtr> all = std::move(recent);
  for (const ArchivedRecord& archived : older) {
    const RecordPtr& record = archived.record;
    if (!remembered.contains({record->lane.begin_ns(), record->request_id})) all.push_back(record);
  }
  if (query.slowest_first) sort_slowest_first(all);
  if (all.size() > query.limit) all.resize(query.limit);
  return list_response(query, std::move(all));
}

void list_requests(const std::shared_ptr<Call>& call, const ObserveSources& sources) {
  const Result<RecordQuery> query =
      RecordQuery::parse(call->request().query, limit_max(sources), call->clock().wall_unix_ms());
  if (!query) {
    call->respond(error_response(query.error()));
    return;
  }
  const bool chrome = query->format == RecordFormat::kChrome;
  if (sources.archive == nullptr || chrome) {
    answer_when_consumed(*sources.observer, call, [sources, chrome, query = *query] {
      return chrome ? chrome_response(recent_ones(*sources.recent, query), sources.state().run,
                                      &sources)
                    : recent_response(*sources.recent, query);
    });
    return;
  }
  call->lap(Stage::kParse);
  const Unwanted unwanted = unwanted_after(kSearchTime, call, *sources.searches);
  sources.observer->when_consumed(answering(call, [=, sources = sources, query = *query] {
    std::vector<RecordPtr> recent = recent_ones(*sources.recent, query);
    if (recent.size() == query.limit && !query.slowest_first) {
      return respond_from_thread(call, recent_response(*sources.recent, query));
    }
    when_archived(sources, answering(call, [=, recent = std::move(recent)] {
                    answer_aside(*sources.searches, call, [=] {
                      const auto older = archived(*sources.archive, query.filter(), unwanted);
                      if (!older) return archive_error_response(*sources.archive, older.error());
                      return joined_response(query, recent, *older);
                    });
                  }));
  }));
}

// `same_id`: the request and all others that came with its id.
HttpResponse record_response(const RequestRecord& record, size_t same_id) {
  HttpResponse response;
  JsonWriter json(response.body);
  write_record_view(record, json, same_id - 1);
  return response;
}

// How many the archive holds with this id, counted up to the most that a list shows; 0 if it cannot
// tell.
size_t count_archived(SqliteArchive& archive, const std::string& id, const Unwanted& unwanted) {
  Result<ArchiveReader> reader = ArchiveReader::open(archive.path());
  if (reader) {
    reader->stop_when(unwanted);
    const Result<int64_t> count =
        reader->count({.request_id = id, .limit = size_t{kArchivedLimitMax}});
    if (count) return static_cast<size_t>(*count);
    if (count.error().code != ErrorCode::kCancelled) archive.report_unreadable(count.error());
  } else {
    archive.report_unreadable(reader.error());
  }
  return 0;
}

// One that memory no longer holds: the newest of its id.
HttpResponse archived_response(const ObserveSources& sources, const std::string& id, bool chrome,
                               const Unwanted& unwanted) {
  const ArchiveFilter filter{
      .request_id = id, .limit = 1, .order = ArchiveFilter::Order::kNewestFirst};
  const auto found = archived(*sources.archive, filter, unwanted);
  if (!found) return archive_error_response(*sources.archive, found.error());
  if (found->empty()) return unknown_response(id, sources.recent->count_max(), true);
  const auto& [record, run] = found->front();
  if (chrome) return chrome_response({record}, run->info, nullptr);
  return record_response(*record,
                         std::max<size_t>(1, count_archived(*sources.archive, id, unwanted)));
}

// Of one request there is no table.
Result<bool> wants_chrome(const std::string& query) {
  QAIO_ASSIGN(const QueryFields fields, QueryFields::parse(query, kOneFields));
  QAIO_ASSIGN(const auto format,
              fields.choice("format", std::to_array<std::string_view>({"json", "chrome"})));
  return format == 1U;
}

void show_request(const std::shared_ptr<Call>& call, const ObserveSources& sources) {
  const Result<bool> asked = wants_chrome(call->request().query);
  if (!asked) {
    call->respond(error_response(asked.error()));
    return;
  }
  const bool chrome = *asked;
  const std::string id = percent_decoded(call->request().parameter);
  const auto remembered = [=, sources = sources](const std::vector<RecordPtr>& same,
                                                 size_t archived_count) {
    if (chrome) return chrome_response({same.front()}, sources.state().run, &sources);
    return record_response(*same.front(), std::max(same.size(), archived_count));
  };
  if (sources.archive == nullptr) {
    answer_when_consumed(*sources.observer, call, [=, recent = sources.recent] {
      const std::vector<RecordPtr> same = recent->find(id);
      return same.empty() ? unknown_response(id, recent->count_max(), false) : remembered(same, 0);
    });
    return;
  }
  call->lap(Stage::kParse);
  const Unwanted unwanted = unwanted_after(kSearchTime, call, *sources.searches);
  sources.observer->when_consumed(answering(call, [=, sources = sources] {
    when_archived(sources, answering(call, [=, same = sources.recent->find(id)] {
                    if (!same.empty() && chrome)
                      return respond_from_thread(call, remembered(same, 0));
                    answer_aside(*sources.searches, call, [=] {
                      if (!same.empty())
                        return remembered(same, count_archived(*sources.archive, id, unwanted));
                      return archived_response(sources, id, chrome, unwanted);
                    });
                  }));
  }));
}

}  // namespace

HttpResponse unknown_response(const std::string& id, size_t kept_max, bool archive) {
  return error_response(404, error_code_name(ErrorCode::kNotFound),
                        fmt::format("there is no record of request '{}' among the last {}{}", id,
                                    kept_max, archive ? " or in the archive" : ""));
}

void add_requests_api(Router& router, const ObserveSources& sources) {
  router.add("GET", "/requests", Scope::kRead,
             [sources](const auto& call) { list_requests(call, sources); });
  router.add("GET", "/requests/{id}", Scope::kRead,
             [sources](const auto& call) { show_request(call, sources); });
}

}  // namespace qaio
