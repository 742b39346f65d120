// GPT-2's spelling of bytes as printable characters: tokenizer files hold "Ġthe" for " the".
// The bytes 0x21-0x7E, 0xA1-0xAC and 0xAE-0xFF are spelled as the code point of the same number,
// the 68 others, in order, as U+0100 to U+0143.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace qaio {

// Appends the UTF-8 spelling of one byte, 1 or 2 bytes long.
void append_spelling(uint8_t byte, std::string* out);

// Appends the bytes that `spelling` stands for and returns true; appends nothing and returns false
// if it holds anything that is not in the alphabet.
bool append_spelled_bytes(std::string_view spelling, std::string* out);

}  // namespace qaio
