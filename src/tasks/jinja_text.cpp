#include "tasks/jinja_text.h"

#include <algorithm>

#include "base/utf8.h"
#include "text/letter_case.h"

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

// str.splitlines() parts texts there.
bool is_line_break(char32_t c) {
  return (c >= 0x0A && c <= 0x0D) || (c >= 0x1C && c <= 0x1E) || c == 0x85 || c == 0x2028 ||
         c == 0x2029;
}

constexpr char32_t kReplacement = 0xFFFD;
constexpr char32_t kSigma = 0x3A3;
constexpr char32_t kFinalSigma = 0x3C2;

bool parts_words(std::string_view text, size_t at) {
  const Utf8Char c = next_utf8_char(text.substr(at));
  constexpr std::string_view kOpening = "-({[<";
  return c.kind == Utf8Char::Kind::kValid &&
         (is_space(c.code_point) || kOpening.find(text[at]) != kOpening.npos);
}

LetterCase case_of(CaseStyle style, bool first, bool in_word) {
  switch (style) {
    case CaseStyle::kLower:
      return LetterCase::kLower;
    case CaseStyle::kUpper:
      return LetterCase::kUpper;
    case CaseStyle::kCapitalize:
      return first ? LetterCase::kTitle : LetterCase::kLower;
    case CaseStyle::kTitle:
      return in_word ? LetterCase::kLower : LetterCase::kTitle;
  }
  return LetterCase::kLower;
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

std::vector<MarkedText> split_from_end(const MarkedText& text,
                                       std::optional<std::string_view> separator,
                                       size_t splits_max) {
  std::vector<MarkedText> parts;
  MarkedText rest = separator ? text : strip(text, Side::kRight, {});
  while (parts.size() < splits_max && !rest.text.empty()) {
    size_t begin = 0;  // of the last part
    size_t end = 0;    // of what stands before its separator
    if (separator) {
      end = rest.text.rfind(*separator);
      if (end == std::string::npos) break;
      begin = end + separator->size();
    } else {
      begin = rest.text.size();
      while (begin > 0) {
        const size_t last = last_character(std::string_view(rest.text).substr(0, begin));
        if (is_stripped(std::string_view(rest.text).substr(last, begin - last), {})) break;
        begin = last;
      }
      end = begin;
    }
    parts.push_back(rest.slice(begin));
    rest = separator ? rest.slice(0, end) : strip(rest.slice(0, end), Side::kRight, {});
  }
  if (separator || !rest.text.empty()) parts.push_back(std::move(rest));
  std::ranges::reverse(parts);
  return parts;
}

std::vector<MarkedText> split_lines(const MarkedText& text, bool keep_ends) {
  std::vector<MarkedText> lines;
  size_t begin = 0;
  for (size_t at = 0; at < text.text.size();) {
    const Utf8Char c = next_utf8_char(std::string_view(text.text).substr(at));
    size_t end = at + c.length;
    if (c.kind == Utf8Char::Kind::kValid && is_line_break(c.code_point)) {
      if (text.text.compare(at, 2, "\r\n") == 0) ++end;
      lines.push_back(text.slice(begin, (keep_ends ? end : at) - begin));
      begin = end;
    }
    at = end;
  }
  if (begin < text.text.size()) lines.push_back(text.slice(begin));
  return lines;
}

MarkedText with_case(const MarkedText& text, CaseStyle style) {
  std::u32string characters;
  std::vector<size_t> lengths;  // of each in bytes
  for (size_t at = 0; at < text.text.size(); at += lengths.back()) {
    const Utf8Char c = next_utf8_char(std::string_view(text.text).substr(at));
    characters += c.kind == Utf8Char::Kind::kValid ? c.code_point : kReplacement;
    lengths.push_back(c.length);
  }
  MarkedText out;
  bool in_word = false;
  for (size_t i = 0, at = 0; i < characters.size(); at += lengths[i++]) {
    const char32_t c = characters[i];
    const LetterCase wanted = case_of(style, i == 0, in_word);
    in_word = is_cased(c);
    std::string mapped;
    if (c == kSigma && wanted == LetterCase::kLower && is_final_sigma(characters, i)) {
      append_utf8(kFinalSigma, &mapped);
    } else {
      for (const char32_t one : with_case(c, wanted)) append_utf8(one, &mapped);
    }
    out.text += mapped;
    out.origins.append(mapped.size(), text.origins[at]);
  }
  return out;
}

MarkedText title_of_words(const MarkedText& text) {
  const std::vector<size_t> offsets = character_offsets(text.text);
  MarkedText out;
  for (size_t i = 0; i + 1 < offsets.size();) {
    size_t end = i;  // of the word
    while (end + 1 < offsets.size() && !parts_words(text.text, offsets[end])) ++end;
    if (end == i) ++end;
    const size_t second = offsets[i + 1];
    out.append(with_case(text.slice(offsets[i], second - offsets[i]), CaseStyle::kUpper));
    out.append(with_case(text.slice(second, offsets[end] - second), CaseStyle::kLower));
    i = end;
  }
  return out;
}

MarkedText reversed(const MarkedText& text) {
  const std::vector<size_t> offsets = character_offsets(text.text);
  MarkedText out;
  for (size_t i = offsets.size() - 1; i > 0; --i)
    out.append(text.slice(offsets[i - 1], offsets[i] - offsets[i - 1]));
  return out;
}

MarkedText replace(const MarkedText& text, std::string_view from, const MarkedText& to,
                   size_t times_max) {
  if (from.empty()) return text;
  MarkedText out;
  size_t begin = 0;
  for (size_t at = text.text.find(from); at != std::string::npos && times_max > 0;
       --times_max, at = text.text.find(from, begin)) {
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
