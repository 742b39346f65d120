#include "base/printable.h"

#include <utf8proc.h>

#include "base/utf8.h"

namespace qaio {
namespace {

constexpr std::string_view kHidden = "?";

// What stands for a space or a line break of plain text; nothing for any other character.
std::string_view space_as(char32_t code_point, PrintableAs as) {
  const bool breaks = code_point == '\n' || code_point == '\t' || code_point == '\r';
  if (code_point != ' ' && !breaks) return {};
  if (as == PrintableAs::kWord) return kHidden;
  if (code_point == '\n' && as == PrintableAs::kText) return "\n";
  return " ";
}

bool is_visible(char32_t code_point, PrintableAs as) {
  switch (utf8proc_category(static_cast<utf8proc_int32_t>(code_point))) {
    case UTF8PROC_CATEGORY_CC:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_CN:
    case UTF8PROC_CATEGORY_CO:
    case UTF8PROC_CATEGORY_CS:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
      return false;
    case UTF8PROC_CATEGORY_ZS:
      return as != PrintableAs::kWord;
    default:
      return true;
  }
}

}  // namespace

std::string printable(std::string_view text, PrintableAs as) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const Utf8Char next = next_utf8_char(text);
    const std::string_view bytes = text.substr(0, next.length);
    text.remove_prefix(next.length);
    if (next.kind != Utf8Char::Kind::kValid) {
      out += kHidden;
    } else if (const std::string_view space = space_as(next.code_point, as); !space.empty()) {
      out += space;
    } else {
      out += is_visible(next.code_point, as) ? bytes : kHidden;
    }
  }
  return out;
}

}  // namespace qaio
