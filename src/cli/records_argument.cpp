#include "cli/records_argument.h"

#include <fmt/format.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <system_error>

#include "archive/archive_reader.h"
#include "archive/archive_source.h"
#include "base/cores.h"
#include "base/time_argument.h"
#include "record/record_json.h"

namespace qaio {
namespace {

// An '@' that begins a selection: what follows is no path.
size_t selection_mark(const std::string& text) {
  const size_t at = text.rfind('@');
  return at == std::string::npos || text.find('/', at) != std::string::npos ? std::string::npos
                                                                            : at;
}

// By what every SQLite file begins with; a file that cannot be read is the loader's to name.
bool is_archive(const std::string& path) {
  constexpr std::string_view kMagic = "SQLite format 3";
  std::array<char, kMagic.size()> head{};
  std::ifstream file(path, std::ios::binary);
  file.read(head.data(), head.size());
  return file && std::string_view(head.data(), head.size()) == kMagic;
}

}  // namespace

Result<RecordsArgument> parse_records_argument(const std::string& text, int64_t now_unix_ms) {
  RecordsArgument place;
  std::error_code none;
  const bool whole = std::filesystem::exists(text, none);
  const size_t mark = whole ? std::string::npos : selection_mark(text);
  place.path = text.substr(0, mark);
  if (place.path.empty())
    return fail(ErrorCode::kInvalidArgument, "'" + text + "' names no file of records");
  if (mark == std::string::npos) return place;
  const std::string rest = text.substr(mark + 1);
  constexpr std::string_view kModel = "model=";
  if (rest.starts_with(kModel)) {
    place.selection.model = rest.substr(kModel.size());
    return place;
  }
  const size_t dots = rest.find("..");
  if (dots == std::string::npos) {
    place.selection.version = rest;
    return place;
  }
  const std::string from = rest.substr(0, dots);
  const std::string to = rest.substr(dots + 2);
  if (!from.empty()) {
    QAIO_ASSIGN(place.selection.since_unix_ms, parse_time(from, now_unix_ms));
  }
  if (!to.empty()) {
    QAIO_ASSIGN(place.selection.until_unix_ms, parse_time(to, now_unix_ms));
  }
  return place;
}

Result<RecordSet> load_records(const RecordsArgument& place) {
  if (is_archive(place.path)) return ArchiveSource(place.path).load(place.selection);
  return RecordFile(place.path).load(place.selection);
}

Result<CompactRecords> load_facts(const RecordsArgument& place) {
  if (is_archive(place.path)) {
    Result<CompactRecords> facts =
        ArchiveSource(place.path).load_facts(place.selection, cores_allowed());
    if (facts && facts->damaged > 0)
      fmt::print(stderr, "qaio: {}: {}\n", place.path, damaged_text(facts->damaged));
    return facts;
  }
  QAIO_ASSIGN(const RecordSet set, RecordFile(place.path).load(place.selection));
  return compact_records(set);
}

}  // namespace qaio
