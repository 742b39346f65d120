// What GET /requests is asked for: which records, in which order and form.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "archive/archive_reader.h"
#include "record/record.h"
#include "record/status_filter.h"
#include "server/http/query_fields.h"

namespace qaio {

enum class RecordFormat : uint8_t {
  kJson,
  kCsv,
  kChrome,  // a timeline
};
// What a request calls them, in their order.
inline constexpr auto kRecordFormats = std::to_array<std::string_view>({"json", "csv", "chrome"});

struct RecordQuery {
  size_t limit = 0;
  double slow_ms = 0;
  std::optional<std::string> task = {};
  std::optional<std::string> id = {};
  std::optional<std::string> key = {};  // the name of an API key
  std::optional<StatusFilter> status = {};
  std::optional<int64_t> chars_min = {};
  std::optional<int64_t> chars_max = {};
  std::optional<int64_t> since_unix_ms = {};
  std::optional<int64_t> until_unix_ms = {};
  bool slowest_first = false;  // else the newest
  RecordFormat format = RecordFormat::kJson;
  bool download = false;  // a browser is to keep it as a file

  // `limit_max`: of the records that can be shown. kInvalidArgument names the field.
  static Result<RecordQuery> parse(const std::string& text, int64_t limit_max, int64_t now_unix_ms);

  bool wants(const RequestRecord& record) const;
  ArchiveFilter filter() const;
};

}  // namespace qaio
