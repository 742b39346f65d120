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
constexpr auto kFields =
    std::to_array<std::string_view>({"limit", "slow", "task", "id", "status", "min_chars",
                                     "max_chars", "since", "until", "sort", "format", "download"});

// Whether the field has the second of its two values; the first one without the field.
Result<bool> is_second(const QueryFields& fields, std::string_view name, std::string_view first,
                       std::string_view second) {
  const std::string value = fields.text(name).value_or(std::string(first));
  if (value == first || value == second) return value == second;
  return fail(ErrorCode::kInvalidArgument,
              fmt::format("'{}' must be {} or {}", name, first, second), std::string(name));
}

Result<RecordFormat> read_list_format(const QueryFields& fields) {
  if (fields.text("format") == "csv") return RecordFormat::kCsv;
  const Result<RecordFormat> format = read_record_format(fields);
  if (format) return format;
  return fail(ErrorCode::kInvalidArgument, "'format' must be json, csv or chrome", "format");
}

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

Result<RecordFormat> read_record_format(const QueryFields& fields) {
  QAIO_ASSIGN(const bool chrome, is_second(fields, "format", "json", "chrome"));
  return chrome ? RecordFormat::kChrome : RecordFormat::kJson;
}

Result<RecordQuery> RecordQuery::parse(const std::string& text, int64_t limit_max,
                                       int64_t now_unix_ms) {
  QAIO_ASSIGN(const QueryFields fields, QueryFields::parse(text, kFields));
  QAIO_ASSIGN(const auto limit, fields.integer("limit", 1, limit_max));
  QAIO_ASSIGN(const auto slow_ms, fields.number("slow", 0, kSlowMsMax));
  RecordQuery query;
  query.limit = static_cast<size_t>(limit.value_or(std::min(kLimitDefault, limit_max)));
  query.slow_ms = slow_ms.value_or(0);
  QAIO_ASSIGN(query.format, read_list_format(fields));
  QAIO_ASSIGN(query.download, is_second(fields, "download", "0", "1"));
  QAIO_ASSIGN(query.slowest_first, is_second(fields, "sort", "newest", "slowest"));
  QAIO_ASSIGN(query.since_unix_ms, fields.time("since", now_unix_ms));
  QAIO_ASSIGN(query.until_unix_ms, fields.time("until", now_unix_ms));
  QAIO_ASSIGN(query.task, read_name(fields, "task", "name of a task"));
  QAIO_ASSIGN(query.id, read_name(fields, "id", "id of a request"));
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
  return !task || std::ranges::find(record.tasks, *task, &TaskRecord::task) != record.tasks.end();
}

ArchiveFilter RecordQuery::filter() const {
  ArchiveFilter filter;
  filter.served_only = true;
  filter.from_unix_ms = since_unix_ms;
  filter.until_unix_ms = until_unix_ms;
  filter.task = task.value_or("");
  filter.request_id = id.value_or("");
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
