#include "server/observe/record_query.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

namespace qaio {
namespace {

constexpr int64_t kLimitDefault = 50;
constexpr double kSlowMsMax = 1e9;
constexpr int64_t kCharsMax = int64_t{1} << 40;
constexpr auto kOrders = std::to_array<std::string_view>({"newest", "slowest"});
constexpr auto kFields =
    std::to_array<std::string_view>({"limit", "slow", "task", "id", "key", "status", "min_chars",
                                     "max_chars", "since", "until", "sort", "format", "download"});

Result<std::optional<StatusFilter>> read_status(const QueryFields& fields) {
  const auto text = fields.text("status");
  if (!text) return std::optional<StatusFilter>();
  const Result<StatusFilter> filter = StatusFilter::parse(*text);
  if (filter) return std::optional(*filter);
  return fail(ErrorCode::kInvalidArgument, "'status': " + filter.error().message, "status");
}

// What is given must be something.
Result<std::optional<std::string>> read_name(const QueryFields& fields, std::string_view name,
                                             std::string_view what) {
  auto text = fields.text(name);
  if (!text || !text->empty()) return text;
  return fail(ErrorCode::kInvalidArgument, fmt::format("'{}' must be the {}", name, what),
              std::string(name));
}

}  // namespace

Result<RecordQuery> RecordQuery::parse(const std::string& text, int64_t limit_max,
                                       int64_t now_unix_ms) {
  QAIO_ASSIGN(const QueryFields fields, QueryFields::parse(text, kFields));
  QAIO_ASSIGN(const auto limit, fields.integer("limit", 1, limit_max));
  QAIO_ASSIGN(const auto slow_ms, fields.number("slow", 0, kSlowMsMax));
  RecordQuery query;
  query.limit = static_cast<size_t>(limit.value_or(std::min(kLimitDefault, limit_max)));
  query.slow_ms = slow_ms.value_or(0);
  QAIO_ASSIGN(const auto format, fields.choice("format", kRecordFormats));
  query.format = static_cast<RecordFormat>(format.value_or(0));
  QAIO_ASSIGN(query.download, fields.flag("download"));
  QAIO_ASSIGN(const auto order, fields.choice("sort", kOrders));
  query.slowest_first = order == 1U;
  QAIO_ASSIGN(query.since_unix_ms, fields.time("since", now_unix_ms));
  QAIO_ASSIGN(query.until_unix_ms, fields.time("until", now_unix_ms));
  QAIO_ASSIGN(query.task, read_name(fields, "task", "name of a task"));
  QAIO_ASSIGN(query.id, read_name(fields, "id", "id of a request"));
  QAIO_ASSIGN(query.key, read_name(fields, "key", "name of an API key"));
  QAIO_ASSIGN(query.status, read_status(fields));
  QAIO_ASSIGN(query.chars_min, fields.integer("min_chars", 0, kCharsMax));
  QAIO_ASSIGN(query.chars_max, fields.integer("max_chars", query.chars_min.value_or(0), kCharsMax));
  return query;
}

bool RecordQuery::wants(const RequestRecord& record) const {
  if (since_unix_ms && record.arrived_unix_ms < *since_unix_ms) return false;
  if (until_unix_ms && record.arrived_unix_ms >= *until_unix_ms) return false;
  if (static_cast<double>(record.lane.wall_ns()) < slow_ms * 1e6) return false;
  if (chars_min && record.input_chars < *chars_min) return false;
  if (chars_max && record.input_chars > *chars_max) return false;
  if (status && !status->wants(record)) return false;
  if (id && record.request_id != *id) return false;
  if (key && record.key != *key) return false;
  return !task || std::ranges::find(record.tasks, *task, &TaskRecord::task) != record.tasks.end();
}

ArchiveFilter RecordQuery::filter() const {
  ArchiveFilter filter;
  filter.served_only = true;
  filter.from_unix_ms = since_unix_ms;
  filter.until_unix_ms = until_unix_ms;
  filter.task = task.value_or("");
  filter.request_id = id.value_or("");
  filter.key = key.value_or("");
  filter.status = status;
  filter.chars_min = chars_min;
  filter.chars_max = chars_max;
  if (slow_ms > 0) filter.total_min_us = static_cast<int64_t>(std::ceil(slow_ms * 1000));
  filter.limit = limit;
  filter.order =
      slowest_first ? ArchiveFilter::Order::kSlowestFirst : ArchiveFilter::Order::kNewestFirst;
  return filter;
}

}  // namespace qaio
