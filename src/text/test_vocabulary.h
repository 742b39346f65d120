// A hand-made vocabulary for tests: 256 bytes, a few merges, three special tokens and one that is
// not special.
#pragma once

#include <string>

#include "text/byte_alphabet.h"
#include "text/tokenizer.h"

namespace qaio {

inline std::string spelled(std::string_view text) {
  std::string out;
  for (const char c : text) append_spelling(static_cast<uint8_t>(c), &out);
  return out;
}

// Ids 0 to 255 are the bytes; the others are noted where they are made.
inline Vocabulary test_vocabulary() {
  Vocabulary v;
  for (int b = 0; b < 256; ++b) v.tokens.push_back(spelled(std::string(1, static_cast<char>(b))));
  const auto merge = [&v](std::string_view left, std::string_view right) {
    v.merges.push_back(spelled(left) + " " + spelled(right));
    v.tokens.push_back(spelled(left) + spelled(right));
  };
  merge("h", "e");            // 256
  merge("l", "l");            // 257
  merge("he", "ll");          // 258
  merge("hell", "o");         // 259
  merge(" ", "hello");        // 260
  merge("\xE4", "\xB8");      // 261
  merge("\xE4\xB8", "\xAD");  // 262: 中
  v.added = {{263, "<|endoftext|>", true, false},
             {264, "<|im_start|>", true, false},
             {265, "<|im_end|>", true, false},
             {266, "<think>", false, false}};
  return v;
}

inline constexpr TokenId kHello = 259, kSpaceHello = 260, kZhong = 262, kImStart = 264,
                         kImEnd = 265, kThink = 266;

}  // namespace qaio
