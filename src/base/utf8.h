// UTF-8 as The Unicode Standard defines it (table 3-7): no overlong forms, no surrogates, nothing
// above U+10FFFF.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace qaio {

// What stands at the front of some bytes.
struct Utf8Char {
  enum class Kind : uint8_t {
    kValid,       // `length` bytes encode `code_point`
    kIncomplete,  // all the bytes there are (`length`) begin a character; more could complete it
    kInvalid,     // the first `length` bytes are a maximal ill-formed subpart (1 to 3 bytes)
  };
  Kind kind;
  uint8_t length;       // bytes, at least 1
  char32_t code_point;  // only for kValid
};

// Looks at the front of `text`, which must not be empty.
Utf8Char next_utf8_char(std::string_view text);

// Length in bytes of the longest valid UTF-8 prefix. Skips ASCII eight bytes at a time.
size_t valid_utf8_prefix(std::string_view text);

// Characters in valid UTF-8.
size_t count_code_points(std::string_view text);

// Appends the UTF-8 form of a code point below 0x110000 that is not a surrogate.
void append_utf8(char32_t code_point, std::string* out);

// Valid UTF-8: every maximal ill-formed subpart becomes one U+FFFD (as Rust's from_utf8_lossy, the
// WHATWG decoder and Python's errors="replace" do).
std::string replace_invalid_utf8(std::string_view text);

inline constexpr std::string_view kReplacementCharacter = "\xEF\xBF\xBD";

}  // namespace qaio
