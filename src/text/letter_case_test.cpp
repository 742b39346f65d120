#include "text/letter_case.h"

#include <gtest/gtest.h>

namespace qaio {
namespace {

std::u32string mapped(std::u32string_view text, LetterCase wanted) {
  std::u32string out;
  for (const char32_t c : text) out += with_case(c, wanted);
  return out;
}

// As Python 3.11 maps each character; tests/chat_template compares all of them.
TEST(LetterCase, EveryAlphabetAndWhatBecomesSeveral) {
  EXPECT_EQ(mapped(U"aÉ中Я1 😀", LetterCase::kLower), U"aé中я1 😀");
  EXPECT_EQ(mapped(U"aé中я1 😀", LetterCase::kUpper), U"AÉ中Я1 😀");
  EXPECT_EQ(mapped(U"ßﬁŉΐǰև", LetterCase::kUpper), U"SSFIʼN\u0399\u0308\u0301J\u030CԵՒ");
  EXPECT_EQ(mapped(U"İẞΣ", LetterCase::kLower), U"i̇ßσ");
  EXPECT_EQ(mapped(U"ßﬁŉǆǅ", LetterCase::kTitle), U"SsFiʼNǅǅ");
  EXPECT_EQ(with_case(U'\u1FB3', LetterCase::kUpper), U"\u0391\u0399");
  EXPECT_EQ(with_case(U'\u1FB3', LetterCase::kTitle), U"\u1FBC");
  EXPECT_EQ(with_case(U'\u1FB4', LetterCase::kTitle), U"\u0386\u0345");
}

TEST(LetterCase, SigmaAtTheEndOfAWord) {
  EXPECT_TRUE(is_final_sigma(U"ΟΔΟΣ", 3));
  EXPECT_TRUE(is_final_sigma(U"ΟΣ' !", 1));
  EXPECT_FALSE(is_final_sigma(U"ΟΣ'Α", 1));
  EXPECT_FALSE(is_final_sigma(U"Σ", 0));
  EXPECT_FALSE(is_final_sigma(U"中Σ", 1));
}

}  // namespace
}  // namespace qaio
