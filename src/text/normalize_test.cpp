#include "text/normalize.h"

#include <gtest/gtest.h>
#include <utf8proc.h>

#include <cstdlib>
#include <ctime>
#include <memory>
#include <random>

#include "base/utf8.h"

namespace qaio {
namespace {

std::string nfc(std::string_view text) {
  std::string storage;
  return std::string(to_nfc(text, &storage));
}

// The library's own, slower way.
std::string reference_nfc(const std::string& text) {
  utf8proc_uint8_t* result = nullptr;
  const auto length =
      utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                   static_cast<utf8proc_ssize_t>(text.size()), &result,
                   static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE));
  const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> owner(result, &std::free);
  return length < 0 ? "error"
                    : std::string(reinterpret_cast<char*>(result), static_cast<size_t>(length));
}

TEST(ToNfc, ComposesAndReorders) {
  EXPECT_EQ(nfc("e\u0301"), "\u00e9");
  EXPECT_EQ(nfc("xe\u0301y"), "x\u00e9y");
  EXPECT_EQ(nfc("q\u0307\u0323"), "q\u0323\u0307");  // order by combining class
  EXPECT_EQ(nfc("\u212b \u2126"), "\u00c5 \u03a9");  // singletons
  EXPECT_EQ(nfc("\u1112\u1161\u11ab"), "\ud55c");    // Hangul jamo
  EXPECT_EQ(nfc("\ud558\u11ab"), "\ud55c");          // syllable and final consonant
  EXPECT_EQ(nfc("\u0958"), "\u0915\u093c");          // composition exclusion
  EXPECT_EQ(nfc("\uf900"), "\u8c48");                // CJK compatibility ideograph
  EXPECT_EQ(nfc("\u304b\u3099"), "\u304c");          // kana voicing mark
  EXPECT_EQ(nfc("\u0301"), "\u0301");                // a mark with nothing before it
  EXPECT_EQ(nfc("a\u0301\u0301"), "\u00e1\u0301");
}

TEST(ToNfc, GivesNormalTextBackUntouched) {
  for (const std::string_view text : {"", "plain", "café naïve", "中文，你好！", "한국어",
                                      "😀👨‍👩‍👧", "Tiếng Việt", "日本語がで"}) {
    std::string storage = "untouched";
    const std::string_view result = to_nfc(text, &storage);
    EXPECT_EQ(result.data(), text.data()) << text;
    EXPECT_EQ(storage, "untouched");
  }
}

TEST(ToNfc, AgreesWithUtf8procOnEveryCodePoint) {
  for (char32_t c = 0; c < 0x110000; ++c) {
    if (c >= 0xD800 && c <= 0xDFFF) continue;
    std::string text = "a";
    append_utf8(c, &text);
    append_utf8(0x301, &text);
    append_utf8(0x323, &text);
    append_utf8(c, &text);
    ASSERT_EQ(nfc(text), reference_nfc(text)) << static_cast<uint32_t>(c);
  }
}

TEST(ToNfc, AgreesWithUtf8procOnRandomText) {
  std::mt19937 random(1);
  // Where composition happens: Latin, marks, Indic, jamo, kana, syllables, compatibility, musical.
  const std::pair<char32_t, char32_t> ranges[] = {
      {0x20, 0x24F},    {0x300, 0x36F},   {0x915, 0x9D7},     {0x1100, 0x11C2}, {0x3041, 0x309A},
      {0xAC00, 0xAC40}, {0xF900, 0xF920}, {0x1D157, 0x1D1C0}, {0x1E00, 0x1FFC}, {0x1DC0, 0x1DFF}};
  for (int round = 0; round < 20000; ++round) {
    std::string text;
    for (size_t length = random() % 12; length > 0; --length) {
      const auto [low, high] = ranges[random() % std::size(ranges)];
      append_utf8(low + random() % (high - low + 1), &text);
    }
    const std::string result = nfc(text);
    ASSERT_EQ(result, reference_nfc(text));
    ASSERT_EQ(nfc(result), result);
  }
}

TEST(ToNfc, IsNotQuadraticInCombiningMarks) {
  std::string text = "a";
  for (int i = 0; i < 200'000; ++i) text += i % 2 == 0 ? "\u0301" : "\u0323";
  const std::clock_t start = std::clock();  // CPU time: the machine may be busy
  const std::string result = nfc(text);
  const std::clock_t ticks = std::clock() - start;
  EXPECT_TRUE(result.starts_with("\u1ea1\u0323"));
  EXPECT_LT(ticks, 5 * CLOCKS_PER_SEC);  // a quadratic sort takes minutes
}

}  // namespace
}  // namespace qaio
