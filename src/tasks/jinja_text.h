// Python's text operations, on text that knows where it comes from.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "text/marked_text.h"

namespace qaio::jinja {

enum class Side : uint8_t { kBoth, kLeft, kRight };

// str.strip(), lstrip() and rstrip(): of the characters of `chars`, or of Unicode's white space.
MarkedText strip(const MarkedText& text, Side side, std::optional<std::string_view> chars);
// str.split(): by `separator`, or by runs of white space; at most `splits_max` times.
std::vector<MarkedText> split(const MarkedText& text, std::optional<std::string_view> separator,
                              size_t splits_max);
// str.rsplit(): the same from the end.
std::vector<MarkedText> split_from_end(const MarkedText& text,
                                       std::optional<std::string_view> separator,
                                       size_t splits_max);
// str.splitlines(): with their line breaks if they are to be kept.
std::vector<MarkedText> split_lines(const MarkedText& text, bool keep_ends);
// The first `times_max` of them.
MarkedText replace(const MarkedText& text, std::string_view from, const MarkedText& to,
                   size_t times_max = SIZE_MAX);

// str.lower(), upper(), capitalize() and title().
enum class CaseStyle : uint8_t { kLower, kUpper, kCapitalize, kTitle };
MarkedText with_case(const MarkedText& text, CaseStyle style);
// Jinja's filter "title": words end at white space, hyphens and opening brackets alone.
MarkedText title_of_words(const MarkedText& text);
// The characters in reverse order.
MarkedText reversed(const MarkedText& text);
// Where the characters begin, and the end.
std::vector<size_t> character_offsets(std::string_view text);

}  // namespace qaio::jinja
