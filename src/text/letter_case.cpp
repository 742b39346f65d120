#include "text/letter_case.h"

#include <utf8proc.h>

#include <algorithm>
#include <string_view>

namespace qaio {
namespace {

constexpr char32_t kCapitalIWithDot = 0x130;
constexpr char32_t kCapitalSharpS = 0x1E9E;
constexpr char32_t kIota = 0x3B9;
constexpr char32_t kIotaSubscript = 0x345;

char32_t simple(char32_t c, LetterCase wanted) {
  const auto point = static_cast<utf8proc_int32_t>(c);
  return static_cast<char32_t>(wanted == LetterCase::kLower   ? utf8proc_tolower(point)
                               : wanted == LetterCase::kUpper ? utf8proc_toupper(point)
                                                              : utf8proc_totitle(point));
}

utf8proc_category_t category(char32_t c) {
  return utf8proc_category(static_cast<utf8proc_int32_t>(c));
}

// utf8proc keeps the full mappings of case folding alone; they begin where the other two do.
std::u32string folded(char32_t c) {
  utf8proc_int32_t buffer[8];
  const utf8proc_ssize_t count = utf8proc_decompose_char(
      static_cast<utf8proc_int32_t>(c), buffer, std::size(buffer), UTF8PROC_CASEFOLD, nullptr);
  std::u32string out;
  for (utf8proc_ssize_t i = 0; i < count && i < 8; ++i)
    out.push_back(static_cast<char32_t>(buffer[i]));
  return out;
}

// Case_Ignorable: marks, modifiers, format characters and punctuation within words.
bool is_case_ignorable(char32_t c) {
  switch (category(c)) {
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_ME:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_SK:
      return true;
    default:
      constexpr std::u32string_view kWithinWords =
          U"'.:\u00B7\u0387\u055F\u05F4\u2018\u2019\u2024\u2027\uFE13\uFE52\uFE55\uFF07\uFF0E"
          U"\uFF1A";
      return kWithinWords.find(c) != std::u32string_view::npos;
  }
}

}  // namespace

std::u32string with_case(char32_t c, LetterCase wanted) {
  if (wanted == LetterCase::kLower)
    return c == kCapitalIWithDot ? U"i\u0307" : std::u32string(1, simple(c, wanted));
  const bool is_there = wanted == LetterCase::kTitle && category(c) == UTF8PROC_CATEGORY_LT;
  if (is_there || category(c) == UTF8PROC_CATEGORY_LU) return std::u32string(1, simple(c, wanted));
  std::u32string all = folded(c);
  if (all.size() < 2) return std::u32string(1, simple(c, wanted));
  if (wanted == LetterCase::kUpper) {
    for (char32_t& one : all) one = simple(one, LetterCase::kUpper);
    return all;
  }
  if (const char32_t title = simple(c, wanted); title != c && title != kCapitalSharpS)
    return std::u32string(1, title);
  const auto first = std::ranges::find_if(all, is_cased);
  if (first != all.end()) *first = simple(*first, LetterCase::kTitle);
  if (all.back() == kIota) all.back() = kIotaSubscript;
  return all;
}

bool is_cased(char32_t c) {
  switch (category(c)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
      return true;
    default:
      return simple(c, LetterCase::kLower) != c || simple(c, LetterCase::kUpper) != c;
  }
}

bool is_final_sigma(const std::u32string& text, size_t at) {
  size_t before = at;
  while (before > 0 && is_case_ignorable(text[before - 1])) --before;
  size_t after = at + 1;
  while (after < text.size() && is_case_ignorable(text[after])) ++after;
  return before > 0 && is_cased(text[before - 1]) &&
         (after == text.size() || !is_cased(text[after]));
}

}  // namespace qaio
