// Python's text operations, on text that knows where it comes from.
#pragma once

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
MarkedText replace(const MarkedText& text, std::string_view from, const MarkedText& to);
// Where the characters begin, and the end.
std::vector<size_t> character_offsets(std::string_view text);

}  // namespace qaio::jinja
