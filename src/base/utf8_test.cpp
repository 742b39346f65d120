#include "base/utf8.h"

#include <gtest/gtest.h>

namespace qaio {
namespace {

using Kind = Utf8Char::Kind;

TEST(NextUtf8Char, AcceptsExactlyTheScalarValues) {
  for (char32_t c = 0; c < 0x110000; ++c) {
    if (c >= 0xD800 && c <= 0xDFFF) continue;
    std::string text;
    append_utf8(c, &text);
    const Utf8Char got = next_utf8_char(text);
    ASSERT_EQ(got.kind, Kind::kValid) << static_cast<uint32_t>(c);
    ASSERT_EQ(got.code_point, c);
    ASSERT_EQ(got.length, text.size());
    for (size_t cut = 1; cut < text.size(); ++cut) {
      const Utf8Char partial = next_utf8_char(std::string_view(text).substr(0, cut));
      ASSERT_EQ(partial.kind, Kind::kIncomplete);
      ASSERT_EQ(partial.length, cut);
    }
  }
}

TEST(NextUtf8Char, RefusesIllFormedSequences) {
  struct Case {
    std::string_view bytes;
    int subpart;
  };
  for (const Case& c :
       {Case{"\x80", 1}, Case{"\xC0\x80", 1}, Case{"\xC1\xBF", 1}, Case{"\xE0\x9F\xBF", 1},
        Case{"\xED\xA0\x80", 1}, Case{"\xF0\x8F\xBF\xBF", 1}, Case{"\xF4\x90\x80\x80", 1},
        Case{"\xF5", 1}, Case{"\xFF", 1},
        Case{"\xE4\xBD"
             "A",
             2},
        Case{"\xF0\x9F\x98"
             "A",
             3},
        Case{"\xC3(", 1}}) {
    const Utf8Char got = next_utf8_char(c.bytes);
    EXPECT_EQ(got.kind, Kind::kInvalid);
    EXPECT_EQ(got.length, c.subpart);
  }
}

TEST(ValidUtf8Prefix, StopsAtTheFirstBadByteWhereverItStands) {
  const std::string text = "plain ASCII, 中文 and 😀 then more plain ASCII";
  EXPECT_EQ(valid_utf8_prefix(text), text.size());
  for (size_t pos = 0; pos <= text.size(); ++pos) {
    if (pos < text.size() && (static_cast<uint8_t>(text[pos]) & 0xC0) == 0x80) continue;
    std::string broken = text;
    broken.insert(pos, "\xFF");
    EXPECT_EQ(valid_utf8_prefix(broken), pos);
  }
}

// The examples of The Unicode Standard, tables 3-8 to 3-11.
TEST(ReplaceInvalidUtf8, ReplacesMaximalSubparts) {
  const std::string r(kReplacementCharacter);
  EXPECT_EQ(replace_invalid_utf8("\xC0\xAF\xE0\x80\xBF\xF0\x81\x82"
                                 "A"),
            r + r + r + r + r + r + r + r + "A");
  EXPECT_EQ(replace_invalid_utf8("\xED\xA0\x80\xED\xBF\xBF\xED\xAF"
                                 "A"),
            r + r + r + r + r + r + r + r + "A");
  EXPECT_EQ(replace_invalid_utf8("\xF4\x91\x92\x93\xFF"
                                 "A\x80\xBF"
                                 "B"),
            r + r + r + r + r + "A" + r + r + "B");
  EXPECT_EQ(replace_invalid_utf8("\xE1\x80\xE2\xF0\x91\x92\xF1\xBF"
                                 "A"),
            r + r + r + r + "A");
  EXPECT_EQ(replace_invalid_utf8("中文"), "中文");
  EXPECT_EQ(replace_invalid_utf8("\xE4\xB8"), r);
  EXPECT_EQ(replace_invalid_utf8(""), "");
}

TEST(Utf8, CountsCharactersNotBytes) {
  EXPECT_EQ(count_code_points(""), 0u);
  EXPECT_EQ(count_code_points("a\xC3\xA9\xE4\xBD\xA0\xF0\x9F\x98\x80"), 4u);
}

}  // namespace
}  // namespace qaio
