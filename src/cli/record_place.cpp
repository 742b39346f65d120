#include "cli/record_place.h"

#include <array>
#include <cctype>
#include <charconv>
#include <cstring>
#include <ctime>
#include <fstream>
#include <optional>
#include <string_view>

#include "observe/archive_source.h"
#include "observe/record_json.h"

namespace qaio {
namespace {

std::optional<int64_t> ago_ms(const std::string& text) {
  int64_t count = 0;
  const char* end = text.data() + text.size();
  const auto [unit, error] = std::from_chars(text.data(), end, count);
  if (error != std::errc() || unit + 1 != end || count < 0 || count > 1'000'000)
    return std::nullopt;
  switch (*unit) {
    case 's':
      return count * 1000;
    case 'm':
      return count * 60'000;
    case 'h':
      return count * 3'600'000;
    case 'd':
      return count * 86'400'000;
    default:
      return std::nullopt;
  }
}

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

Result<int64_t> parse_time(const std::string& text, int64_t now_unix_ms) {
  if (const auto ago = ago_ms(text)) return now_unix_ms - *ago;
  static constexpr std::array<const char*, 3> kFormats = {"%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M",
                                                          "%Y-%m-%d"};
  for (const char* format : kFormats) {
    std::tm time{};
    const char* end = strptime(text.c_str(), format, &time);
    if (end != nullptr && *end == '\0') return int64_t{timegm(&time)} * 1000;
  }
  return fail(
      ErrorCode::kInvalidArgument,
      "a time is 2026-01-31, 2026-01-31T12:00 (UTC) or 15m, 6h, 2d ago, not '" + text + "'");
}

Result<RecordPlace> parse_place(const std::string& text, int64_t now_unix_ms) {
  RecordPlace place;
  const size_t mark = selection_mark(text);
  place.path = text.substr(0, mark);
  if (place.path.empty())
    return fail(ErrorCode::kInvalidArgument, "'" + text + "' names no file of records");
  if (mark == std::string::npos) return place;
  const std::string rest = text.substr(mark + 1);
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

Result<RecordSet> load_place(const RecordPlace& place) {
  if (is_archive(place.path)) return ArchiveSource(place.path).load(place.selection);
  return RecordFile(place.path).load(place.selection);
}

}  // namespace qaio
