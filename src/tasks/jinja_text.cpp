#include "tasks/jinja_text.h"

#include <algorithm>

#include "base/utf8.h"

namespace qaio::jinja {
namespace {

// str.isspace().
bool is_space(char32_t c) {
  return (c >= 0x09 && c <= 0x0D) || (c >= 0x1C && c <= 0x20) || c == 0x85 || c == 0xA0 ||
         c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F ||
         c == 0x205F || c == 0x3000;
}

bool is_stripped(std::string_view character, std::optional<std::string_view> chars) {
  if (chars) return chars->find(character) != std::string_view::npos;
  const Utf8Char c = next_utf8_char(character);
  return c.kind == Utf8Char::Kind::kValid && is_space(c.code_point);
}

size_t last_character(std::string_view text) {
  size_t at = text.size() - 1;
  while (at > 0 && (static_cast<uint8_t>(text[at]) & 0xC0) == 0x80) --at;
  return at;
}

}  // namespace

MarkedText strip(const MarkedText& text, Side side, std::optional<std::string_view> chars) {
  std::string_view rest = text.text;
  while (side != Side::kRight && !rest.empty()) {
    const std::string_view first = rest.substr(0, next_utf8_char(rest).length);
    if (!is_stripped(first, chars)) break;
    rest.remove_prefix(first.size());
  }
  const size_t begin = text.text.size() - rest.size();
  while (side != Side::kLeft && !rest.empty()) {
    const size_t last = last_character(rest);
    if (!is_stripped(rest.substr(last), chars)) break;
    rest = rest.substr(0, last);
  }
  return text.slice(begin, rest.size());
}

std::vector<MarkedText> split(const MarkedText& text, std::optional<std::string_view> separator,
                              size_t splits_max) {
  std::vector<MarkedText> parts;
  if (separator) {
    size_t begin = 0;
    while (parts.size() < splits_max) {
      const size_t end = text.text.find(*separator, begin);
      if (end == std::string::npos) break;
      parts.push_back(text.slice(begin, end - begin));
      begin = end + separator->size();
    }
    parts.push_back(text.slice(begin));
    return parts;
  }
  MarkedText rest = strip(text, Side::kLeft, {});
  while (!rest.text.empty()) {
    size_t end = 0;
    while (end < rest.text.size()) {
      const std::string_view from = std::string_view(rest.text).substr(end);
      const size_t length = next_utf8_char(from).length;
      if (is_stripped(from.substr(0, length), {})) break;
      end += length;
    }
    if (parts.size() == splits_max) end = rest.text.size();
    parts.push_back(rest.slice(0, end));
    rest = strip(rest.slice(end), Side::kLeft, {});
  }
  return parts;
}

MarkedText replace(const MarkedText& text, std::string_view from, const MarkedText& to) {
  if (from.empty()) return text;
  MarkedText out;
  size_t begin = 0;
  for (size_t at = text.text.find(from); at != std::string::npos;
       at = text.text.find(from, begin)) {
    out.append(text.slice(begin, at - begin));
    out.append(to);
    begin = at + from.size();
  }
  out.append(text.slice(begin));
  return out;
}

std::vector<size_t> character_offsets(std::string_view text) {
  std::vector<size_t> offsets = {0};
  while (offsets.back() < text.size())
    offsets.push_back(offsets.back() + next_utf8_char(text.substr(offsets.back())).length);
  return offsets;
}

}  // namespace qaio::jinja
