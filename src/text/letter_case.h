// Upper and lower case as Python's str has them: Unicode's full mappings of one character, which
// may become up to three.
#pragma once

#include <cstdint>
#include <string>

namespace qaio {

enum class LetterCase : uint8_t { kLower, kUpper, kTitle };

// "ß" in upper case is "SS", in title case "Ss". Without what depends on other characters: see
// is_final_sigma().
std::u32string with_case(char32_t c, LetterCase wanted);
// Letters of upper, lower or title case.
bool is_cased(char32_t c);
// Whether the capital sigma at `at` ends a word, where its lower case is another letter.
bool is_final_sigma(const std::u32string& text, size_t at);

}  // namespace qaio
