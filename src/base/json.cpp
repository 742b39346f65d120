#include "base/json.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/utf8.h"
#include "base/wrong_content.h"

namespace qaio {
namespace {

constexpr size_t kPathBytesMax = 100;

// An object or array that is open.
struct Level {
  bool array;
  size_t index = 0;            // array: of the element
  std::string_view name = {};  // object: of the member, as it is written
  bool at_name = true;         // object: the next string is a name
};

std::string path_text(const std::vector<Level>& levels) {
  std::string path;
  for (const Level& level : levels) {
    if (path.size() > kPathBytesMax) break;  // a hostile name is not echoed at length
    if (level.array) {
      path += "[" + std::to_string(level.index) + "]";
    } else if (!level.at_name) {
      path += (path.empty() ? "" : ".") + std::string(level.name.substr(0, kPathBytesMax));
    }
  }
  // Each byte that is no UTF-8 becomes three.
  path = replace_invalid_utf8(path.substr(0, kPathBytesMax));
  path.resize(valid_utf8_prefix(std::string_view(path).substr(0, kPathBytesMax)));
  return path;
}

// What a name says that is written with escapes, if any.
std::string decoded(std::string_view name) {
  if (name.find('\\') == name.npos) return std::string(name);
  boost::system::error_code ec;
  const boost::json::value value = boost::json::parse('"' + std::string(name) + '"', ec);
  return ec || !value.is_string() ? std::string(name) : std::string(value.get_string());
}

// Whether the escape of the first half of a surrogate pair is the last before what comes next.
bool ends_in_leading_surrogate(std::string_view text) {
  constexpr size_t kEscapeBytes = 6;  // \ud800
  if (text.ends_with('\\')) text.remove_suffix(1);
  if (text.size() < kEscapeBytes) return false;
  const std::string_view escape = text.substr(text.size() - kEscapeBytes);
  return (escape.starts_with("\\ud") || escape.starts_with("\\uD")) &&
         std::string_view("89abAB").find(escape[3]) != std::string_view::npos;
}

// `parsed` is the text up to the fault.
std::string reason_text(const boost::system::error_code& ec, std::string_view parsed,
                        size_t depth_max) {
  using boost::json::error;
  if (ec == error::too_deep) return "nested in more than " + std::to_string(depth_max) + " levels";
  if (ec == error::illegal_leading_surrogate || ec == error::illegal_trailing_surrogate ||
      ec == error::expected_utf16_escape ||
      (ec == error::syntax && ends_in_leading_surrogate(parsed))) {
    return "half of a surrogate pair (\\ud800 to \\udfff); such a character needs both halves";
  }
  return ec.message();
}

}  // namespace

std::string open_string_path(std::string_view beginning, size_t depth_max) {
  std::vector<Level> levels;
  for (size_t at = 0; at < beginning.size(); ++at) {
    const char c = beginning[at];
    if (c == '{' || c == '[') {
      if (levels.size() == depth_max) return {};
      levels.push_back({.array = c == '['});
    } else if (c == '"') {
      const size_t begin = ++at;
      while (at < beginning.size() && beginning[at] != '"') at += beginning[at] == '\\' ? 2 : 1;
      if (at >= beginning.size()) return path_text(levels);
      if (!levels.empty()) levels.back().name = beginning.substr(begin, at - begin);
    } else if (levels.empty()) {
      continue;
    } else if (c == '}' || c == ']') {
      levels.pop_back();
    } else if (c == ':') {
      levels.back().at_name = false;
    } else if (c == ',') {
      ++levels.back().index;
      levels.back().at_name = true;
    }
  }
  return {};
}

std::optional<std::string> repeated_member_path(std::string_view text) {
  std::vector<Level> levels;
  std::vector<size_t> begins;      // by level: of an object's names among `names`
  std::vector<std::string> names;  // of all open objects, so far
  for (size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '{' || c == '[') {
      levels.push_back({.array = c == '['});
      begins.push_back(names.size());
    } else if (c == '"') {
      const size_t begin = ++at;
      while (at < text.size() && text[at] != '"') at += text[at] == '\\' ? 2 : 1;
      if (at >= text.size()) return std::nullopt;
      if (levels.empty() || levels.back().array || !levels.back().at_name) continue;
      levels.back().name = text.substr(begin, at - begin);
      names.push_back(decoded(levels.back().name));
    } else if (levels.empty()) {
      continue;
    } else if (c == '}' || c == ']') {
      const auto own = names.begin() + static_cast<ptrdiff_t>(begins.back());
      std::sort(own, names.end());
      if (const auto twice = std::adjacent_find(own, names.end()); twice != names.end()) {
        levels.back() = {.array = false, .name = *twice, .at_name = false};
        return path_text(levels);
      }
      names.erase(own, names.end());
      levels.pop_back();
      begins.pop_back();
    } else if (c == ':') {
      levels.back().at_name = false;
    } else if (c == ',') {
      ++levels.back().index;
      levels.back().at_name = true;
    }
  }
  return std::nullopt;
}

std::string_view without_byte_order_mark(std::string_view text) {
  constexpr std::string_view kMark = "\xEF\xBB\xBF";
  return text.starts_with(kMark) ? text.substr(kMark.size()) : text;
}

Result<boost::json::value> parse_json(std::string_view text, std::string_view label,
                                      size_t depth_max) {
  text = without_byte_order_mark(text);
  boost::json::parser parser({}, {.max_depth = depth_max});
  boost::system::error_code ec;
  const size_t parsed = parser.write(text.data(), text.size(), ec);
  if (!ec) return parser.release();
  const std::string name(label);
  if (const auto wrong = text.empty() ? std::nullopt : wrong_content(text))
    return fail(ErrorCode::kInvalidArgument, name + ": " + *wrong);
  const std::string_view read = text.substr(0, parsed);
  const std::string place = open_string_path(read, depth_max);
  return fail(ErrorCode::kInvalidArgument,
              name + ": not valid JSON at byte " + std::to_string(parsed) +
                  (place.empty() ? "" : ", in '" + place + "'") + ": " +
                  reason_text(ec, read, depth_max),
              place);
}

}  // namespace qaio
